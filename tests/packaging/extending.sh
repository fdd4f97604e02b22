#!/usr/bin/env bash
# Every program of docs/extending*.md runs and ends with 0.
set -euo pipefail
source "$1"

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
for page in "$source_dir"/docs/extending*.md; do
  awk -v base="$folder/$(basename "$page" .md)" '
    /^ *```cpp *$/ { n += 1; file = base "_" n ".cpp"; print "#line " NR + 1 " \"" FILENAME "\"" > file; next }
    /^ *```/ { file = "" }
    file != "" { print > file }' "$page"
done

check() {
  if ! $cxx $flags $warnings -O1 "$1" -o "${1%.cpp}" 2>&1; then
    echo "FAILED: $(basename "$1") does not compile"
    return 1
  fi
  if ! "${1%.cpp}"; then
    echo "FAILED: $(basename "$1") does not do what it shows"
    return 1
  fi
  echo "$(basename "$1") runs"
}
export -f check
export cxx flags warnings

printf '%s\n' "$folder"/*.cpp | xargs -P "$jobs" -I{} bash -c 'check "$0"' {}
