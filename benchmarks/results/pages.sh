#!/usr/bin/env bash
# Tables of README.md, docs/results.md and docs/results/*.md from the CSV files beside this script. Needs bash and any awk.
#
#   pages.sh           rewrites the tables
#   pages.sh --check   changes nothing; exits 1 where a page differs, a file is malformed or a file has no table
#
# A table stands between two marks; lists are separated by semicolons:
#
#   <!-- table: FILE.csv | rows: method | columns: metric | where: dataset=a; split=b | only: r; MSE -->
#   <!-- end -->
#
# The mark may be broken into lines.
#
# rows, columns  a column of the file; rows: method adds a column with the role
# where          rows of the file to take: column=value or column!=value
# only           values of `columns` to show, in this order; without it all, in the order of the file
#
# A FILE.txt is a list of tasks (headline.txt): its table has the model, the best baseline and the ceiling of each.
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

# The program that turns a page into the page with its tables made anew.
cat > "$work/page.awk" <<'AWK'
function fail(text) { print FILENAME ":" FNR ": " text > "/dev/stderr"; failed = 1; exit 2 }
function trim(s) { gsub(/^[ \t]+|[ \t]+$/, "", s); return s }

# Fields of a line of CSV into field[1..]; a field in quotation marks may hold commas.
function parse(line, field,    n, at) {
  n = 0
  while (1) {
    if (substr(line, 1, 1) == "\"") {
      at = index(substr(line, 2), "\"")
      field[++n] = substr(line, 2, at - 1)
      line = substr(line, at + 2)
    } else {
      at = index(line, ",")
      field[++n] = at ? substr(line, 1, at - 1) : line
      line = at ? substr(line, at) : ""
    }
    if (line == "") return n
    line = substr(line, 2)
  }
}

