#!/usr/bin/env bash
# Transfer to a new data set with the shortest settings: transfer.sh TRANSFER_LABELS MAKE_TRANSFER. Labels of the new cells
# have no part in those found; a saved model labels without the reference; wrong input ends with one clear sentence.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
transfer=$1
make_transfer=$2
checker=$3
schema=$here/../../docs/report.schema.json

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
"$make_transfer" .
short=(--rounds 1 --training-steps 10)

"$transfer" --reference reference.h5ad --autoencoder-epochs 3 --flow-epochs 3 --data new.h5ad --truth truth "${short[@]}" \
  --checkpoint model --out a.h5ad --report report.json | tee said.txt
grep -q "135 genes are shared; 15 of the model are missing from the new cells, which have 15 others" said.txt ||
  { echo "WRONG: does not say what genes are shared"; exit 1; }
for word in '"latentcell"' 'latentcell, not trained further' 'nearest in PCs of reference' 'nearest in PCs of both' 'true labels' 'mean F1' auc_of_distance missing_genes; do
  grep -q -- "$word" report.json || { echo "WRONG: the report does not say '$word'"; exit 1; }
done
"$checker" "$schema" report.json
# The reference's batch covariate has a part in training; the query's level may not be one of the reference's.
"$transfer" --reference reference.h5ad --batch batch --autoencoder-epochs 1 --flow-epochs 1 --data new.h5ad "${short[@]}" \
  --checkpoint batched --out batched.h5ad
test -s batched.h5ad
# With the saved model and the reference: the same.
"$transfer" --from model --reference reference.h5ad --data new.h5ad --truth truth "${short[@]}" --out from.h5ad
"$make_transfer" same a.h5ad from.h5ad || { echo "WRONG: the saved model labels otherwise"; exit 1; }
# With the saved model alone, where generated cells stand for the reference, other labels in the file change nothing.
"$transfer" --from model --data new.h5ad --truth truth "${short[@]}" --out b.h5ad
"$transfer" --from model --data untold.h5ad "${short[@]}" --name new --out c.h5ad
"$make_transfer" same b.h5ad c.h5ad || { echo "WRONG: labels in the file change what is found"; exit 1; }
"$transfer" --from model --data new.h5ad "${short[@]}" --seed 4 --out d.h5ad
if "$make_transfer" same b.h5ad d.h5ad; then echo "WRONG: another seed changes nothing at all"; exit 1; fi
test -s model/transferred.safetensors
test -s model/mapped.safetensors

program=$transfer
source "$here/refuses.sh"
refuses "no such file" --from model --data missing.h5ad
refuses "is of a run whose label was" --reference reference.h5ad --label batch --data new.h5ad --checkpoint model --resume
refuses "choose where labels come from" --data new.h5ad
refuses "is a level of the batch covariate already" --reference reference.h5ad --batch batch --data new.h5ad --name batch_1
refuses "none of" --from model --data foreign.h5ad
refuses "no_such" --from model --data new.h5ad --truth no_such
refuses "is one of the model" --from model --data reference.h5ad --truth batch
refuses "no model of kind 'generation'" --from model/flow.safetensors --data new.h5ad
refuses "Requires" --from model
refuses "excludes" --from model --data new.h5ad --latent 5
exit "$failed"
