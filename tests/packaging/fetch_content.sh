#!/usr/bin/env bash
# A project takes the library with FetchContent from a folder; nothing of our tests, examples, flags or warnings comes
# with it. It installs what it fetched, and the installed instances are used by a project that knows nothing else.
set -euo pipefail
source "$1"

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

# consumer build_folder arguments: configures, builds and runs the consumer
consumer() {
  local build=$folder/$1
  cmake -S "$source_dir/tests/packaging/consumer" -B "$build" -DCMAKE_CXX_FLAGS="$sanitize" "${@:2}" > "$folder/log" 2>&1 ||
    { cat "$folder/log"; exit 1; }
  cmake --build "$build" -- -j "$jobs"
  "$build/consumer"
  if grep -E -- '-march|-O[1-3]' "$build/compile_commands.json"; then
    echo "FAILED: flags of ours come with the library"
    exit 1
  fi
}

for compiler in "${compilers[@]}"; do
  consumer "headers_$(basename "$compiler")" -DCMAKE_CXX_COMPILER="$compiler" -DFETCH="$source_dir" -DPARTS="$io_component"
done
consumer instances -DCMAKE_CXX_COMPILER="$cxx" -DFETCH="$source_dir" -DPARTS=instances \
  -DLATENTCELL_INSTALL=ON -DLATENTCELL_INSTALL_INSTANCES=ON
if [ -n "$(find "$folder" -name 'latentcell_test*')" ]; then
  echo "FAILED: our tests come with the library"
  exit 1
fi

cmake --install "$folder/instances" --prefix "$folder/prefix" > "$folder/log" || { cat "$folder/log"; exit 1; }
consumer installed -DCMAKE_CXX_COMPILER="$cxx" -DCMAKE_PREFIX_PATH="$folder/prefix" -DPARTS=instances
archive=$(find "$folder/prefix" -name 'liblatentcell_instances.a')
if readelf -sW "$archive" | grep -v 'UND\|HIDDEN\|LOCAL' | grep '_Z.*latentcell'; then
  echo "FAILED: these symbols of the instances are not hidden"
  exit 1
fi
