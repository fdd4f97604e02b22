#!/usr/bin/env bash
# The tables of docs/results.md and docs/results/ are those of benchmarks/results/*.csv; pages are short, links lead somewhere.
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
awk '/^\| latentcell \|/ && !done { sub(/[0-9]\.?[0-9]*/, "77"); done = 1 } { print }' "$source_dir/docs/results/generation.md" \
  > "$folder/docs/results/generation.md"
if bash "$folder/benchmarks/results/pages.sh" --check > "$folder/messages" 2>&1; then
  echo "FAILED: a changed number was not found"
  failed=1
elif ! grep -q "DIFFERS: results/generation.md" "$folder/messages"; then
  cat "$folder/messages"
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
