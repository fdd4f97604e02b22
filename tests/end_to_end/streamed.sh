#!/usr/bin/env bash
# The main job on cells that are read while it trains: streamed.sh GENERATE_CELLS. With memory for all cells the results
# are those of a run in memory, byte for byte; in little memory it trains as well; files and folders are one table.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
generate_cells=$1

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
small=(--hidden 16 --width 16 --depth 1 --autoencoder-epochs 2 --flow-epochs 2 --steps 2)
"$generate_cells" "${small[@]}" --count 500 --out data.h5ad >/dev/null

short=("${small[@]}" --holdout 0.3 --genes 200 --seed 3)
scores() { sed -n '/"scores"/,/"memorization"/p' "$1"; }
"$generate_cells" --data data.h5ad "${short[@]}" --out memory.h5ad --report memory.json
"$generate_cells" --data data.h5ad "${short[@]}" --stream --out stream.h5ad --report stream.json >said
cmp memory.h5ad stream.h5ad
scores memory.json >a
scores stream.json >b
[ -s a ] && cmp a b
grep -q "fit into the memory of --stream" said
grep -q '"window": 350' stream.json

# In windows: other minibatches, the same job.
"$generate_cells" --data data.h5ad "${short[@]}" --stream --stream-memory 0.0001 --checkpoint run --out little.h5ad >said
grep -q "cells are shuffled .* at a time, in blocks of 256" said
[ -s little.h5ad ] && [ -s run/model.safetensors ]
"$generate_cells" --data data.h5ad "${short[@]}" --stream --stream-memory 0.0001 --checkpoint run --resume --out again.h5ad >/dev/null
cmp little.h5ad again.h5ad

# Several files, and a folder of them.
mkdir shards
cp data.h5ad shards/b.h5ad
cp data.h5ad shards/a.h5ad
"$generate_cells" --data shards/a.h5ad --data shards/b.h5ad "${short[@]}" --stream --count 30 --out several.h5ad >/dev/null
"$generate_cells" --data shards "${short[@]}" --stream --count 30 --out one.h5ad >/dev/null
cmp several.h5ad one.h5ad

program=$generate_cells
source "$here/refuses.sh"
echo "name,gene_1" >cells.csv
mkdir empty
refuses "several files of --data are read with --stream alone" --data data.h5ad --data data.h5ad
refuses "requires" --stream
refuses "--stream" --data data.h5ad --stream --batch batch --corrected corrected.h5ad
refuses "cells.csv" --data cells.csv --stream
refuses "holds no .h5ad files" --data empty --stream
refuses "generate_cells --stream" --data shards
refuses "leave --obs out" --data data.h5ad --obs cells.csv --stream
exit "$failed"
