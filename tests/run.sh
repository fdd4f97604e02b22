#!/usr/bin/env bash
# Builds and runs every test: installs the Debian packages that are missing, configures, builds, runs ctest.
#   bash tests/run.sh [arguments of ctest, such as -R kernel]
# Environment: CXX (g++), LATENTCELL_BUILD (the folder, build/), LATENTCELL_SANITIZE (none; or address,undefined or
# thread), LATENTCELL_DATA (a folder of real data sets, for the tests labelled realdata; without it they are skipped).
set -euo pipefail

root=$(cd "$(dirname "$0")/.." && pwd)
# Threads that wait must not spin: the machine may be busy.
export OMP_WAIT_POLICY=${OMP_WAIT_POLICY:-passive}
source "$root/tests/packages.sh"
need_compiler
need_libraries
need_packages catch2 libbenchmark-dev gnuplot-nox

build=${LATENTCELL_BUILD:-$root/build}
jobs=$(nproc)
configure "$root" "$build" -DLATENTCELL_SANITIZE="${LATENTCELL_SANITIZE:-}"
started=$SECONDS
cmake --build "$build" --parallel "$jobs"
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
