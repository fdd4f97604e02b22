#!/usr/bin/env bash
# The main job on simulated cells with the shortest settings: simulated.sh GENERATE_CELLS. The same seed gives the same
# file; a stopped run goes on from its checkpoint; a saved model generates the wanted types without data.
set -euo pipefail
generate_cells=$1
check_generated=$2

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
short=(--count 200 --autoencoder-epochs 3 --flow-epochs 3 --steps 8)

"$generate_cells" "${short[@]}" --seed 3 --out "$folder/a.h5ad" --checkpoint "$folder/model"
"$generate_cells" "${short[@]}" --seed 3 --out "$folder/b.h5ad"
"$generate_cells" "${short[@]}" --seed 4 --out "$folder/c.h5ad"
cmp "$folder/a.h5ad" "$folder/b.h5ad"
if cmp -s "$folder/a.h5ad" "$folder/c.h5ad"; then
  echo "WRONG: another seed gives the same cells"
  exit 1
fi
"$generate_cells" "${short[@]}" --seed 3 --out "$folder/d.h5ad" --checkpoint "$folder/model" --resume
cmp "$folder/a.h5ad" "$folder/d.h5ad"
"$generate_cells" --from "$folder/model" --count 50 --out "$folder/e.h5ad"
[ -s "$folder/e.h5ad" ]
# The wanted types, by a model whose labels stand in a column of its own, one with a comma in its name.
"$check_generated" rename "$folder/a.h5ad" cell_type louvain "$folder/types.h5ad"
"$check_generated" level "$folder/types.h5ad" louvain type_2 "type_2, late" "$folder/renamed.h5ad"
"$generate_cells" --data "$folder/renamed.h5ad" --label louvain --autoencoder-epochs 2 --flow-epochs 2 --steps 8 --out "$folder/own.h5ad" --checkpoint "$folder/own"
"$generate_cells" --from "$folder/own" --types "type_2, late" --count 20 --steps 8 --out "$folder/of_type.h5ad"
"$check_generated" all "$folder/of_type.h5ad" louvain "type_2, late"
"$generate_cells" --from "$folder/own" --types "type_2, late,type_1" --count 20 --steps 8 --out "$folder/two.h5ad" --report "$folder/two.json"
grep -qF '"types": ["type_2, late", "type_1"]' "$folder/two.json" || { echo "WRONG: the report takes names with commas apart"; exit 1; }
# A folder of another run is not gone on from.
if "$generate_cells" --data "$folder/renamed.h5ad" --label louvain --holdout 0.3 --out "$folder/no.h5ad" --checkpoint "$folder/own" --resume 2>"$folder/said"; then
  echo "WRONG: a run with held-out cells goes on from one that saw them"
  exit 1
fi
grep -q "is of a run whose holdout was" "$folder/said"
# Nor does a mistyped command lose what is there; another run begins anew.
if "$generate_cells" --data "$folder/renamed.h5ad" --label louvian --out "$folder/no.h5ad" --checkpoint "$folder/own" 2>/dev/null; then exit 1; fi
[ -s "$folder/own/flow.safetensors" ] || { echo "WRONG: a mistyped command removed a stage"; exit 1; }
"$generate_cells" --data "$folder/renamed.h5ad" --label louvain --autoencoder-epochs 1 --flow-epochs 1 --steps 2 --seed 9 --out "$folder/own.h5ad" --checkpoint "$folder/own" >"$folder/said"
grep -q "2 stages of an earlier run in .* begin anew" "$folder/said"
"$generate_cells" --from "$folder/model" --interpolate type_1,type_3 --count 3 --out "$folder/f.h5ad" --report "$folder/f.json"
[ -s "$folder/f.h5ad" ] && grep -q '"interpolate"' "$folder/f.json"
# Few genes, too few for markers, are no reason to fail.
"$generate_cells" "${short[@]}" --genes 8 --out "$folder/g.h5ad"
# Without gnuplot there is a note and no picture, and the run goes on.
PATH=/nonexistent "$generate_cells" "${short[@]}" --plots "$folder/plots" --out "$folder/h.h5ad" >"$folder/said"
[ "$(grep -c "no pictures will be drawn" "$folder/said")" -eq 1 ] && [ -s "$folder/h.h5ad" ]
[ -z "$(ls "$folder/plots")" ]

# Ctrl-C ends a run after its epoch with exit 130 and writes no cells; it goes on to the very result of a run left alone.
long=(--count 100 --autoencoder-epochs 60 --flow-epochs 3 --steps 8 --seed 5)
"$generate_cells" "${long[@]}" --out "$folder/alone.h5ad"
# A script's background jobs ignore SIGINT, and the program respects that; so the signal is SIGTERM.
"$generate_cells" "${long[@]}" --out "$folder/stopped.h5ad" --checkpoint "$folder/stopped" &
job=$!
until [ -s "$folder/stopped/autoencoder.csv" ]; do sleep 0.05; done
kill -TERM "$job"
status=0
wait "$job" || status=$?
[ "$status" -eq 130 ] || { echo "WRONG: exit $status after a signal"; exit 1; }
[ ! -e "$folder/stopped.h5ad" ] || { echo "WRONG: a stopped run wrote cells"; exit 1; }
"$generate_cells" "${long[@]}" --out "$folder/stopped.h5ad" --checkpoint "$folder/stopped" --resume
cmp "$folder/alone.h5ad" "$folder/stopped.h5ad"
