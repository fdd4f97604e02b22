#!/usr/bin/env bash
# The page of serve_cells in a browser without a window: serve_page.sh SERVE_CELLS MODEL [PICTURE.png LABEL GENE]. It
# shows the model, generates cells of a label and says what they are; a picture of it is saved where one is asked for.
set -euo pipefail
serve=$1
model=$2
picture=${3:-}
browser=$(command -v chromium || command -v chromium-browser || command -v google-chrome || true)
if [ -z "$browser" ]; then
  echo "skipped: the page of serve_cells, as chromium is not there"
  exit 0
fi

folder=$(mktemp -d)
"$serve" --from "$model" --port 0 --quiet > "$folder/said" 2>&1 &
server=$!
trap 'kill $server 2> /dev/null || true; wait $server 2> /dev/null || true; rm -rf "$folder"' EXIT
for ((i = 0; i < 300; ++i)); do
  grep -q '^serves ' "$folder/said" && break
  sleep 0.1
done
address=$(sed -n 's/^serves .* at \(http:[^ ]*\)$/\1/p' "$folder/said")
[ -n "$address" ] || { echo "WRONG: serve_cells does not start:"; cat "$folder/said"; exit 1; }
label=${4:-$(python3 -c 'import json, sys, urllib.request
print(json.load(urllib.request.urlopen(sys.argv[1] + "model"))["labels"][1]["name"])' "$address")}
asked=$(python3 -c 'import sys, urllib.parse
print(urllib.parse.urlencode({"label": sys.argv[1], "gene": sys.argv[2]}))' \
  "$label" "${5:-}")
browse() {
  timeout 60 "$browser" --headless=new --no-sandbox --disable-gpu --disable-dev-shm-usage --hide-scrollbars \
    --user-data-dir="$folder/profile" --window-size=1480,890 --virtual-time-budget=20000 "$@" "$address#$asked" \
    2> "$folder/noise"
}
browse --dump-dom > "$folder/page"
failed=0
for words in "200 cells in" 'id="n-counts">[1-9]' 'class="gene"' "curl http://127.0.0.1"; do
  grep -q -- "$words" "$folder/page" || { echo "WRONG: the page does not have '$words'"; failed=1; }
done
grep -qF -- "<h2 id=\"findings-title\">$label</h2>" "$folder/page" ||
  { echo "WRONG: the page is not about $label"; failed=1; }
if grep -q 'class="bad"' "$folder/page"; then echo "WRONG: the page tells of an error"; failed=1; fi
[ "$failed" -eq 0 ] && echo "right:  the page shows the model and generates '$label'"
if [ -n "$picture" ]; then browse --screenshot="$picture" > /dev/null; fi
exit "$failed"
