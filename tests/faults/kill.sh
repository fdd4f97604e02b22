#!/usr/bin/env bash
# Kills each program at random moments, resumes it, and compares the output with that of an undisturbed run, byte by
# byte; no torn or temporary file may be seen where a result belongs.
#   bash tests/faults/kill.sh PROGRAMS [KILLS [PROGRAM...]]     PROGRAMS: the folder of the built programs; 3 kills
# Ends with status 1 where an output differs.
set -euo pipefail
programs=$1 kills=${2:-3}
shift; shift || true
export OMP_WAIT_POLICY=passive
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
generator="--autoencoder-epochs 6 --flow-epochs 6"
declare -A words=(
  [generate_cells]="$generator" [augment_cells]="$generator --method generated" [predict_perturbation]="$generator"
  [transfer_labels]="$generator --rounds 1 --training-steps 20" [model_trajectory]="--velocity-epochs 6 --decoder-epochs 6 --nested-fits 1"
  [translate_omics]="--epochs 3 --members 2" [impute_spatial]="--epochs 3 --members 2")
chosen=("$@")
[ ${#chosen[@]} -gt 0 ] || chosen=("${!words[@]}")
# One program; status 1 where an output differs.
kill_program() {
  local program=$1 run started took wrong=0 kill resume
  mkdir -p "$program"
  cd "$program"
  RANDOM=1
  run="$programs/$program --threads 1 --quiet ${words[$program]}"
  started=$(date +%s%N)
  $run --checkpoint whole --out whole.h5ad > log 2>&1 || { echo "FAILED  $program"; cat log; return 1; }
  took=$((($(date +%s%N) - started) / 1000000))
  for ((kill = 0; kill < kills; ++kill)); do
    if ((kill % 3 == 0)); then rm -rf run out.h5ad; fi  # one run is killed three times, so that resumed ones are too
    resume=$([ -f run/run.json ] && echo --resume || true)
    $run --checkpoint run $resume --out out.h5ad > log 2>&1 &
    sleep "$(awk -v t=$((RANDOM % (took + 1))) 'BEGIN { print t / 1000 }')"
    kill -KILL $! 2> /dev/null || true
    wait $! 2> /dev/null || true
    if [ -e out.h5ad ] && ! cmp -s out.h5ad whole.h5ad; then echo "TORN    $program: out.h5ad"; wrong=1; fi
    if ((kill % 3 < 2 && kill + 1 < kills)); then continue; fi
    resume=$([ -f run/run.json ] && echo --resume || true)
    if ! $run --checkpoint run $resume --out out.h5ad > log 2>&1; then
      echo "FAILED  $program: does not resume: $(tail -1 log)"; wrong=1
    elif ! cmp -s out.h5ad whole.h5ad; then
      echo "FAILED  $program: another output after kill $kill"; wrong=1
    fi
  done
  [ $wrong -eq 0 ] && echo "right   $program: $kills kills, the same output"
  return $wrong
}

failed=0
for ((first = 0; first < ${#chosen[@]}; first += 2)); do  # two at a time, one thread each
  running=()
  for program in "${chosen[@]:first:2}"; do
    (kill_program "$program") 2>&1 &
    running+=($!)
  done
  for one in "${running[@]}"; do wait "$one" || failed=1; done
done
exit $failed
