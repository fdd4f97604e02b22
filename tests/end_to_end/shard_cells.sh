#!/usr/bin/env bash
# Shuffling into shards: shard_cells.sh SHARD_CELLS MAKE_SHARDS. Every cell is in one shard as it was; a seed decides the bytes;
# memory stays within --memory; wrong input ends with one clear sentence, and a signal, leaving nothing behind.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
program=$1
maker=$2

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
"$maker" .
failed=0
wrong() { echo "WRONG: $*"; failed=1; }

"$program" --help > help || wrong "--help ends with $?"
for word in --data --layer --cells --seed --memory --out --quiet --config --version; do
  grep -q -- " $word\b" help || wrong "no $word"
done
[ "$(grep -c "^  shard_cells " help)" -eq 2 ] || wrong "--help does not have two examples"
if grep -n -- --resume help; then wrong "--help speaks of --resume"; fi
"$program" --version | grep -q "^shard_cells [0-9.]*$" || wrong "--version"

"$program" --data a.h5ad --data b.h5ad --cells 250 --seed 4 --out shards | tee said
[ "$(ls shards)" = "$(printf 'shard_000%s.h5ad\n' 0 1 2 3 4)" ] || { wrong "other shards:"; ls -a shards; }
"$maker" . check shards || wrong "the shards do not hold the cells"
for words in "20 genes are not in all files: left out" "note: layers, obsm and uns are not in the shards"; do
  grep -q "$words" said || wrong "does not say '$words'"
done
tail -1 said | grep -q "^wrote 1200 cells, [0-9]* non-zeros, to 5 shards in shards$" || wrong "another last line"
"$program" --data a.h5ad b.h5ad --cells 250 --seed 4 --out again --quiet > said
[ "$(grep -c . said)" -eq 1 ] || wrong "--quiet prints more than a line"
diff -r shards again || wrong "the same seed, other bytes"
"$program" --data a.h5ad b.h5ad --cells 250 --seed 5 --out other --quiet
if cmp -s shard_cells.shard_0000.h5ad other/shard_0000.h5ad; then wrong "another seed changes nothing"; fi
# Shards are input too.
"$program" --data shards/*.h5ad --cells 600 --out twice --quiet
"$maker" . check twice || wrong "shards of shards do not hold the cells"

# 70,700 cells whose counts take more than the memory that is left for them: more shards, none of them lost.
/usr/bin/env bash -c 'ulimit -d 350000; exec "$0" --data large.h5ad --memory 0.25 --out small --trust-input' "$program" > said ||
  { wrong "little memory"; cat said; }
grep -q "^wrote 70700 cells" said || wrong "cells are missing"

# A signal: nothing is left, whenever it comes.
for wait in 0.05 0.2 0.5 1 1.5; do
  status=0
  "$program" --data large.h5ad --cells 20000 --compression 9 --out stopped > said 2>&1 & pid=$!
  sleep $wait
  kill -INT $pid 2> /dev/null || true
  wait $pid || status=$?
  if [ $status -eq 130 ]; then
    grep -q "^stopped: nothing was written" said || { wrong "a signal after $wait s is not told:"; cat said; }
    [ ! -e stopped ] || wrong "a stopped run wrote a folder"
  elif [ $status -ne 0 ]; then
    wrong "a signal after $wait s ends with $status"; cat said
  fi
  rm -rf stopped
  [ -z "$(find . -name '.stopped*')" ] || { wrong "a stopped run left something:"; ls -a; rm -rf .stopped*; }
done

# What a killed run leaves, the next one removes.
mkdir ".shards2.999999999@$(uname -n).tmp"
"$program" --data a.h5ad --out shards2 --quiet
[ ! -e ".shards2.999999999@$(uname -n).tmp" ] || wrong "what a killed run left stays"

before=$failed
source "$here/refuses.sh"
refuses "no such file" --data missing.h5ad
refuses "--data is required"
refuses "has none of the genes" --data a.h5ad foreign.h5ad
refuses "X holds 0.5" --data a.h5ad damaged.h5ad
refuses "cells must be at least 1" --data a.h5ad --cells 0
refuses "no layer 'counts'" --data a.h5ad --layer counts
refuses "is not an HDF5 file" --data "$program"
refuses "there is no such option" --data a.h5ad --shards 5
refuses "--memory must be larger" --data large.h5ad --memory 0.1
program_out() { local status=0; "$program" --data a.h5ad --out "$1" 2> messages || status=$?; [ $status -eq 2 ] && grep -q "$2" messages || { wrong "--out $1"; cat messages; }; }
program_out shards "it is not empty"
program_out a.h5ad "it is no folder"
program_out no/such/folder "No such file"
[ "$before" -eq 0 ] || failed=1
exit "$failed"
