#!/usr/bin/env bash
# Spatial imputation with the shortest settings: spatial.sh IMPUTE_SPATIAL MAKE_SLICES. Cells held out and cells deleted
# give the same prediction; a stopped run resumes; a saved model predicts without training; wrong input ends with one
# clear sentence and nothing written; an outline that fits in several turns is warned of.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
impute=$1
make_slices=$2
checker=$3
schema=$here/../../docs/report.schema.json

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
"$make_slices" .
short=(--epochs 1 --members 2 --draws 6)
slices=(--slices slice1.csv,slice2.csv,slice3.csv --coordinates places1.csv,places2.csv,places3.csv)

"$impute" --data all.h5ad --holdout region:layer_3 "${short[@]}" --out held_out.h5ad --report report.json --checkpoint model
"$impute" --data without.h5ad --predict hidden.csv "${short[@]}" --out deleted.h5ad
"$make_slices" same held_out.h5ad deleted.h5ad
for word in latentcell kriging 'nearest cell' pearson ssim cover80; do
  grep -q "$word" report.json || { echo "WRONG: the report does not say '$word'"; exit 1; }
done
"$checker" "$schema" report.json
"$impute" --data all.h5ad --holdout region:layer_3 "${short[@]}" --out again.h5ad --checkpoint model --resume
cmp held_out.h5ad again.h5ad
"$impute" --data without.h5ad --from model --predict hidden.csv --draws 6 --out from.h5ad
cmp deleted.h5ad from.h5ad
"$impute" --data all.h5ad --holdout region:layer_3 "${short[@]}" --seed 3 --out other.h5ad
if "$make_slices" same held_out.h5ad other.h5ad; then echo "WRONG: another seed predicts the same"; exit 1; fi
"$impute" --data all.h5ad --holdout genes:3 "${short[@]}" --out genes.h5ad --report genes.json
grep -q 'ridge on the panel' genes.json
"$impute" --data all.h5ad --holdout genes:1 "${short[@]}" --out gene.h5ad --report gene.json
"$make_slices" panel all.h5ad genes.h5ad
"$impute" --data reference.h5ad --panel panel.h5ad "${short[@]}" --out of_panel.h5ad --checkpoint panel_model
"$make_slices" same genes.h5ad of_panel.h5ad
"$impute" --data reference.h5ad --from panel_model --panel panel.h5ad --draws 6 --out from_panel.h5ad
cmp of_panel.h5ad from_panel.h5ad
"$impute" --data all.h5ad --holdout grid:2 "${short[@]}" --out grid.h5ad --report grid.json
for word in 'kriging, area to point' 'kriging, deconvolved' between_spots; do
  grep -q "$word" grid.json || { echo "WRONG: super-resolution does not report '$word'"; exit 1; }
done
"$impute" --data without.h5ad --predict hidden.csv --within-spots "${short[@]}" --out within.h5ad
if "$make_slices" same deleted.h5ad within.h5ad; then echo "WRONG: --within-spots changes nothing"; exit 1; fi
"$impute" "${slices[@]}" --holdout slice:2 "${short[@]}" --out slice.h5ad --report slice.json 2>slice.err
for report in genes gene grid slice; do "$checker" "$schema" $report.json; done
grep -q outline slice.json
grep -q ambiguous slice.json
grep -q 'warning: slice 2 .* use --turn' slice.err || { echo "WRONG: nothing warns that a square fits in several turns"; exit 1; }
# A slice that was not measured, "-", is predicted like one that is held out, whose genes do not decide which are kept.
awk '{ print $0 ",2" }' places2.csv > second.csv
unmeasured=(--slices slice1.csv,-,slice3.csv --coordinates places1.csv,-,places3.csv)
"$impute" "${unmeasured[@]}" --predict second.csv "${short[@]}" --out unmeasured.h5ad
"$make_slices" same slice.h5ad unmeasured.h5ad
printf '3,3,1\n4,4,2\n' > within.csv
"$impute" "${slices[@]}" --predict within.csv "${short[@]}" --out all_known.h5ad --checkpoint all_known
"$impute" "${slices[@]}" --holdout slice:2 --turn 180 "${short[@]}" --out turned.h5ad --report turned.json 2>turned.err
if grep -q warning turned.err; then echo "WRONG: a turn that is given is doubted"; exit 1; fi
grep -q '"turn": 180' turned.json
if "$make_slices" same slice.h5ad turned.h5ad; then echo "WRONG: --turn changes nothing"; exit 1; fi

