#!/usr/bin/env bash
# Doxygen makes the reference of the headers without a warning.
set -euo pipefail
source "$1"

if ! command -v doxygen > /dev/null; then
  echo "skipped: there is no doxygen"
  exit 77
fi
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$source_dir"
{ cat docs/reference/Doxyfile; echo "OUTPUT_DIRECTORY = $folder"; } | doxygen - > "$folder/messages" 2>&1 ||
  { cat "$folder/messages"; exit 1; }
for page in structlatentcell_1_1LatentFlow structlatentcell_1_1Vae conceptlatentcell_1_1Backbone; do
  [ -f "$folder/html/$page.html" ] || { echo "FAILED: no page $page"; exit 1; }
done
# A comment with a mistake is noticed.
mkdir "$folder/wrong"
printf '/// A function. \\nosuchcommand\ninline void f(int x);\n' > "$folder/wrong/a.hpp"
if { cat docs/reference/Doxyfile; printf 'INPUT = %s\nUSE_MDFILE_AS_MAINPAGE =\nOUTPUT_DIRECTORY = %s\n' "$folder/wrong" "$folder/w"; } | doxygen - > "$folder/messages" 2>&1; then
  echo "FAILED: a wrong comment passes"
  exit 1
fi
