#!/usr/bin/env bash
# Tables and links to files of README.md, docs/results.md and docs/results/*.md from the files beside this script.
# Needs bash and any awk.
#
#   pages.sh           rewrites them
#   pages.sh --check   changes nothing; exits 1 where a page differs, a file is malformed or is in no table
#
# What is made stands between two marks:
#
#   <!-- table: NAME -->              a block of tables.txt; or a list: readme.txt, tally.txt, metrics.txt
#   <!-- source: A.csv + B.csv -->    links of files, and how many of their numbers the tables above show
#   <!-- end -->
#
# Words of a block of tables.txt; lists are separated by semicolons, a line may be continued by indented ones:
#
#   file           A.csv, several: A.csv + B.csv, or headline.txt: a row a task
#   rows, columns  columns of the file, joined by commas where there are several; of headline.txt: those to show
#   where          rows of the file to take: column=value, column!=value, column=one / other
#   only, lines    columns and rows of the table to show, in this order; "x as title" renames; "~x ~y" takes all
#                  that contain x and y and shows their mean
#   versus         a method: a last column counts in how many comparisons it is ahead of, level with and behind each
#                  other method, over all metrics of the rows that meet `counted` (without it: `where`)
#   best           a method: for each of `only` its number, the best baseline's and the ceiling
#
# A comparison is one dataset, task, split and metric. Ahead and behind: by more than two standard errors of the
# difference over seeds, of unpaired runs; a number without a deviation counts as exact. Which direction is better
# stands in metrics.txt; metrics without one are not counted.
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
  used="$work/used_$(basename "$page")"
  if ! awk -v folder="$folder" -v used_files="$used" -f "$folder/pages.awk" "$page" > "$work/page.md"; then
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
grep '^[^ #]' "$folder/tables.txt" > "$work/names"
while read -r name; do
  if ! grep -qxF "table $name" "$work"/used_*; then
    echo "NO PAGE has the table '$name' of tables.txt"
    bad=1
  fi
done < "$work/names"
for file in "$folder"/*.csv; do
  if ! grep -qxF "$(basename "$file")" "$work"/used_*; then
    echo "NO TABLE of $(basename "$file") in docs/results.md or docs/results/"
    bad=1
  fi
done
exit $bad
