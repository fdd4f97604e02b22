#!/usr/bin/env bash
# Prints what files cost to compile on this machine: seconds of processor time, the least of three runs, and memory.
#   bash benchmarks/compile_time.sh [RUNS]
# Environment: CXX (g++), LATENTCELL_FLAGS (further flags). Files that read cells need HDF5; run it on an idle machine.
set -euo pipefail

root=$(cd "$(dirname "$0")/.." && pwd)
runs=${1:-3}
cxx=${CXX:-g++}
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
flags="-std=c++20 -fopenmp -I$root/include -I$root/examples/programs -isystem /usr/include/eigen3 -isystem /usr/include/hdf5/serial ${LATENTCELL_FLAGS:-}"

# cost NAME FLAGS... FILE
cost() {
  local name=$1 best=
  shift
  for ((run = 0; run < runs; ++run)); do
    local TIMEFORMAT='%U %S'
    { time $cxx $flags "$@" -c -o "$folder/out.o" 2> "$folder/messages"; } 2> "$folder/cost" ||
      { cat "$folder/messages"; exit 1; }
    best=$(awk -v best="$best" '{ t = $1 + $2; if (best != "" && best < t) t = best; printf "%.2f", t }' "$folder/cost")
  done
  printf '%-52s %8s s\n' "$name" "$best"
}

echo "compiled with $($cxx --version | head -1)"
echo '#include <Eigen/Dense>' > "$folder/eigen.cpp"
echo '#include <latentcell/latentcell.hpp>' > "$folder/umbrella.cpp"
awk '/^ *```cpp *$/ { inside = 1; next } /^ *```/ { if (inside) exit } inside' "$root/README.md" > "$folder/front_page.cpp"
cost "Eigen/Dense, syntax only" -fsyntax-only "$folder/eigen.cpp"
cost "umbrella, syntax only" -fsyntax-only "$folder/umbrella.cpp"
cost "umbrella, -O2" -O2 "$folder/umbrella.cpp"
cost "program on the front page, header-only, -O2" -O2 "$folder/front_page.cpp"
cost "program on the front page, instances, -O2" -O2 -DLATENTCELL_INSTANCES "$folder/front_page.cpp"
cost "test of an operation, instances, -O1" -O1 -I"$root/tests" -DLATENTCELL_TESTS_DIR='""' -DLATENTCELL_INSTANCES "$root/tests/op/layer_norm.cpp"
for program in "$root"/examples/programs/*.cpp; do
  cost "$(basename "$program" .cpp), instances, -O2" -O2 -DNDEBUG -DLATENTCELL_INSTANCES "$program"
done
