#!/usr/bin/env bash
# Ranks that throw, leave, are killed or stopped: the job ends with a status and a sentence, and a run goes on.
#   bash tests/distributed/run.sh PROGRAM
set -uo pipefail
program=$1
source "$(dirname "$0")/ranks.sh"
export LATENTCELL_RANKS_SECONDS=10  # what a job may take to end
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
failed=0

# expect WHAT STATUS TEXT: of the job that ran last, STATUS a pattern
expect() {
  if [[ $status == $2 ]] && grep -q -- "$3" "$folder/log"; then
    echo "right   $1"
  else
    echo "FAILED  $1: status $status, said:"
    cat "$folder/log"
    failed=1
  fi
}
job() {
  ranks "$1" "$program" "$2" "$folder" > "$folder/log" 2>&1
  status=$?
}
ends='[!0]*'
host=$(uname -n)

job 4 throw
expect "a rank that throws before the training" "$ends" "rank 3 of 4 on $host: part3.h5ad: cannot be opened"
job 4 throw_late
expect "a rank that throws within it" "$ends" "rank 3 of 4 on $host: part3.h5ad: is cut short"
rm -f "$folder/run.safetensors"
job 2 throw_number
expect "a rank that throws no exception of the library" "$ends" "rank 1 of 2 on $host: an exception that is no"
job 4 leave
expect "a rank that leaves while others train" "$ends" "rank 3 has ended while others wait for it"
job 4 status
expect "a rank with another status" "$ends" ""
job 4 train
expect "a job without trouble" 0 "steps 0 to 4$"
rm -f "$folder/run.safetensors"

# background RANKS: starts an endless run and returns when it trains
background() {
  rm -f "$folder/trains"
  ranks "$1" "$program" endless "$folder" > "$folder/log" 2>&1 &
  job=$!
  for _ in $(seq 300); do
    [ -f "$folder/trains" ] && return
    sleep 0.02
  done
}
export LATENTCELL_RANKS_SECONDS=20
background 4
kill -KILL "$(cat "$folder/pid.2")"
wait $job
status=$?
expect "a rank that is killed" "$ends" ""
[ -f "$folder/run.safetensors" ] || { echo "FAILED  a killed job left no checkpoint"; failed=1; }

background 2
kill -TERM "$(cat "$folder/pid.1")"  # one rank alone
wait $job
status=$?
expect "a signal to one of two ranks, in a run that four began" "$ends" "steps [1-9][0-9]* to [0-9]*, stopped"

background 8
kill -TERM "$(pgrep -P "$(pgrep -P $job)")"  # of timeout, of the function
wait $job
status=$?
expect "a signal to mpirun, in a run that two went on with" "$ends" "steps [1-9][0-9]* to [0-9]*, stopped"
exit $failed
