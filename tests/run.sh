#!/usr/bin/env bash
# Builds and runs every test: installs the Debian packages that are missing, configures, builds, runs ctest.
#   bash tests/run.sh                        everything
#   bash tests/run.sh -R kernel              what ctest chooses by these arguments; builds what that needs alone
# Environment: CXX (g++), LATENTCELL_BUILD (the folder, build/), LATENTCELL_SANITIZE (none; or address,undefined or
# thread), LATENTCELL_DATA (a folder of real data sets, for the tests labelled realdata; without it they are skipped).
set -euo pipefail

root=$(cd "$(dirname "$0")/.." && pwd)
# Threads that wait must not spin: the machine may be busy.
export OMP_WAIT_POLICY=${OMP_WAIT_POLICY:-passive}
source "$root/tests/packages.sh"
need_compiler
need_libraries
need_server
need_packages catch2 libbenchmark-dev gnuplot-nox doxygen libopenmpi-dev openmpi-bin

build=${LATENTCELL_BUILD:-$root/build}
jobs=$(nproc)
configure "$root" "$build" -DLATENTCELL_BENCHMARKS=OFF -DLATENTCELL_SANITIZE="${LATENTCELL_SANITIZE:-}"

# Where only rooms are chosen, their programs are all there is to build.
targets=(all)
if [ $# -gt 0 ]; then
  chosen=$(cd "$build" && ctest -N "$@" | sed -n 's/^ *Test *#[0-9]*: //p')
  targets=()
  for test in $chosen; do
    if [ -d "$root/tests/$test" ]; then targets+=("latentcell_test_$test"); else targets=(all) && break; fi
  done
  [ ${#targets[@]} -gt 0 ] || { echo "tests/run.sh: no test is chosen by: $*" >&2; exit 2; }
fi

started=$SECONDS
cmake --build "$build" --parallel "$jobs" --target "${targets[@]}"
echo "Built in $((SECONDS - started)) seconds."

log=$(mktemp)
trap 'rm -f "$log"' EXIT
status=0
(cd "$build" && ctest --output-on-failure --parallel "$jobs" "$@") | tee "$log" || status=$?

# One line that says it all, and comes last.
passed=$(grep -cE '^ *[0-9]+/[0-9]+ Test +#.* Passed ' "$log" || true)
skipped=$(grep -cE '^ *[0-9]+/[0-9]+ Test +#.*\*\*\*Skipped' "$log" || true)
failed=$(grep -E '^ *[0-9]+/[0-9]+ Test +#' "$log" | grep -cvE ' Passed |\*\*\*Skipped' || true)
[ "$passed" -gt 0 ] || status=1
echo "$passed passed, $failed failed, $skipped skipped"
exit "$status"
