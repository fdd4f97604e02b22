#!/usr/bin/env bash
# A folder of files in place of one: shards.sh GENERATE_CELLS CHECK_GENERATED CHECK_REPORT. The cells are those of one
# file; a run that was stopped goes on; more cells than are compared at once are evaluated by draws.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
generate_cells=$1
check_generated=$2
checker=$3

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
failed=0
wrong() { echo "WRONG: $*"; failed=1; }

"$generate_cells" --count 50 --autoencoder-epochs 3 --flow-epochs 3 --steps 4 --out first.h5ad --checkpoint model > said
few=(--from model --count 900 --steps 4 --seed 5)
"$generate_cells" "${few[@]}" --out one.h5ad
"$generate_cells" "${few[@]}" --out cells --shards 250
[ "$(ls cells | tr '\n' ' ')" = "cells_0000.h5ad cells_0001.h5ad cells_0002.h5ad cells_0003.h5ad run.json whole.h5ad " ] || wrong "the files: $(ls cells)"
"$check_generated" same cells/whole.h5ad one.h5ad || wrong "the view has other cells than one file"
"$generate_cells" "${few[@]}" --out other --shards 137 --threads 1
"$check_generated" same other/whole.h5ad one.h5ad || wrong "the cut changes the cells"

# What is finished is kept; cells of another run are not written over.
touch -d "2000-01-01" cells/cells_0001.h5ad
rm cells/cells_0002.h5ad cells/whole.h5ad
"$generate_cells" "${few[@]}" --out cells --shards 250 > said
grep -q "of which 3 were there" said || wrong "does not say that files were kept: $(cat said)"
[ "$(date -r cells/cells_0001.h5ad +%Y)" = 2000 ] || wrong "a finished file was written again"
"$check_generated" same cells/whole.h5ad one.h5ad || wrong "a run that goes on has other cells"
status=0
"$generate_cells" --from model --count 900 --steps 4 --seed 6 --out cells --shards 250 2> said || status=$?
[ "$status" -ne 0 ] && grep -q "holds cells of another run" said || wrong "another run writes into the folder"

mkdir mine && touch mine/cells.h5ad
status=0
"$generate_cells" --out mine --shards 250 2> said || status=$?
[ "$status" -eq 2 ] && grep -q "mine: holds cells.h5ad of something else" said || wrong "writes among other files: $status"

# Ctrl-C in the middle: what is finished stays, and the same command goes on.
many=(--from model --count 60000 --steps 25 --seed 5 --threads 1 --shards 500)
env --default-signal=INT "$generate_cells" "${many[@]}" --out half > said 2>&1 &
process=$!
for ((i = 0; i < 600; ++i)); do [ -e half/cells_0001.h5ad ] && break; sleep 0.1; done
kill -INT "$process"
status=0
wait "$process" || status=$?
[ "$status" -eq 130 ] || wrong "Ctrl-C ends with $status"
grep -q "the same command goes on" said || wrong "Ctrl-C does not say what is left: $(tail -1 said)"
if [ -e half/whole.h5ad ]; then wrong "there is a view of a run that was stopped"; fi
sum=$(md5sum < half/cells_0000.h5ad)
count=$(ls half | grep -c cells_)
"$generate_cells" "${many[@]}" --out half > said 2>&1 &
process=$!
for ((i = 0; i < 600; ++i)); do [ "$(ls half | grep -c 'cells_.*h5ad')" -gt "$count" ] && break; sleep 0.1; done
kill "$process"
wait "$process" || true
[ "$(ls half | grep -c 'cells_.*h5ad')" -gt "$count" ] || wrong "the same command does not go on"
[ "$(md5sum < half/cells_0000.h5ad)" = "$sum" ] || wrong "the same command writes a finished file again"

# More cells than are compared at once: draws, with errors.
"$generate_cells" --holdout 0.5 --count 3000 --sampled-above 2000 --sampled-draws 2 --autoencoder-epochs 5 --flow-epochs 5 --steps 4 \
  --out judged --shards 700 --report judged.json > said
"$checker" "$here/../../docs/report.schema.json" judged.json || wrong "the report"
for words in '"cells": 3000' '"draws": 2' '"error": \[' '"moments": {' '"sampled": '; do
  grep -q "$words" judged.json || wrong "the report has no $words"
done
grep -q "scores are means over 2 draws" said || wrong "does not say that scores are of draws"
exit "$failed"
