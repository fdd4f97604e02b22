#!/usr/bin/env bash
# Trajectories with the shortest settings: trajectory.sh MODEL_TRAJECTORY MAKE_SNAPSHOTS. Cells held out and cells deleted
# give the same prediction; a stopped run goes on; a saved model predicts without training; wrong input ends with one
# clear sentence and nothing written.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
model=$1
make_snapshots=$2
checker=$3
schema=$here/../../docs/report.schema.json

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
"$make_snapshots" all.h5ad
"$make_snapshots" without.h5ad 2
short=(--velocity-epochs 1 --decoder-epochs 2 --steps 3 --components 4 --count 60)

"$model" --data all.h5ad --holdout 2 "${short[@]}" --seed 2 --label cell_type --out held_out.h5ad --report report.json --checkpoint model
"$model" --data without.h5ad --predict 2 "${short[@]}" --seed 2 --label cell_type --out deleted.h5ad
cmp held_out.h5ad deleted.h5ad
for word in latentcell 'transport, half-way' 'half of the true cells' w1 settled_by_time; do
  grep -q "$word" report.json || { echo "WRONG: the report does not say '$word'"; exit 1; }
done
"$checker" "$schema" report.json
"$model" --data all.h5ad --holdout 2 "${short[@]}" --seed 2 --label cell_type --out again.h5ad --checkpoint model --resume
cmp held_out.h5ad again.h5ad
"$model" --data without.h5ad --from model --predict 2 --steps 3 --count 60 --label cell_type --seed 2 --out from.h5ad
cmp held_out.h5ad from.h5ad
"$model" --data all.h5ad --holdout 2 "${short[@]}" --seed 3 --out other.h5ad
if cmp -s held_out.h5ad other.h5ad; then echo "WRONG: another seed gives the same cells"; exit 1; fi
"$model" --data all.h5ad --holdout 2 "${short[@]}" --seed 2 --label cell_type --marginal-relaxation 0 --out equal.h5ad
if cmp -s held_out.h5ad equal.h5ad; then echo "WRONG: --marginal-relaxation 0 changes nothing"; exit 1; fi
# Two times at once, each once, with every fate for both.
"$model" --data without.h5ad --from model --predict 2,0.5,2 --steps 3 --count 60 --label cell_type --seed 2 --out two.h5ad
"$make_snapshots" fates two.h5ad 120 all.h5ad
awk 'BEGIN { srand(1); print "day,a,b"; for (i = 0; i < 300; ++i) print i % 3 "," i % 3 + rand() "," rand() }' > points.csv
"$model" --embedding points.csv --time day --predict 0.5,1.2-1.4 --growth --noise 0.2 --velocity-epochs 1 --steps 3 --window 40 --count 60 \
  --out points.h5ad --checkpoint points
"$model" --embedding points.csv --from points --predict 1.5 --count 10 --out more.h5ad

awk 'BEGIN { print ",day,a,b"; for (i = 0; i < 30; ++i) print i "," i % 3 "," i "," 1 }' > numbered.csv

program=$model
source "$here/refuses.sh"
refuses "no such file" --data missing.h5ad --predict 1
refuses "which times to predict" --data all.h5ad
refuses "no column 'no_such'" --data all.h5ad --time no_such --predict 1
refuses "is no time" --data all.h5ad --time cell_type --predict 1
refuses "neither a time nor a range" --data all.h5ad --predict soon
refuses "neither a time nor a range" --data all.h5ad --holdout 3-1
refuses "no column 'no_such'" --data all.h5ad --predict 1 --label no_such
refuses "no column 'no_such'" --embedding points.csv --time no_such --predict 1
refuses "a column has no name" --embedding numbered.csv --time day --predict 1
refuses "is of a run whose holdout was" --data all.h5ad --holdout 1 "${short[@]}" --checkpoint model --resume
# A file of the same name and size, with another digit.
mkdir other
sed '2s/^0,0/0,1/' points.csv > other/points.csv
refuses "is of a run whose data was" --embedding other/points.csv --time day --predict 0.5 --growth --noise 0.2 \
  --velocity-epochs 1 --window 40 --checkpoint points --resume
refuses "excludes" --embedding points.csv --data all.h5ad --time day --predict 1
refuses "excludes" --embedding points.csv --time day --predict 1 --components 5
refuses "excludes" --data all.h5ad --from model --predict 1 --time time
refuses "needs the cells to start from" --from model --predict 1
refuses "was trained on counts" --embedding points.csv --from model --predict 1
refuses "was trained on coordinates" --data all.h5ad --from points --predict 1
refuses "no model of kind 'trajectory'" --data all.h5ad --from model/velocity.safetensors --predict 1
refuses "at least two times" --data all.h5ad --predict 1 --holdout 0-2.5
exit "$failed"
