#!/usr/bin/env bash
# Perturbation prediction with the shortest settings: perturbation.sh PREDICT_PERTURBATION MAKE_PERTURBED. Cells held out
# and cells deleted give the same prediction; a stopped run goes on; a saved model predicts without training; wrong input
# ends with one clear sentence and nothing written.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
predict=$1
make_perturbed=$2

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
"$make_perturbed" all.h5ad
"$make_perturbed" without.h5ad type_2
short=(--autoencoder-epochs 3 --flow-epochs 3 --steps 4)

"$predict" --data all.h5ad --holdout type_2 "${short[@]}" --seed 2 --out held_out.h5ad --report report.json --checkpoint model
"$predict" --data without.h5ad "${short[@]}" --seed 2 --out deleted.h5ad
cmp held_out.h5ad deleted.h5ad
for word in latentcell 'mean shift of other groups' 'latent arithmetic' r2_mean_top20 energy; do
  grep -q "$word" report.json || { echo "WRONG: the report does not say '$word'"; exit 1; }
done
"$predict" --data all.h5ad --holdout type_2 "${short[@]}" --seed 2 --out again.h5ad --checkpoint model --resume
cmp held_out.h5ad again.h5ad
"$predict" --data without.h5ad --from model --target type_2 --steps 4 --seed 2 --out from.h5ad
cmp held_out.h5ad from.h5ad
"$predict" --data all.h5ad --holdout type_2 "${short[@]}" --seed 3 --out other.h5ad
if cmp -s held_out.h5ad other.h5ad; then echo "WRONG: another seed gives the same cells"; exit 1; fi

# Models without the answers of some groups tell how far a prediction is off; without them the cells are others.
grep -q '"blind": \[' report.json || { echo "WRONG: the report does not name the groups that were hidden in turn"; exit 1; }
grep -q '"autoencoder_blind_3"' report.json || { echo "WRONG: there is no third blind model"; exit 1; }
"$predict" --data all.h5ad --holdout type_2 "${short[@]}" --seed 2 --blind 0 --out sighted.h5ad
if cmp -s held_out.h5ad sighted.h5ad; then echo "WRONG: --blind 0 changes nothing"; exit 1; fi

# Order and the control's name in a perturbation say nothing.
"$predict" --data all.h5ad --from model --target type_2 --perturbation gene_1+control --steps 4 --seed 2 --out from_sum.h5ad
cmp held_out.h5ad from_sum.h5ad

# New cells of the combination: as many as asked for, and again from the saved generator without a measured cell.
"$predict" --data all.h5ad --holdout type_2 "${short[@]}" --seed 2 --generate 30 --out made.h5ad --report made.json --checkpoint maker
"$predict" --from maker --generate 30 --target type_2 --steps 4 --seed 2 --out made_from.h5ad
cmp made.h5ad made_from.h5ad
grep -q '"control_cells": 30' made.json || { echo "WRONG: 30 new cells were not judged"; exit 1; }
if cmp -s made.h5ad held_out.h5ad; then echo "WRONG: --generate changes nothing"; exit 1; fi

# Given embeddings: a gene that no cell had perturbed, alone and in a combination; the saved model knows them too.
printf 'gene,a,b\ngene_1,1,0\ngene_2,0.8,0.1\ngene_3,-1,0.5\n' > genes.csv
new=(--perturbation gene_2,gene_1+gene_3)
turned=(--perturbation gene_2,gene_3+gene_1,gene_2)
"$predict" --data all.h5ad --holdout type_2 "${short[@]}" --seed 2 --gene-embeddings genes.csv "${new[@]}" --out new.h5ad --checkpoint known
"$predict" --data without.h5ad --from known --target type_2 --steps 4 --seed 2 "${new[@]}" --out new_from.h5ad
cmp new.h5ad new_from.h5ad
"$predict" --data without.h5ad --from known --target type_2 --steps 4 --seed 2 "${turned[@]}" --out turned.h5ad
cmp new.h5ad turned.h5ad
sed 's/0.8,0.1/-0.8,2/' genes.csv > others.csv
"$predict" --data all.h5ad --holdout type_2 "${short[@]}" --seed 2 --gene-embeddings others.csv "${new[@]}" --out others.h5ad
if cmp -s new.h5ad others.h5ad; then echo "WRONG: another embedding gives the same cells"; exit 1; fi
printf 'gene_2,1,0\n' > lacks.csv
printf 'gene_1,1,0\ngene_2,1\n' > ragged.csv
printf 'gene_1,1,0\ngene_2,1,low\n' > words.csv
printf 'gene_1,0,0\n' > zeros.csv

program=$predict
source "$here/refuses.sh"
refuses "no such file" --data missing.h5ad
refuses "no level 'no_such'" --data all.h5ad --holdout no_such
refuses "no level 'no_such'" --data all.h5ad --target no_such
refuses "no column 'no_such'" --data all.h5ad --condition no_such
refuses "no column 'no_such'" --data all.h5ad --group no_such
refuses "no cell is 'no_such'" --data all.h5ad --control no_such
refuses "say which to predict" --data all.h5ad
refuses "--dose" --data all.h5ad --holdout type_2 --dose no_such
refuses "labels, not numbers" --data all.h5ad --holdout type_2 --dose batch
refuses "--from needs --data" --from model
refuses "not both" --from maker --data all.h5ad --generate 5
refuses "is no --checkpoint folder of a run with --generate" --from model --generate 5
refuses "no level 'no_such'" --from maker --generate 5 --target no_such
refuses "'no_such' was never seen" --data all.h5ad --holdout type_2 --perturbation gene_1+no_such
refuses "'no_such' was never seen" --data all.h5ad --from model --perturbation no_such
refuses "no level 'no_such'" --data all.h5ad --from model --target no_such,type_2
refuses "excludes" --data all.h5ad --from model --control none
refuses "is of a run whose holdout was [\"type_2\"], not [\"type_1\"]" --data all.h5ad --holdout type_1 --checkpoint model --resume
refuses "is the control" --data all.h5ad --from model --perturbation control
refuses "--at-dose" --data all.h5ad --holdout type_2 --at-dose 1
refuses "knows no dose" --data all.h5ad --from model --at-dose 1
refuses "lacks.csv: has no row for 'gene_1', which is perturbed" --data all.h5ad --holdout type_2 --gene-embeddings lacks.csv
refuses "no row for 'gene_9', which --perturbation names" --data all.h5ad --holdout type_2 --gene-embeddings genes.csv --perturbation gene_1+gene_9
refuses "line 2: 'gene_2' has 1 numbers" --data all.h5ad --holdout type_2 --gene-embeddings ragged.csv
refuses "line 2: field 3, 'low'" --data all.h5ad --holdout type_2 --gene-embeddings words.csv
refuses "must be positive" --data all.h5ad --holdout type_2 --gene-embeddings zeros.csv
refuses "no_such.csv" --data all.h5ad --holdout type_2 --gene-embeddings no_such.csv
refuses "excludes" --data all.h5ad --from model --gene-embeddings genes.csv
refuses "'gene_9' was never seen" --data all.h5ad --from known --perturbation gene_9
refuses "checkpoint of something else" --data all.h5ad --from model/flow.safetensors
exit "$failed"
