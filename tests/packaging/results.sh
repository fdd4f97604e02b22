#!/usr/bin/env bash
# The tables and counts of docs/results.md and docs/results/ are those of benchmarks/results/*.csv; pages are short,
# links lead somewhere.
set -euo pipefail
source "$1"

failed=0
bash "$source_dir/benchmarks/results/pages.sh" --check || failed=1

# A changed number is found: the check of a copy fails.
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
mkdir -p "$folder/benchmarks"
cp -r "$source_dir/benchmarks/results" "$folder/benchmarks/results"
cp -r "$source_dir/docs" "$folder/docs"
cp "$source_dir/README.md" "$folder/README.md"
awk '/^\| latentcell \|/ && !done { sub(/[0-9]\.?[0-9]*/, "77"); done = 1 } { print }' \
  "$source_dir/docs/results/generation.md" > "$folder/docs/results/generation.md"
if bash "$folder/benchmarks/results/pages.sh" --check > "$folder/messages" 2>&1; then
  echo "FAILED: a changed number was not found"
  failed=1
elif ! grep -q "DIFFERS: results/generation.md" "$folder/messages"; then
  cat "$folder/messages"
  failed=1
fi

# Counts of a file with a known answer: beside a baseline one comparison is ahead, two are level (within two standard
# errors; the same number) and one is behind; the metric without a direction is not counted.
made="$folder/made"
mkdir -p "$made/benchmarks/results" "$made/docs/results"
cp "$source_dir"/benchmarks/results/pages.{sh,awk} "$made/benchmarks/results"
printf '%s\n' '# command: program "a b" --seeds 0 1 2' 'dataset,task,split,method,role,metric,value,deviation,seeds' \
  d,t,s,ours,model,up,2.0,0.1,0\ 1\ 2 d,t,s,other,baseline,up,1.0,0.1,0\ 1\ 2 \
  d,t,s,ours,model,down,1.00,0.1,0\ 1\ 2 d,t,s,other,baseline,down,0.84,0.1,0\ 1\ 2 \
  d,t,s,ours,model,half,.6,, d,t,s,other,baseline,half,.4,, \
  d,t,s,ours,model,label,.7,, d,t,s,other,baseline,label,1,, d,t,s,real,ceiling,label,.9,, \
  d,t,s,ours,model,colour,1,, d,t,s,other,baseline,colour,2,, > "$made/benchmarks/results/a.csv"
printf '%s\n' 'up | | higher' 'down | | lower' 'half | | near .5' 'label | | near ceiling' \
  > "$made/benchmarks/results/metrics.txt"
printf '%s\n' 'Study | page | a.csv | | ours' > "$made/benchmarks/results/tally.txt"
printf '%s\n' 'scores' '  file: a.csv' '  rows: method' '  columns: metric' '  only: up;' \
  '    label as label accuracy' '  versus: ours' > "$made/benchmarks/results/tables.txt"
touch "$made/README.md"
printf '%s\n' '<!-- table: tally.txt -->' '<!-- end -->' > "$made/docs/results.md"
printf '%s\n' '<!-- table: scores -->' 'old' '<!-- end -->' '<!-- source: a.csv -->' '<!-- end -->' \
  > "$made/docs/results/page.md"
bash "$made/benchmarks/results/pages.sh" > "$folder/messages"
cat > "$folder/expected" <<'PAGE'
<!-- table: scores -->
| method | up | label accuracy | ours ahead/level/behind |
|---|---|---|---|
| ours | 2.0±0.1 | .7 |  |
| other (baseline) | 1.0±0.1 | 1 | 1/2/1 |
| real (ceiling) |  | .9 |  |
<!-- end -->
<!-- source: a.csv -->
Numbers (5 of 11 above) and commands: [a.csv](../../benchmarks/results/a.csv).
<!-- end -->
PAGE
cat > "$folder/expected_tally" <<'PAGE'
<!-- table: tally.txt -->
| study | ahead/level/behind | behind in |
|---|---|---|
| [Study](results/page.md) | 1/2/1 | label |
<!-- end -->
PAGE
if ! diff "$folder/expected" "$made/docs/results/page.md" ||
  ! diff "$folder/expected_tally" "$made/docs/results.md"; then
  echo "FAILED: the page of a file with a known answer"
  failed=1
fi

for page in "$source_dir"/docs/results.md "$source_dir"/docs/results/*.md "$source_dir"/docs/experiments.md; do
  awk -v name="${page#"$source_dir"/}" '
    !/^\|/ && !/^<!--/ && length($0) > 120 { print "FAILED: " name ":" NR ": more than 120 characters"; bad = 1 }
    END { if (NR > 200) { print "FAILED: " name ": " NR " lines, at most 200"; bad = 1 } exit bad }' "$page" || failed=1
  while read -r link; do
    if [ ! -e "$(dirname "$page")/$link" ]; then
      echo "FAILED: ${page#"$source_dir"/}: $link is not there"
      failed=1
    fi
  done < <(grep -o '](\([^)#:]*\)' "$page" | cut -c3-)
done
exit $failed
