#!/usr/bin/env bash
# Every benchmark is valid code: the tests' own build leaves them out, as they take minutes to optimise.
set -euo pipefail
source "$1"

[ -f /usr/include/benchmark/benchmark.h ] || { echo "Google Benchmark is not there."; exit 77; }
[ -n "$io_component" ] || { echo "HDF5 or zlib is not there."; exit 77; }

check() {
  if ! $compiler $flags $warnings -DLATENTCELL_INSTANCES -fsyntax-only "$1" 2>&1; then
    echo "FAILED: $1"
    return 1
  fi
}
export compiler=${compilers[-1]} flags warnings
export -f check
find "$source_dir/benchmarks" -name '*.cpp' | sort |
  xargs -P "$jobs" -I{} bash -c 'check "$0"' {} || failed=1
exit "${failed:-0}"
