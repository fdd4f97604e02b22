#!/usr/bin/env bash
# What machines do to a run, and how it ends: the fault table of docs/reliability.md.
#   bash tests/faults/faults.sh PROGRAMS     PROGRAMS: the folder of the built programs
set -euo pipefail
programs=$(cd "$1" && pwd)
export OMP_WAIT_POLICY=passive
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
run="$programs/generate_cells --threads 1 --autoencoder-epochs 2 --flow-epochs 2"
long="$programs/generate_cells --threads 1 --autoencoder-epochs 3000 --flow-epochs 2"
failed=0

# expect FAULT STATUS WORDS: what the last run ended with and said
expect() {
  if [ "$status" -ne "$2" ]; then echo "WRONG  $1: status $status, not $2: $(tail -1 log)"; failed=1
  elif ! grep -qF -- "$3" log; then echo "WRONG  $1: does not say '$3': $(tail -1 log)"; failed=1
  else echo "right  $1: $(grep -F -- "$3" log | head -1 | cut -c1-110)"; fi
}
# until_there FILE: waits for it
until_there() { for ((i = 0; i < 600; ++i)); do [ -e "$1" ] && return; sleep 0.1; done; echo "WRONG  no $1"; failed=1; }
try() { status=0; "$@" > log 2>&1 || status=$?; }

mkfifo fifo
try timeout 60 $run --out fifo;             expect "--out is a fifo" 2 "is no plain file"
try timeout 60 $run --out /dev/null;        expect "--out is /dev/null" 2 "is no plain file"
try $run --out same.h5ad --report same.h5ad; expect "two results of one name" 2 "two results"
try $run --out no/such/folder.h5ad;         expect "--out in no folder" 2 "does not exist"
touch file
try $run --plots file --out o.h5ad;         expect "--plots is a file" 2 "file: cannot be created: Not a directory"
try $run --memory 0.03 --out o.h5ad;        expect "memory is not enough" 1 "--memory"
try bash -c "ulimit -f 100; exec $run --out o.h5ad"; expect "a file grows too large" 1 "File too large"
[ -z "$(find . -name '*.tmp')" ] || { echo "WRONG  a temporary file is left"; failed=1; }

for signal in INT TERM HUP; do
  rm -rf checkpoint
  env --default-signal=INT,HUP $long --checkpoint checkpoint --out o.h5ad > log 2>&1 &
  process=$!
  until_there checkpoint/autoencoder.csv
  before=$(date +%s%N)
  kill -$signal $process
  status=0
  wait $process || status=$?
  took=$((($(date +%s%N) - before) / 1000000))
  expect "SIG$signal while training ($took ms)" 130 "--resume goes on from checkpoint"
done

rm -rf checkpoint
$long --checkpoint checkpoint --out a.h5ad > other 2>&1 &
process=$!
until_there checkpoint/autoencoder.csv
try $run --checkpoint checkpoint --out b.h5ad; expect "two runs on one checkpoint folder" 2 "another run is using"
kill -TERM $process; wait $process || true
try $run --checkpoint checkpoint --resume --seed 2 --out b.h5ad; expect "a checkpoint of another seed" 2 "seed was 0, not 2"
echo "{" > checkpoint/run.json
try $run --checkpoint checkpoint --resume --out b.h5ad; expect "run.json is damaged" 2 "is damaged"
rm checkpoint/run.json
try $run --checkpoint checkpoint --resume --out b.h5ad; expect "stages without a run.json" 2 "no run.json"

rm -rf checkpoint o.h5ad
"$programs/generate_cells" --threads 1 --autoencoder-epochs 60 --flow-epochs 2 --checkpoint checkpoint --out o.h5ad > log 2>&1 &
process=$!
until_there checkpoint/autoencoder.csv
rm -rf checkpoint
status=0
wait $process || status=$?
expect "the checkpoint folder is removed" 1 "cannot be written"
[ -f o.h5ad ] || { echo "WRONG  the cells are lost with the checkpoint folder"; failed=1; }

try bash -c "$run --out o.h5ad | head -1 > /dev/null; exit \${PIPESTATUS[0]}"
[ $status -eq 0 ] && echo "right  who reads the lines goes away: the run ends well" || { echo "WRONG  closed pipe: $status"; failed=1; }
exit $failed
