#!/usr/bin/env bash
# Perturbation prediction with the shortest settings: perturbation.sh PREDICT_PERTURBATION MAKE_PERTURBED. Cells held out
# and cells deleted give the same prediction; a stopped run resumes; a saved model predicts without training; wrong input
# ends with one sentence and nothing written.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
predict=$1
make_perturbed=$2
checker=$3
schema=$here/../../docs/report.schema.json

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
"$make_perturbed" all.h5ad
"$make_perturbed" without.h5ad type_2
short=(--autoencoder-epochs 3 --flow-epochs 3 --steps 4)

"$predict" --data all.h5ad --holdout type_2 "${short[@]}" --seed 2 --out held_out.h5ad --report report.json --checkpoint model
"$predict" --data without.h5ad "${short[@]}" --seed 2 --out deleted.h5ad
cmp held_out.h5ad deleted.h5ad
grep -q '"verdict": "latentcell: better than every baseline in' report.json || { echo "WRONG: the report ends without a verdict"; exit 1; }
for word in latentcell 'mean shift of other groups' 'latent arithmetic' r2_mean_top20 energy; do
  grep -q "$word" report.json || { echo "WRONG: the report does not have '$word'"; exit 1; }
done
"$checker" "$schema" report.json
"$predict" --data all.h5ad --holdout type_2 "${short[@]}" --seed 2 --out again.h5ad --checkpoint model --resume
cmp held_out.h5ad again.h5ad
"$predict" --data without.h5ad --from model --target type_2 --steps 4 --seed 2 --out from.h5ad
cmp held_out.h5ad from.h5ad
"$predict" --data all.h5ad --holdout type_2 "${short[@]}" --seed 3 --out other.h5ad
if cmp -s held_out.h5ad other.h5ad; then echo "WRONG: another seed gives the same cells"; exit 1; fi

# Cross-fit models measure the error of predictions for new groups; without them the cells are others.
grep -q '"cross_fit": \[' report.json || { echo "WRONG: the report does not name the groups of each fold"; exit 1; }
grep -q '"autoencoder_cross_fit_3"' report.json || { echo "WRONG: there is no third cross-fit model"; exit 1; }
"$predict" --data all.h5ad --holdout type_2 "${short[@]}" --seed 2 --cross-fit 0 --out in_sample.h5ad
if cmp -s held_out.h5ad in_sample.h5ad; then echo "WRONG: --cross-fit 0 changes nothing"; exit 1; fi

# Order and the control's name in a perturbation change nothing.
"$predict" --data all.h5ad --from model --target type_2 --perturbation gene_1+control --steps 4 --seed 2 --out from_sum.h5ad
cmp held_out.h5ad from_sum.h5ad

# New cells of the combination: as many as asked for, and again from the saved generator without a measured cell.
"$predict" --data all.h5ad --holdout type_2 "${short[@]}" --seed 2 --generate 30 --out new_controls.h5ad --report new_controls.json --checkpoint generator
"$predict" --from generator --generate 30 --target type_2 --steps 4 --seed 2 --out controls_from.h5ad
cmp new_controls.h5ad controls_from.h5ad
grep -q '"control_cells": 30' new_controls.json || { echo "WRONG: 30 new cells were not evaluated"; exit 1; }
if cmp -s new_controls.h5ad held_out.h5ad; then echo "WRONG: --generate changes nothing"; exit 1; fi

# Tables of genes and gene sets: a row for each gene, those of the largest change first; the saved model writes the same.
printf 'first\tx\tgene_1\tgene_2\tgene_3\tgene_4\nfew\tx\tgene_1\tno_such\n' > sets.gmt
"$predict" --data without.h5ad --from model --target type_2 --steps 4 --seed 2 --out from.h5ad --tables tables --gene-sets sets.gmt --report tables.json > said.txt
"$checker" "$schema" tables.json
grep -q "'type_2' under 'gene_1', change of mean log1p(CP10K): up " said.txt || { echo "WRONG: does not say which genes change"; exit 1; }
awk -F, 'NR == 1 { if ($0 != "group,rank,gene,change,low,high,control,predicted") exit 1; next }
  { size = $4 < 0 ? -$4 : $4 } $2 != NR - 1 || $4 < $5 || $4 > $6 || (NR > 2 && size > last + 1e-9) { exit 1 }
  { last = size } END { if (NR < 50) exit 1 }' tables/gene_1_gene.csv || { echo "WRONG: the table of genes"; head tables/gene_1_gene.csv; exit 1; }
