#!/usr/bin/env bash
# A project takes the library with FetchContent from a folder; nothing of our tests, examples or flags comes with it.
set -euo pipefail
source "$1"

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
for parts in "instances" $io_component; do
  cmake -S "$source_dir/tests/packaging/consumer" -B "$folder/build_$parts" -DCMAKE_CXX_COMPILER="$cxx" \
    -DCMAKE_CXX_FLAGS="$sanitize" -DPARTS="$parts" -DFETCH="$source_dir" > "$folder/log" 2>&1 || { cat "$folder/log"; exit 1; }
  cmake --build "$folder/build_$parts" -- -j "$jobs"
  "$folder/build_$parts/consumer"
  if [ -n "$(find "$folder/build_$parts" -name 'latentcell_test*')" ]; then
    echo "FAILED: our tests come with the library"
    exit 1
  fi
done
