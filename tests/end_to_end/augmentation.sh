#!/usr/bin/env bash
# Augmentation of rare labels with the shortest settings: augmentation.sh AUGMENT_CELLS MAKE_TRANSFER. Held-out cells have
# no part in what is added; a saved model adds the same without training; wrong input ends with one clear sentence.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
augment=$1
make_transfer=$2
checker=$3
schema=$here/../../docs/report.schema.json

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
"$make_transfer" .
short=(--autoencoder-epochs 2 --flow-epochs 2 --steps 4)

"$augment" --data reference.h5ad --batch batch "${short[@]}" --holdout 0.4 --method generated --checkpoint model --out a.h5ad --report report.json |
  tee said.txt
for word in 'real cells alone' 'and copies' 'and class Gaussians' 'and SMOTE' latentcell \
  "F1 rare, logistic" "F1 all, forest" type_4; do
  grep -q "$word" report.json || { echo "WRONG: the report does not say '$word'"; exit 1; }
done
"$checker" "$schema" report.json
grep -q "type_4: .* lacks" said.txt || { echo "WRONG: the rarest type lacks no cells"; exit 1; }
"$augment" --data reference.h5ad --batch batch "${short[@]}" --holdout 0.4 --method generated --checkpoint model --resume --out again.h5ad
cmp a.h5ad again.h5ad
"$augment" --data reference.h5ad "${short[@]}" --holdout 0.4 --out auto.h5ad --report auto.json > said.txt
grep -q "chosen in left-out folds" said.txt || { echo "WRONG: does not say what was chosen"; exit 1; }
"$checker" "$schema" auto.json
grep -q '"method"' auto.json || { echo "WRONG: the report does not name the method"; exit 1; }
"$augment" --data reference.h5ad --from model --steps 4 --min-cells 50 --out b.h5ad --threads 1
"$augment" --data reference.h5ad --from model --steps 4 --min-cells 50 --out c.h5ad --threads 2
cmp b.h5ad c.h5ad
for method in mixed copies none; do
  "$augment" --data reference.h5ad --from model --method $method --steps 4 --min-cells 50 --out $method.h5ad
  if cmp -s b.h5ad $method.h5ad; then echo "WRONG: $method gives generated cells"; exit 1; fi
done
"$augment" --data reference.h5ad --from model --steps 4 --min-cells 1 --out d.h5ad > said.txt
grep -q "nothing is added" said.txt || { echo "WRONG: does not say that nothing is added"; exit 1; }

program=$augment
source "$here/refuses.sh"
refuses "no such file" --data missing.h5ad
refuses "no_such_column" --data reference.h5ad --label no_such_column
refuses "not by 'batch'" --data reference.h5ad --label batch --from model
refuses "none of 150 genes" --data foreign.h5ad --from model
refuses holdout --data reference.h5ad --holdout 1.5
refuses "excludes" --data reference.h5ad --from model --holdout 0.5
exit "$failed"