[ "$(grep -c '"first"' tables/gene_1_gene_set.csv)" -eq 1 ] || { echo "WRONG: the table of gene sets"; exit 1; }

# Given embeddings: a gene that no cell had perturbed, alone and in a combination; the saved model has them too.
printf 'gene,a,b\ngene_1,1,0\ngene_2,0.8,0.1\ngene_3,-1,0.5\n' > genes.csv
new=(--perturbation gene_2,gene_1+gene_3)
turned=(--perturbation gene_2,gene_3+gene_1,gene_2)
"$predict" --data all.h5ad --holdout type_2 "${short[@]}" --seed 2 --gene-embeddings genes.csv "${new[@]}" --out new.h5ad --checkpoint embedded
"$predict" --data without.h5ad --from embedded --target type_2 --steps 4 --seed 2 "${new[@]}" --out new_from.h5ad
cmp new.h5ad new_from.h5ad
"$predict" --data without.h5ad --from embedded --target type_2 --steps 4 --seed 2 "${turned[@]}" --out turned.h5ad
cmp new.h5ad turned.h5ad
sed 's/0.8,0.1/-0.8,2/' genes.csv > others.csv
"$predict" --data all.h5ad --holdout type_2 "${short[@]}" --seed 2 --gene-embeddings others.csv "${new[@]}" --out others.h5ad
if cmp -s new.h5ad others.h5ad; then echo "WRONG: another embedding gives the same cells"; exit 1; fi
printf 'gene_2,1,0\n' > lacks.csv
printf 'gene_1,1,0\ngene_2,1\n' > ragged.csv
printf 'gene_1,1,0\ngene_2,1,low\n' > words.csv
printf 'gene_1,0,0\n' > zeros.csv

program=$predict
printf 'other\tx\tno\tsuch\tgenes\n' > other.gmt
source "$here/refuses.sh"
refuses "no such file" --data missing.h5ad
refuses "no level 'no_such'" --data all.h5ad --holdout no_such
refuses "no level 'no_such'" --data all.h5ad --target no_such
refuses "no column 'no_such'" --data all.h5ad --condition no_such
refuses "no column 'no_such'" --data all.h5ad --label no_such
refuses "no cell is 'no_such'" --data all.h5ad --control no_such
refuses "name groups to predict or to hold out" --data all.h5ad
refuses "no column 'no_such'" --data all.h5ad --holdout type_2 --dose no_such
refuses "'batch_1' is no number" --data all.h5ad --holdout type_2 --dose batch
refuses "--from needs --data" --from model
refuses "not both" --from generator --data all.h5ad --generate 5
refuses "control_generator.safetensors" --from model --generate 5
refuses "no level 'no_such'" --from generator --generate 5 --target no_such
refuses "'no_such' of perturbation" --data all.h5ad --holdout type_2 --perturbation gene_1+no_such
refuses "'no_such' of perturbation" --data all.h5ad --from model --perturbation no_such
refuses "no level 'no_such'" --data all.h5ad --from model --target no_such,type_2
refuses "excludes" --data all.h5ad --from model --control none
refuses "other.gmt: none of 1 sets" --data all.h5ad --holdout type_2 --tables tables --gene-sets other.gmt
refuses "is of a run whose holdout was [\"type_2\"], not [\"type_1\"]" --data all.h5ad --holdout type_1 --checkpoint model --resume
refuses "is the control" --data all.h5ad --from model --perturbation control
refuses "--at-dose" --data all.h5ad --holdout type_2 --at-dose 1
refuses "the model has no dose" --data all.h5ad --from model --at-dose 1
refuses "no row for 'gene_1', which is perturbed" --data all.h5ad --holdout type_2 --gene-embeddings lacks.csv
refuses "no row for 'gene_9', which is to be predicted" --data all.h5ad --holdout type_2 --gene-embeddings genes.csv --perturbation gene_1+gene_9
refuses "line 2: 'gene_2' has 1 numbers" --data all.h5ad --holdout type_2 --gene-embeddings ragged.csv
refuses "line 2: field 3, 'low'" --data all.h5ad --holdout type_2 --gene-embeddings words.csv
refuses "must be positive" --data all.h5ad --holdout type_2 --gene-embeddings zeros.csv
refuses "no_such.csv" --data all.h5ad --holdout type_2 --gene-embeddings no_such.csv
refuses "excludes" --data all.h5ad --from model --gene-embeddings genes.csv
refuses "'gene_9' of perturbation" --data all.h5ad --from embedded --perturbation gene_9
refuses "no model of kind 'perturbation'" --data all.h5ad --from model/flow.safetensors
exit "$failed"
