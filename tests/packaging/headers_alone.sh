#!/usr/bin/env bash
# Every header compiles alone, with all warnings as errors, under every compiler there is.
set -euo pipefail
source "$1"

check() {
  local compiler=$1 header=$2
  if ! echo "#include <$header>" | $compiler $flags $warnings -fsyntax-only -x c++ - 2>&1; then
    echo "FAILED: <$header> alone under $compiler"
    return 1
  fi
}
export -f check
export flags warnings

for compiler in "${compilers[@]}"; do
  (cd "$source_dir/include" && find latentcell -name '*.hpp' | sort) | grep -v "$left_out" |
    xargs -P "$jobs" -I{} bash -c 'check "$0" "$1"' "$compiler" {} || failed=1
done
exit "${failed:-0}"
