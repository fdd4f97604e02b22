#!/usr/bin/env bash
# Every ```cpp block of README.md and docs/*.md is a whole program that compiles. Fragments are ```c++ blocks.
set -euo pipefail
source "$1"

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
for page in "$source_dir"/README.md "$source_dir"/docs/*.md; do
  [ -f "$page" ] || continue
  awk -v base="$folder/$(basename "$page" .md)" '
    /^ *```cpp *$/ { n += 1; file = base "_" n ".cpp"; print "#line " NR + 1 " \"" FILENAME "\"" > file; next }
    /^ *```/ { file = "" }
    file != "" { print > file }' "$page"
done

check() {
  if ! grep -q 'int main' "$1"; then
    echo "FAILED: $(basename "$1") has no main: a cpp block is a whole program, a fragment is a c++ block"
    return 1
  fi
  if ! $cxx $flags $warnings -DLATENTCELL_INSTANCES -fsyntax-only "$1" 2>&1; then
    echo "FAILED: $(basename "$1")"
    return 1
  fi
  echo "$(basename "$1") compiles"
}
export -f check
export cxx flags warnings

shopt -s nullglob
blocks=("$folder"/*.cpp)
if [ ${#blocks[@]} -eq 0 ]; then
  echo "skipped: no block of code in README.md or docs"
  exit 77
fi
printf '%s\n' "${blocks[@]}" | xargs -P "$jobs" -I{} bash -c 'check "$0"' {}
