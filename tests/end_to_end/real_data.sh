#!/usr/bin/env bash
# The main job on real cells with short settings: real_data.sh GENERATE_CELLS CHECKER.
# Looks for the data sets in LATENTCELL_DATA and is skipped without them.
set -euo pipefail
generate_cells=$1
checker=$2

data=${LATENTCELL_DATA:-}/zheng-sorted-pbmc/zheng_sorted_pbmc.h5ad
if [ -z "${LATENTCELL_DATA:-}" ] || [ ! -f "$data" ]; then
  echo "skipped: LATENTCELL_DATA names no folder with zheng-sorted-pbmc/zheng_sorted_pbmc.h5ad"
  exit 77
fi

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"$generate_cells" --data "$data" --label cell_type --holdout 0.5 --count 1000 --autoencoder-epochs 30 --flow-epochs 60 \
  --seed 1 --out "$folder/generated.h5ad" --report "$folder/report.json" --plots "$folder/plots"
"$checker" "$folder/generated.h5ad" "$data" cell_type 1000
[ -s "$folder/report.json" ]
pictures=$(find "$folder/plots" -type f -size +1k \( -name '*.png' -o -name '*.pdf' \) | wc -l)
echo "$pictures pictures"
[ "$pictures" -eq 12 ]
