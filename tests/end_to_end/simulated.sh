#!/usr/bin/env bash
# The main job on simulated cells with the shortest settings: simulated.sh GENERATE_CELLS. The same seed gives the same
# file; a stopped run goes on from its checkpoint; a saved model generates the wanted types without data.
set -euo pipefail
generate_cells=$1

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