# Rows of a file into data[row, column name]; returns how many.
function load(name,    path, line, n, j, count, header, field) {
  path = folder "/" name
  count = -2
  while ((getline line < path) > 0) {
    if (++count == -1) {
      if (line !~ /^# command: ./) fail(name ": its first line must be '# command: ...'")
      continue
    }
    n = parse(line, field)
    if (n != 9) fail(name ": a line has " n " fields, not 9: " line)
    if (count == 0) {
      for (j = 1; j <= n; ++j) header[j] = field[j]
      if (line != "dataset,task,split,method,role,metric,value,deviation,seeds") fail(name ": header " line)
      continue
    }
    for (j = 1; j <= n; ++j) data[count, header[j]] = field[j]
    if (data[count, "role"] !~ /^(model|baseline|ceiling)$/) fail(name ": role in " line)
    if (data[count, "value"] !~ /^[-+]?[0-9]*\.?[0-9]+(e[-+]?[0-9]+)?$/) fail(name ": value in " line)
  }
  close(path)
  if (count < 1) fail(name ": no rows")
  return count
}

# Whether a row meets all conditions "column=value; column!=value".
function meets(row, where,    n, k, part, at, column, differ) {
  n = split(where, part, ";")
  for (k = 1; k <= n; ++k) {
    at = index(part[k], "=")
    if (!at) fail("where: no = in '" part[k] "'")
    column = trim(substr(part[k], 1, at - 1))
    differ = sub(/!$/, "", column)
    if (!((row, column) in data)) fail("where: no column '" column "'")
    if ((data[row, column] == trim(substr(part[k], at + 1))) == differ) return 0
  }
  return 1
}

function shown(row) { return data[row, "value"] (data[row, "deviation"] == "" ? "" : " (" data[row, "deviation"] ")") }

function table(name, rows, columns, where, only,    count, i, j, n, m, r, c, key, line, cell, rowkey, rowrole, columnkey, title, has, used) {
  count = load(name)
  n = m = 0
  if (only != "") {
    m = split(only, columnkey, ";")
    for (j = 1; j <= m; ++j) { columnkey[j] = trim(columnkey[j]); title[columnkey[j]] = columnkey[j]; used[columnkey[j]] = 0 }
  }
  for (i = 1; i <= count; ++i) {
    if (where != "" && !meets(i, where)) continue
    r = data[i, rows]
    c = data[i, columns]
    if (only != "" && !(c in title)) continue
    if (!(c in title)) { title[c] = c; columnkey[++m] = c }
    if (columns == "method" && data[i, "role"] != "model") title[c] = c " (" data[i, "role"] ")"
    used[c] = 1
    if (!(r in has)) { has[r] = 1; rowkey[++n] = r; rowrole[n] = data[i, "role"] }
    if ((r, c) in cell) fail("two numbers for '" r "', '" c "'")
    cell[r, c] = shown(i)
  }
  if (!n) fail("no numbers for this table")
  for (j = 1; j <= m; ++j) if (!used[columnkey[j]]) fail("only: no '" columnkey[j] "'")
  line = "| " rows " |" (rows == "method" ? " role |" : "")
  for (j = 1; j <= m; ++j) line = line " " title[columnkey[j]] " |"
  print line
  line = "|---|" (rows == "method" ? "---|" : "")
  for (j = 1; j <= m; ++j) line = line "---|"
  print line
  for (i = 1; i <= n; ++i) {
    line = "| " rowkey[i] " |" (rows == "method" ? " " rowrole[i] " |" : "")
    for (j = 1; j <= m; ++j) line = line " " cell[rowkey[i], columnkey[j]] " |"
    print line
  }
}

function headline(name,    path, line, part, n, count, i, model, best, ceiling) {
  path = folder "/" name
  print "| task | measure | latentcell | best baseline | ceiling | time |"
  print "|---|---|---|---|---|---|"
  while ((getline line < path) > 0) {
    if (line ~ /^#/) continue
    n = split(line, part, "|")
    if (n != 7) fail(name ": 7 parts are needed: " line)
    for (i = 1; i <= n; ++i) part[i] = trim(part[i])
    if (part[3] != "higher" && part[3] != "lower") fail(name ": higher or lower in " line)
    split("", data)
    count = load(part[4])
    model = best = ceiling = 0
    for (i = 1; i <= count; ++i) {
      if (!meets(i, part[5])) continue
      if (data[i, "method"] == part[6]) {
        if (model) fail(name ": two rows of the model: " line)
        model = i
      }
      if (data[i, "role"] == "ceiling") ceiling = i
      if (data[i, "role"] == "baseline" && (!best || (data[i, "value"] + 0 > data[best, "value"] + 0) == (part[3] == "higher"))) best = i
    }
    if (!model || !best) fail(name ": no model or no baseline: " line)
    print "| " part[1] " | " part[2] ", " part[3] " is better | " shown(model) " | " shown(best) ": " data[best, "method"] \
          " | " (ceiling ? shown(ceiling) : "") " | " part[7] " |"
  }
  close(path)
}

/^<!-- table: / {
  if (inside) fail("a table begins inside of a table")
  inside = 1
  print
  mark = $0
  while (mark !~ /-->$/ && (getline > 0)) {  # a mark may take several lines
    print
    mark = mark " " trim($0)
  }
  sub(/^<!-- table: /, "", mark)
  if (!sub(/ -->$/, "", mark)) fail("the mark does not end with -->")
  split("", of)
  parts = split(mark, part, "|")
  for (k = 2; k <= parts; ++k) {
    at = index(part[k], ":")
    of[trim(substr(part[k], 1, at - 1))] = trim(substr(part[k], at + 1))
  }
  for (k in of) if (k !~ /^(rows|columns|where|only)$/) fail("no such word: " k)
  file = trim(part[1])
  split("", data)
  print file > used_files
  if (file ~ /\.txt$/) headline(file)
  else table(file, of["rows"], of["columns"], of["where"], of["only"])
  next
}
/^<!-- end -->$/ { if (!inside) fail("an end without a table"); inside = 0 }
!inside { print }
END { if (!failed && inside) fail("a table without an end") }
AWK

bad=0
for page in "$docs"/../README.md "$docs"/results.md "$docs"/results/*.md; do
  if ! awk -v folder="$folder" -v used_files="$work/used_$(basename "$page")" -f "$work/page.awk" "$page" > "$work/page.md"; then
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
