#!/usr/bin/env bash
# Tables, counts and commands of README.md, docs/results.md and docs/results/*.md from the files beside this script.
# Needs bash and any awk.
#
#   pages.sh           rewrites them
#   pages.sh --check   changes nothing; exits 1 where a page differs, a file is malformed or a file has no table
#
# What is made stands between two marks. A mark may be broken into lines; lists are separated by semicolons:
#
#   <!-- table: FILE.csv | rows: method | columns: dataset, metric | where: split=a / b; task!=c | only: x; y as z -->
#   <!-- tally: STUDY; STUDY -->
#   <!-- source: FILE.csv -->
#   <!-- end -->
#
# table   numbers of one file, or of several: A.csv + B.csv
#   rows, columns  columns of the file, joined by commas where there are several
#   where          rows of the file to take: column=value, column!=value, column=one / other
#   only, lines    columns and rows of the table to show, in this order; "x as title" renames; "~x" takes all that
#                  contain x and shows their mean
#   versus         a method: a last column counts in how many comparisons it is ahead of, level with and behind each
#                  other method, over all metrics of the rows that meet `counted` (without it: `where`)
#   best           a method in place of columns: its number beside the best baseline and the ceiling
# table: FILE.txt   headline.txt, readme.txt: a row a task; tally.txt: a row a study; metrics.txt: a row a metric.
#   columns        of headline.txt, those to show
# tally   the counts of studies of tally.txt: a method beside the best baseline of each dataset, task, split and metric
# source  the command of a file, its link, and what of it no table above shows
#
# Ahead and behind: by more than two standard errors of the difference over seeds, of unpaired runs; a number without
# a deviation counts as exact. Which direction is better stands in metrics.txt; metrics without one are not counted.
set -euo pipefail
folder=$(cd "$(dirname "$0")" && pwd)
docs=$(cd "$folder/../../docs" && pwd)
check=0
case "${1:-}" in
  "") ;;
  --check) check=1 ;;
  *) echo "usage: pages.sh [--check]" >&2; exit 2 ;;
esac
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

bad=0
for page in "$docs"/../README.md "$docs"/results.md "$docs"/results/*.md; do
  if ! awk -v folder="$folder" -v used_files="$work/used_$(basename "$page")" -f "$folder/pages.awk" "$page" > "$work/page.md"; then
    bad=1
  elif ! cmp -s "$work/page.md" "$page"; then
    if [ $check = 0 ]; then
      cat "$work/page.md" > "$page"
      echo "rewrote ${page#"$docs"/}"
    else
      echo "DIFFERS: ${page#"$docs"/}; benchmarks/results/pages.sh rewrites it"
      diff "$page" "$work/page.md" | head -20 || true
      bad=1
    fi
  fi
done
for file in "$folder"/*.csv; do
  if ! grep -qxF "$(basename "$file")" "$work"/used_*; then
    echo "NO TABLE of $(basename "$file") in docs/results.md or docs/results/"
    bad=1
  fi
done
exit $bad
