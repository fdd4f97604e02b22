#!/usr/bin/env bash
# Builds the harnesses with clang++ and sanitizers, makes seeds, replays findings and runs each harness.
#   bash tests/fuzz/run.sh [SECONDS [HARNESS...]]        20 s each where nothing is said
# Prints the number of executions of each; ends with status 1 at a finding, which it keeps in the build's fuzz folder.
# Inputs that were findings lie in tests/fuzz/findings/HARNESS/ and are replayed first.
set -euo pipefail
seconds=${1:-20}
shift || true
root=$(cd "$(dirname "$0")/../.." && pwd)
build=${LATENTCELL_BUILD:-$root/build-fuzz}
CXX=clang++ cmake -S "$root" -B "$build" -G Ninja -DLATENTCELL_FUZZ=ON -DLATENTCELL_TESTS=OFF -DLATENTCELL_EXAMPLES=OFF \
  -DLATENTCELL_BENCHMARKS=OFF -DLATENTCELL_INSTALL=OFF -DLATENTCELL_NATIVE=OFF > "$build.log"
harnesses=("$@")
if [ ${#harnesses[@]} -eq 0 ]; then
  for file in "$root"/tests/fuzz/*.cpp; do harnesses+=("$(basename "$file" .cpp)"); done
fi
bash "$root/tests/fuzz/seeds.sh" "$build/seeds"
# HDF5 itself leaks on damaged files in the child that opens them first; the child ends.
export ASAN_OPTIONS=allocator_may_return_null=1:detect_odr_violation=0
status=0
for harness in "${harnesses[@]}"; do
  cmake --build "$build" --target "latentcell_fuzz_$harness" > "$build.log"
  mkdir -p "$build/corpus/$harness" "$build/findings/$harness"
  program=$build/tests/fuzz/latentcell_fuzz_$harness
  known=$root/tests/fuzz/findings/$harness
  if [ -d "$known" ] && ! "$program" -rss_limit_mb=2048 -timeout=5 "$known"/* > "$build/log" 2>&1; then
    echo "FAILED  $harness: a finding of before"; tail -20 "$build/log"; status=1
  fi
  if "$program" -max_total_time="$seconds" -rss_limit_mb=2048 -malloc_limit_mb=2048 -timeout=5 -max_len=65536 \
      -artifact_prefix="$build/findings/$harness/" "$build/corpus/$harness" "$build/seeds/$harness" > "$build/log" 2>&1; then
    echo "right   $harness: $(grep -o 'Done [0-9]* runs' "$build/log")"
  else
    echo "FAILED  $harness: see $build/findings/$harness"; grep -a -m 3 'ERROR\|SUMMARY' "$build/log" || tail -5 "$build/log"
    status=1
  fi
done
exit $status
