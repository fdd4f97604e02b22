#!/usr/bin/env bash
# What all programs have in common: command_line.sh FOLDER CHECK_REPORT, the folder of the programs. Words of options, help,
# versions, files of options, quiet runs, exit statuses.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
programs=$1
checker=$2

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
all=(generate_cells augment_cells transfer_labels predict_perturbation model_trajectory translate_omics impute_spatial)
failed=0
wrong() { echo "WRONG: $*"; failed=1; }

for program in "${all[@]}"; do
  "$programs/$program" --help > help || wrong "$program --help ends with $?"
  for word in --data --holdout --seed --out --report --checkpoint --resume --threads --quiet --config --version; do
    grep -q -- " $word\b" help || wrong "$program has no $word"
  done
  for part in Input Training Prediction Evaluation Output Run Examples "Exit status"; do
    grep -q "^$part:" help || wrong "$program --help has no part '$part'"
  done
  [ "$(grep -c "^  $program " help)" -eq 2 ] || wrong "$program --help does not have two examples"
  if grep -v "^  $program " help | grep -n '.\{121\}'; then wrong "$program --help has a line above 120 characters"; fi
  "$programs/$program" --version > version || wrong "$program --version ends with $?"
  for word in "^$program [0-9.]*$" "^compiler " "^Eigen [0-9.]*$" "^HDF5 [0-9.]*$" "^threads [0-9]*$"; do
    grep -q "$word" version || wrong "$program --version does not say $word"
  done
done
# --label is the same word wherever labels are.
for program in generate_cells augment_cells transfer_labels predict_perturbation model_trajectory impute_spatial; do
  "$programs/$program" --help > help
  grep -q -- " --label " help || wrong "$program has no --label"
done

# status PROGRAM WORDS ARGUMENTS...: former spellings name the new one.
former() {
  local program=$1 words=$2 status=0
  shift 2
  "$programs/$program" "$@" 2> messages || status=$?
  [ "$status" -eq 2 ] || wrong "$program $* ends with $status"
  grep -qF -- "$words" messages || { wrong "$program $* does not say '$words':"; cat messages; }
}
former predict_perturbation "--group: use --label" --group cell_type
former translate_omics "--folds: use --holdout" --folds 2
former model_trajectory "--fate: use --label" --fate cell_type
former model_trajectory "--dimensions: use --components" --dimensions 5
former model_trajectory "--cells: use --count" --cells 5
former impute_spatial "--region: use --label" --region layer
former transfer_labels "--steps: use --training-steps" --steps 5

# A file of options is the same as options; the command line has the last word.
short=(--count 50 --autoencoder-epochs 2 --flow-epochs 2 --steps 4)
printf 'count = 50\nautoencoder-epochs = 2\nflow-epochs = 2\nsteps = 4\nseed = 8\n' > options.toml
"$programs/generate_cells" "${short[@]}" --seed 3 --out a.h5ad --report a.json > said
"$programs/generate_cells" --config options.toml --seed 3 --out b.h5ad --quiet > quiet 2> messages
cmp a.h5ad b.h5ad || wrong "options of a file give other cells"
"$checker" "$here/../../docs/report.schema.json" a.json || wrong "the report"
grep -q '"flow_epochs": 2' a.json || wrong "the report does not have the options by their names"
# Quiet: the verdict alone, which is the last line otherwise too, and in the report.
[ "$(grep -c . quiet)" -eq 1 ] && [ ! -s messages ] || { wrong "--quiet prints more than the verdict:"; cat quiet messages; }
[ "$(tail -1 said)" = "$(cat quiet)" ] || wrong "the last line is not the verdict"
grep -q "^verdict: generated cells: better than every baseline in [0-9]* of [0-9]* metrics" quiet || wrong "no verdict"
grep -qF "\"verdict\": \"$(sed 's/^verdict: //' quiet)\"" a.json || wrong "the report has another verdict"
[ "$(grep -c '^autoencoder: ' said)" -eq 1 ] || wrong "the summary of a stage is not there once"

# What fails after training has begun ends with 1.
status=0
"$programs/generate_cells" "${short[@]}" --autoencoder-learning-rate 1e30 --out c.h5ad > said 2> messages || status=$?
[ "$status" -eq 1 ] || { wrong "a loss that is not finite ends with $status"; cat messages; }
[ ! -e c.h5ad ] || wrong "a failed run wrote cells"
exit "$failed"
