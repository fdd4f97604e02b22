#!/usr/bin/env bash
# The installed package is found, linked and run by a project that knows nothing else.
set -euo pipefail
source "$1"

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cmake --install "$build_dir" --prefix "$folder/prefix" > "$folder/install.log" || { cat "$folder/install.log"; exit 1; }

common=(-DCMAKE_CXX_COMPILER="$cxx" -DCMAKE_PREFIX_PATH="$folder/prefix" -DCMAKE_CXX_FLAGS="$sanitize")
for parts in "" "instances" $io_component; do
  cmake -S "$source_dir/tests/packaging/consumer" -B "$folder/build_$parts" "${common[@]}" -DPARTS="$parts" > "$folder/log" 2>&1 ||
    { cat "$folder/log"; exit 1; }
  cmake --build "$folder/build_$parts"
  "$folder/build_$parts/consumer"
done

# A wrong version and an unknown component are refused, in words.
refused() {
  if cmake -S "$source_dir/tests/packaging/consumer" -B "$folder/build_refused" "${common[@]}" "$@" > "$folder/log" 2>&1; then
    echo "FAILED: accepted $*"
    exit 1
  fi
}
refused -DPARTS=cellar
tr -s '\n ' '  ' < "$folder/log" | grep -q "latentcell has no component cellar" || { cat "$folder/log"; exit 1; }
refused -DVERSION=99