printf '3,3,1.5\n' > half.csv
# A first column of names is none of coordinates.
printf ',x,y\n0,3,3\n' > numbered.csv
"$impute" --data all.h5ad --predict numbered.csv "${short[@]}" --out numbered.h5ad

program=$impute
source "$here/refuses.sh"
refuses "no such file" --data missing.h5ad --holdout spots:0.5
refuses "nothing to predict" --data all.h5ad
refuses "no obsm entry 'no_such'" --data all.h5ad --spatial-key no_such --holdout spots:0.5
refuses "is none of region:LEVEL" --data all.h5ad --holdout nothing:3
refuses "no level 'no_such'" --data all.h5ad --holdout region:no_such
refuses "no column 'no_such'" --data all.h5ad --holdout region:layer_1 --label no_such
refuses "lies between 0 and 1" --data all.h5ad --holdout spots:2
refuses "is not a number" --data all.h5ad --holdout spots:many
refuses "more than 1 neighbour distance" --data all.h5ad --holdout grid:1
refuses "excludes" --data all.h5ad --within-spots --holdout spots:0.5
refuses "of one slice" --data all.h5ad --holdout slice:2
refuses "slices 1 to 3" "${slices[@]}" --holdout slice:7
refuses "can be held out" --data all.h5ad --holdout genes:10
refuses "2 files for 3 slices" --slices slice1.csv,slice2.csv,slice3.csv --coordinates places1.csv,places2.csv --holdout slice:1
refuses "has no obsm entry 'spatial'" --slices slice1.csv,slice2.csv --holdout slice:1
refuses "lies in no slice" "${slices[@]}" --predict half.csv
refuses "is not a number, as 'count' holds" --data numbers.h5ad --subset count=many --holdout spots:0.5
refuses "needs x, y alone" --data all.h5ad --predict half.csv
refuses "trained with all slices" "${unmeasured[@]}" --predict second.csv --from all_known
refuses "none of 2 slices" --slices -,- --holdout slice:1
refuses "slices 1 to 3, not 1.5" "${slices[@]}" --holdout slice:1.5
refuses "is of a run whose holdout was" --data all.h5ad --holdout region:layer_1 --checkpoint model --resume
refuses "needs x, y and slice" "${slices[@]}" --predict hidden.csv
refuses "is not COLUMN=VALUE" --data all.h5ad --subset region --holdout spots:0.5
refuses "no level 'no_such'" --data all.h5ad --subset region=no_such --holdout spots:0.5
refuses "no such file" --data all.h5ad --predict missing.csv
refuses "excludes" --data all.h5ad --from model --holdout spots:0.5
refuses "excludes" --data all.h5ad --predict hidden.csv --holdout spots:0.5
refuses "excludes" --data all.h5ad --panel panel.h5ad --holdout spots:0.5
refuses "there is none to predict" --data reference.h5ad --panel all.h5ad
refuses "needs --predict" --data reference.h5ad --panel panel.h5ad --from model
refuses "needs --panel" --data reference.h5ad --predict hidden.csv --from panel_model
refuses "reference cells lack 3 of the 10 genes" --data panel.h5ad --predict hidden.csv --from model
refuses "needs obs 'slice'" "${slices[@]}" --panel panel.h5ad
refuses "checkpoint of something else" --data without.h5ad --from model/flow_1.safetensors --predict hidden.csv
exit "$failed"
