#!/usr/bin/env bash
# Prints what files cost to compile beside the budget of docs/design.md, section 6. Fails at over twice a budget, or at a
# limit of its own where a budget is not reached yet.
set -euo pipefail
source "$1"

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
printf '%-42s %8s %8s %8s\n' "compiled with $(basename "$cxx")" seconds budget MB

# cost NAME BUDGET[/LIMIT] FLAGS... FILE: seconds of processor time, so that other work on the machine does not count.
cost() {
  local name=$1 budget=${2%/*} limit=${2#*/} seconds memory='-'
  [ "$limit" != "$2" ] || limit=$((2 * budget))
  shift 2
  if [ -x /usr/bin/time ]; then
    if ! /usr/bin/time -o "$folder/cost" -f '%U %S %M' $cxx $flags "$@" -c -o "$folder/out.o" 2> "$folder/messages"; then
      cat "$folder/messages"; echo "FAILED: $name does not compile"; failed=1; return
    fi
    read -r user system memory < "$folder/cost"
    seconds=$(awk -v u="$user" -v s="$system" 'BEGIN { printf "%.1f", u + s }')
    memory=$((memory / 1024))
  else
    local TIMEFORMAT='%U %S'
    if ! { time $cxx $flags "$@" -c -o "$folder/out.o" 2> "$folder/messages"; } 2> "$folder/cost"; then
      cat "$folder/messages"; echo "FAILED: $name does not compile"; failed=1; return
    fi
    seconds=$(awk '{ printf "%.1f", $1 + $2 }' "$folder/cost")
  fi
  printf '%-42s %8s %8s %8s\n' "$name" "$seconds" "$budget" "$memory"
  if awk -v s="$seconds" -v l="$limit" 'BEGIN { exit !(s > l) }'; then
    echo "FAILED: $name takes over $limit seconds"
    failed=1
  elif awk -v s="$seconds" -v b="$budget" 'BEGIN { exit !(s > 2 * b) }'; then
    echo "over its budget: $name"
  fi
}

own="-I$source_dir/tests -DLATENTCELL_TESTS_DIR=\"$source_dir/tests\""
echo '#include <latentcell/latentcell.hpp>' > "$folder/umbrella.cpp"
[ -f "$source_dir/include/latentcell/latentcell.hpp" ] && cost "umbrella alone, -O2" 6 -O2 "$folder/umbrella.cpp"
[ -f "$source_dir/tests/op/layer_norm.cpp" ] &&
  cost "test of an op, instances, -O1" 6 -O1 $own -DLATENTCELL_INSTANCES "$source_dir/tests/op/layer_norm.cpp"
[ -f "$source_dir/tests/nn/linear.cpp" ] &&
  cost "test of a module, instances, -O1" 6 -O1 $own -DLATENTCELL_INSTANCES "$source_dir/tests/nn/linear.cpp"
# The two-stage example is the program on the front page. Neither budget is reached: docs/performance.md, What compiling
# costs.
awk '/^ *```cpp *$/ { inside = 1; next } /^ *```/ { if (inside) exit } inside' "$source_dir/README.md" > "$folder/two_stages.cpp"
cost "two-stage example, header-only, -O2" 15/72 -O2 "$folder/two_stages.cpp"
cost "two-stage example, instances, -O2" 6/32 -O2 -DLATENTCELL_INSTANCES "$folder/two_stages.cpp"
for file in "$build_dir"/instances/{kernel_count_decoder,kernel_gemm,op_attention,backbone_dit}.cpp; do
  cost "instances, $(basename "$file"), -O3" 15 -O3 -DLATENTCELL_INSTANCES "$file"
done
exit "${failed:-0}"
