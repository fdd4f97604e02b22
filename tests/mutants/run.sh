#!/usr/bin/env bash
# Plants one-line faults, one at a time, and sees whether the tests notice them.
#   bash tests/mutants/run.sh [ROOM...]      all rooms with a list where none is named
# A list, tests/mutants/ROOM.list, holds one fault a paragraph:
#   what: the sentence that tells the fault
#   file: include/latentcell/ROOM/HEADER.hpp
#   from: text that stands once in that file, on one line
#   to: what takes its place
#   test: tests/ROOM/HEADER.cpp
# The mutated header lies in a folder of its own that is searched first; the one test file is compiled against it and
# run. A fault is noticed where the program does not compile, fails, or runs longer than its limit. Ends with 1 where
# less than 95 of 100 faults are noticed.
# Environment: CXX (g++), LATENTCELL_BUILD (build/, for the library of instances), LATENTCELL_JOBS (the processors),
# LATENTCELL_EVERY (1: all faults; n: every n-th, for a quick look).
set -euo pipefail

root=$(cd "$(dirname "$0")/../.." && pwd)
source "$root/tests/packages.sh"
need_compiler
need_libraries
need_packages catch2

build=${LATENTCELL_BUILD:-$root/build}
jobs=${LATENTCELL_JOBS:-$(nproc)}
configure "$root" "$build" > /dev/null
cmake --build "$build" --parallel "$jobs" --target latentcell_instances latentcell_testing > /dev/null
main=$(find "$build/tests/CMakeFiles/latentcell_testing.dir" -name 'main.cpp.o')

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export root build work main
export OMP_WAIT_POLICY=${OMP_WAIT_POLICY:-passive}
export compiler=${CXX:-g++}
if command -v ccache > /dev/null; then export compiler="ccache $compiler"; fi

# One fault: its number, then file, from, to, test and what, one line each.
plant() {
  local fault=$1
  mapfile -t field < "$fault"
  local file=${field[0]} from=${field[1]} to=${field[2]} test=${field[3]} what=${field[4]}
  local folder=${fault}.d copy
  copy=$folder/${file#include/}
  mkdir -p "$(dirname "$copy")"
  if ! FROM="$from" TO="$to" perl -0pe 'BEGIN { $n = 0 } $n += s/\Q$ENV{FROM}\E/$ENV{TO}/; END { exit($n == 1 ? 0 : 3) }' "$root/$file" > "$copy" ||
    [ "$(grep -cF -- "$from" "$root/$file")" -ne 1 ]; then
    echo "STALE    $what: the text does not stand once in $file" | tee "$fault.result"
    return 0
  fi
  local flags="-std=c++20 -O1 -fopenmp -march=native -DLATENTCELL_EVERY_ISA -DLATENTCELL_TESTS_DIR=\"$root/tests\" -I$folder -I$root/include -I$root/tests -isystem /usr/include/eigen3 -isystem /usr/include/hdf5/serial"
  # What the library of instances holds is compiled without the fault, so a miss is looked at again without it.
  local program=$folder/test result=MISSED instances
  for instances in -DLATENTCELL_INSTANCES -ULATENTCELL_INSTANCES; do
    if ! $compiler $flags $instances -c "$root/$test" -o "$program.o" 2> "$folder/messages" ||
      ! g++ -fopenmp "$program.o" "$main" "$build"/liblatentcell_instances.a -lhdf5_serial -lz -o "$program" 2>> "$folder/messages"; then
      result="noticed, does not compile" && break
    elif ! timeout 300 "$program" > "$folder/out" 2>&1; then
      result=noticed && break
    fi
  done
  case "$result" in
    MISSED) echo "MISSED   $what ($test)" ;;
    noticed) echo "noticed  $what" ;;
    *) echo "noticed  $what (does not compile)" ;;
  esac | tee "$fault.result"
  rm -rf "$folder"
}
export -f plant

[ $# -gt 0 ] || set -- $(cd "$root/tests/mutants" && ls *.list | sed 's/\.list$//')
for room in "$@"; do
  awk -v to="$work/$room" '
    function flush() { if (file != "") { n++; f = sprintf("%s.%03d.fault", to, n); print file > f; print from > f; print by > f; print test > f; print what > f; close(f) } file = from = by = test = what = "" }
    /^$/ { flush() }
    /^what: / { what = substr($0, 7) } /^file: / { file = substr($0, 7) } /^from: / { from = substr($0, 7) }
    /^to:/ { by = substr($0, 5) } /^test: / { test = substr($0, 7) }
    END { flush() }' "$root/tests/mutants/$room.list"
done
find "$work" -name '*.fault' | sort | awk -v every="${LATENTCELL_EVERY:-1}" 'NR % every == 0' | xargs -P "$jobs" -I{} bash -c 'plant {}'

all=$(find "$work" -name '*.result' | wc -l)
noticed=$(find "$work" -name '*.result' -exec cat {} + | grep -c '^noticed' || true)
echo "$noticed of $all faults noticed"
[ "$all" -gt 0 ] && [ $((100 * noticed)) -ge $((95 * all)) ]
