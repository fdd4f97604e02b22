# Turns a page into the page with what stands between its marks made anew: pages.sh says how. Variables: folder of the
# CSV files, used_files to write the names of the files of tables to.
function fail(text) { print FILENAME ":" FNR ": " text > "/dev/stderr"; failed = 1; exit 2 }
function trim(s) { gsub(/^[ \t]+|[ \t]+$/, "", s); return s }

# Lines of at most 118 characters.
function wrap(text,    n, word, i, line) {
  n = split(text, word, " ")
  line = word[1]
  for (i = 2; i <= n; ++i) {
    if (length(line " " word[i]) > 118) {
      print line
      line = word[i]
    } else {
      line = line " " word[i]
    }
  }
  print line
}

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

# Rows of the files "A.csv + B.csv" into data[row, column name]; returns how many.
function load(names,    n, name, i, count) {
  split("", data)
  split("", ceiling_of)
  n = split(names, name, "+")
  count = 0
  for (i = 1; i <= n; ++i) count = load_one(trim(name[i]), count)
  for (i = 1; i <= count; ++i) if (data[i, "role"] == "ceiling") ceiling_of[key(i)] = data[i, "value"]
  return count
}
function load_one(name, count,    path, line, at, n, j, header, field) {
  path = folder "/" name
  at = 0
  while ((getline line < path) > 0) {
    if (++at == 1) {
      if (line !~ /^# command: ./) fail(name ": its first line must be '# command: ...'")
      continue
    }
    n = parse(line, field)
    if (n != 9) fail(name ": a line has " n " fields, not 9: " line)
    if (at == 2) {
      for (j = 1; j <= n; ++j) header[j] = field[j]
      if (line != "dataset,task,split,method,role,metric,value,deviation,seeds") fail(name ": header " line)
      continue
    }
    ++count
    for (j = 1; j <= n; ++j) data[count, header[j]] = field[j]
    data[count, "at"] = name SUBSEP at
    if (data[count, "role"] !~ /^(model|baseline|ceiling)$/) fail(name ": role in " line)
    if (data[count, "value"] !~ /^[-+]?[0-9]*\.?[0-9]+(e[-+]?[0-9]+)?$/) fail(name ": value in " line)
  }
  close(path)
  if (at < 3) fail(name ": no rows")
  return count
}

# Parts of the lines of a FILE.txt into part_of[row, 1..parts]; returns how many.
function load_list(name, parts,    path, line, n, part, i, count) {
  path = folder "/" name
  split("", part_of)
  count = 0
  while ((getline line < path) > 0) {
    if (line ~ /^#/) continue
    n = split(line, part, "|")
    if (n != parts) fail(name ": " parts " parts are needed: " line)
    ++count
    for (i = 1; i <= n; ++i) part_of[count, i] = trim(part[i])
  }
  close(path)
  if (!count) fail(name ": no lines")
  return count
}

# Whether a row meets all conditions "column=value; column!=value; column=one / other".
function meets(row, where,    n, k, part, at, column, differ, m, value, i, same) {
  n = split(where, part, ";")
  for (k = 1; k <= n; ++k) {
    at = index(part[k], "=")
    if (!at) fail("where: no = in '" part[k] "'")
    column = trim(substr(part[k], 1, at - 1))
    differ = sub(/!$/, "", column)
    if (!((row, column) in data)) fail("where: no column '" column "'")
    m = split(substr(part[k], at + 1), value, " / ")
    same = 0
    for (i = 1; i <= m; ++i) if (data[row, column] == trim(value[i])) same = 1
    if (same == differ) return 0
  }
  return 1
}

function value_of(row, columns,    n, part, i, value) {
  n = split(columns, part, ",")
  for (i = 1; i <= n; ++i) {
    if (!((row, trim(part[i])) in data)) fail("no column '" part[i] "'")
    value = value (i > 1 ? ", " : "") data[row, trim(part[i])]
  }
  return value
}
function shown(row) {
  shown_rows[data[row, "at"]] = 1
  if (data[row, "deviation"] == "") return data[row, "value"]
  if (data[row, "deviation"] ~ /[0-9]-/) return data[row, "value"] " (" data[row, "deviation"] ")"  # a range
  return data[row, "value"] "±" data[row, "deviation"]
}
function key(row) {
  return data[row, "dataset"] SUBSEP data[row, "task"] SUBSEP data[row, "split"] SUBSEP data[row, "metric"]
}

# Comparisons. better[metric]: higher, lower, near NUMBER, near ceiling.
function load_metrics(    n, i, m, j, name) {
  if (metrics_loaded) return
  metrics_loaded = 1
  n = load_list("metrics.txt", 3)
  for (i = 1; i <= n; ++i) {
    if (part_of[i, 3] !~ /^(higher|lower|near ceiling|near [0-9.]+)$/) fail("metrics.txt: better in " part_of[i, 1])
    m = split(part_of[i, 1], name, ";")
    for (j = 1; j <= m; ++j) better[trim(name[j])] = part_of[i, 3]
  }
}
function counts(row,    way) {  # whether it has a direction
  way = better[data[row, "metric"]]
  return way != "" && (way != "near ceiling" || key(row) in ceiling_of)
}
function loss(row,    way, off) {
  way = better[data[row, "metric"]]
  if (way == "higher") return -data[row, "value"]
  if (way == "lower") return data[row, "value"] + 0
  off = data[row, "value"] - (way == "near ceiling" ? ceiling_of[key(row)] : substr(way, 6))
  return off < 0 ? -off : off
}
function variance_of_mean(row,    seeds, part, deviation) {
  deviation = data[row, "deviation"]
  if (deviation !~ /^[0-9]*\.?[0-9]+(e[-+]?[0-9]+)?$/) return 0  # none, or a range
  seeds = split(data[row, "seeds"], part, " ")
  return deviation * deviation / (seeds ? seeds : 1)
}
function compare(ours, other,    difference) {  # 1 ahead, 0 level, -1 behind
  difference = loss(other) - loss(ours)
  if (difference * difference <= 4 * (variance_of_mean(ours) + variance_of_mean(other)) + 1e-16) return 0
  return difference > 0 ? 1 : -1
}
# The best baseline of the key of a row among `count` rows, 0 if there is none.
function best_baseline(row, count,    i, best) {
  best = 0
  for (i = 1; i <= count; ++i)
    if (data[i, "role"] == "baseline" && key(i) == key(row) && (!best || loss(i) < loss(best))) best = i
  return best
}

# Which of the entries asked[1..n] ("x", "~x", "~x ~y") a value is of, 0 if of none.
function entry_of(value, asked, n,    i) {
  for (i = 1; i <= n; ++i) if (asked[i] == value || (asked[i] ~ /^~/ && has_all(value, asked[i]))) return i
  return 0
}
function has_all(value, asked,    n, part, i) {
  n = split(asked, part, "~")
  for (i = 2; i <= n; ++i) if (!index(value, trim(part[i]))) return 0
  return 1
}
function read_asked(list, asked, title,    n, i, at) {
  n = split(list, asked, ";")
  for (i = 1; i <= n; ++i) {
    asked[i] = trim(asked[i])
    title[i] = asked[i]
    at = index(asked[i], " as ")
    if (at) {
      title[i] = trim(substr(asked[i], at + 4))
      asked[i] = trim(substr(asked[i], 1, at - 1))
    }
  }
  return n
}
function role_mark(row, columns) {
  return columns ~ /(^|, *)method($|,)/ && data[row, "role"] != "model" ? " (" data[row, "role"] ")" : ""
}

function table(names,    count, i, j, n, m, k, r, c, asked, asked_title, line_key, line_title, column_key, column_title,
               by_column, by_line, cell, sum, many, line) {
  count = load(names)
  m = by_column = read_asked(of["only"], asked, asked_title)
  for (j = 1; j <= m; ++j) { column_key[j] = asked[j]; column_title[j] = asked_title[j] }
  n = by_line = read_asked(of["lines"], asked, asked_title)
  for (j = 1; j <= n; ++j) { line_key[j] = asked[j]; line_title[j] = asked_title[j] }
  for (i = 1; i <= count; ++i) {
    if (of["where"] != "" && !meets(i, of["where"])) continue
    k = value_of(i, of["columns"])
    c = entry_of(k, column_key, m)
    if (!c && by_column) continue
    if (!c) { c = ++m; column_key[m] = column_title[m] = k }
    if (column_title[c] == k) column_title[c] = k role_mark(i, of["columns"])
    k = value_of(i, of["rows"])
    r = entry_of(k, line_key, n)
    if (!r && by_line) continue
    if (!r) { r = ++n; line_key[n] = line_title[n] = k }
    if (line_title[r] == k) line_title[r] = k role_mark(i, of["rows"])
    if (((r, c) in cell) && column_key[c] line_key[r] !~ /~/) fail("two numbers for " line_key[r] ", " column_key[c])
    cell[r, c] = shown(i)
    sum[r, c] += data[i, "value"]
    if (++many[r, c] > 1) cell[r, c] = sprintf("%.3f", sum[r, c] / many[r, c])
    has_column[c] = has_line[r] = FNR
  }
  if (!n || !m) fail("no numbers for this table")
  for (j = 1; j <= m; ++j) if (has_column[j] != FNR) fail("only: no '" column_key[j] "'")
  for (j = 1; j <= n; ++j) if (has_line[j] != FNR) fail("lines: no '" line_key[j] "'")
  line = "| " of["rows"] " |"
  for (j = 1; j <= m; ++j) line = line " " column_title[j] " |"
  print line (of["versus"] == "" ? "" : " " of["versus"] " ahead/level/behind |")
  line = "|---|"
  for (j = 1; j <= m; ++j) line = line "---|"
  print line (of["versus"] == "" ? "" : "---|")
  for (i = 1; i <= n; ++i) {
    line = "| " line_title[i] " |"
    for (j = 1; j <= m; ++j) line = line " " cell[i, j] " |"
    print line (of["versus"] == "" ? "" : " " versus(of["versus"], line_key[i], count) " |")
  }
}

# "ahead/level/behind" of a method beside another one, over the rows that meet `counted`.
function versus(ours, other, count,    i, where, row_of, result, tally) {
  load_metrics()
  where = of["counted"] == "" ? of["where"] : of["counted"]
  if (ours == other) return ""
  for (i = 1; i <= count; ++i) if (data[i, "method"] == ours && (where == "" || meets(i, where))) row_of[key(i)] = i
  split("", tally)
  for (i = 1; i <= count; ++i) {
    if (data[i, "method"] != other || data[i, "role"] == "ceiling" || !(key(i) in row_of) || !counts(i)) continue
    ++tally[compare(row_of[key(i)], i)]
    ++tally["all"]
  }
  return tally["all"] ? tally[1] + 0 "/" tally[0] + 0 "/" tally[-1] + 0 : ""
}

# A method beside the best baseline and the ceiling of each value of `columns`, a line each value of `rows`.
function best_table(names,    count, i, j, c, m, n, column_key, column_title, line_of, line_key, has, cell, line,
                    best) {
  load_metrics()
  count = load(names)
  m = read_asked(of["only"], column_key, column_title)
  if (!m) fail("best: `only` is needed")
  n = 0
  for (i = 1; i <= count; ++i) {
    if (data[i, "method"] != of["best"] || (of["where"] != "" && !meets(i, of["where"]))) continue
    c = entry_of(value_of(i, of["columns"]), column_key, m)
    if (!c) continue
    j = value_of(i, of["rows"])
    if (!(j in line_of)) { line_of[j] = ++n; line_key[n] = j }
    best = best_baseline(i, count)
    if (!best) fail("no baseline for " j ", " column_key[c])
    cell[j, c] = shown(i) " | " shown(best) " |"
    for (best = 1; best <= count; ++best)
      if (data[best, "role"] == "ceiling" && key(best) == key(i)) {
        cell[j, c] = cell[j, c] " " shown(best)
        has[c] = 1
      }
  }
  if (!n) fail("no numbers for this table")
  line = "| " of["rows"] " |"
  for (c = 1; c <= m; ++c)
    line = line " " column_title[c] ": " of["best"] " | best baseline |" (has[c] ? " ceiling |" : "")
  print line
  gsub(/[^|]+/, "---", line)
  print line
  for (i = 1; i <= n; ++i) {
    line = "| " line_key[i] " |"
    for (c = 1; c <= m; ++c) {
      if (!((line_key[i], c) in cell)) fail("no number for " line_key[i] ", " column_key[c])
      line = line " " cell[line_key[i], c] (has[c] ? " |" : "")
    }
    print line
  }
}

function headline(name,    lines, l, n, i, count, model, best, ceiling, columns, column, line, cell) {
  load_metrics()
  lines = load_list(name, 7)
  columns = of["columns"] == "" ? "task; measure; latentcell; best baseline; ceiling; time" : of["columns"]
  n = split(columns, column, ";")
  line = ""
  for (i = 1; i <= n; ++i) { column[i] = trim(column[i]); line = line "| " column[i] " " }
  print line "|"
  line = ""
  for (i = 1; i <= n; ++i) line = line "|---"
  print line "|"
  for (l = 1; l <= lines; ++l) {
    if (part_of[l, 3] != "higher" && part_of[l, 3] != "lower") fail(name ": higher or lower in " part_of[l, 1])
    count = load(part_of[l, 4])
    model = best = ceiling = 0
    for (i = 1; i <= count; ++i) {
      if (!meets(i, part_of[l, 5])) continue
      if (data[i, "method"] == part_of[l, 6]) {
        if (model) fail(name ": two rows of the model: " part_of[l, 1])
        model = i
      }
      if (data[i, "role"] == "ceiling") ceiling = i
      if (data[i, "role"] != "baseline") continue
      if (!best || (data[i, "value"] + 0 > data[best, "value"] + 0) == (part_of[l, 3] == "higher")) best = i
    }
    if (!model || !best) fail(name ": no model or no baseline: " part_of[l, 1])
    cell["task"] = part_of[l, 1]
    cell["metric"] = part_of[l, 2]
    cell["measure"] = part_of[l, 2] ", " part_of[l, 3] " is better"
    cell["latentcell"] = shown(model)
    cell["best baseline"] = data[best, "method"]
    sub(/^and /, "real cells and ", cell["best baseline"])  # what is added to them
    cell["best baseline"] = shown(best) ": " cell["best baseline"]
    cell["ceiling"] = ceiling ? shown(ceiling) : ""
    cell["time"] = part_of[l, 7]
    i = compare(model, best)
    cell["latentcell is"] = i > 0 ? "ahead" : i < 0 ? "behind" : "level"
    if (data[model, "deviation"] data[best, "deviation"] == "")
      cell["latentcell is"] = cell["latentcell is"] ", no deviation"
    line = ""
    for (i = 1; i <= n; ++i) {
      if (!(column[i] in cell)) fail("no column '" column[i] "' of " name)
      line = line "| " cell[column[i]] " "
    }
    print line "|"
  }
}

# Counts a study of tally.txt, line l of part_of, into tally[1], tally[0], tally[-1] and behind_by[metric].
function count_study(l,    count, i, best, result, method, where) {
  method = part_of[l, 5]
  where = part_of[l, 4]
  count = load(part_of[l, 3])
  split("", tally)
  split("", behind_by)
  tally["all"] = 0
  for (i = 1; i <= count; ++i) {
    if (data[i, "method"] != method || (where != "" && !meets(i, where)) || !counts(i)) continue
    best = best_baseline(i, count)
    if (!best) continue
    result = compare(i, best)
    ++tally[result]
    ++tally["all"]
    if (result < 0) ++behind_by[data[i, "metric"]]
  }
  if (!tally["all"]) fail("tally.txt: nothing to compare in " part_of[l, 1])
}

function tally_table(    lines, l, metric, where_behind) {
  load_metrics()
  lines = load_list("tally.txt", 5)
  print "| study | ahead/level/behind | behind in |"
  print "|---|---|---|"
  for (l = 1; l <= lines; ++l) {
    count_study(l)
    where_behind = ""
    for (metric in behind_by)
      where_behind = where_behind "\n" metric (behind_by[metric] > 1 ? " x" behind_by[metric] : "")
    print "| [" part_of[l, 1] "](results/" part_of[l, 2] ".md) | " \
           tally[1] + 0 "/" tally[0] + 0 "/" tally[-1] + 0 " | " sorted(substr(where_behind, 2)) " |"
  }
}
function sorted(lines,    n, part, i, j, held, text) {
  n = split(lines, part, "\n")
  for (i = 2; i <= n; ++i)
    for (j = i; j > 1 && part[j] < part[j - 1]; --j) {
      held = part[j]
      part[j] = part[j - 1]
      part[j - 1] = held
    }
  for (i = 1; i <= n; ++i) text = text (i > 1 ? "; " : "") part[i]
  return text
}

function metric_table(    lines, l) {
  lines = load_list("metrics.txt", 3)
  print "| metric | meaning | better |"
  print "|---|---|---|"
  for (l = 1; l <= lines; ++l)
    if (part_of[l, 2] != "") print "| " part_of[l, 1] " | " part_of[l, 2] " | " part_of[l, 3] " |"
}

function source(names,    count, i, above, text, n, name, k) {
  n = split(names, name, "+")
  count = load(names)
  above = 0
  for (i = 1; i <= count; ++i) above += (data[i, "at"] in shown_rows)
  if (!above) fail(names ": no table above shows it")
  text = "Numbers (" above " of " count " above) and commands:"
  for (k = 1; k <= n; ++k)
    text = text " [" trim(name[k]) "](../../benchmarks/results/" trim(name[k]) ")" (k < n ? "," : ".")
  wrap(text)
}

# What the block of a name in tables.txt says, into of[word].
function read_block(name,    path, line, inside_block, word) {
  path = folder "/tables.txt"
  split("", of)
  while ((getline line < path) > 0) {
    if (line ~ /^#/ || line ~ /^[ \t]*$/) continue
    if (line ~ /^[^ ]/) { inside_block = line == name; continue }
    if (!inside_block) continue
    line = trim(line)
    if (line ~ /^(file|rows|columns|where|only|lines|versus|counted|best):/) {
      word = substr(line, 1, index(line, ":") - 1)
      if (word in of) fail("tables.txt: " word " twice in " name)
      of[word] = trim(substr(line, length(word) + 2))
    } else {
      of[word] = of[word] " " line
    }
  }
  close(path)
  if (!("file" in of)) {
    if (name !~ /\.txt$/) fail("tables.txt: no " name)
    of["file"] = name
  }
}

/^<!-- (table|source): / {
  if (inside) fail("a mark inside of another")
  inside = 1
  print
  mark = $0
  while (mark !~ /-->$/ && (getline > 0)) {  # a mark may take several lines
    print
    mark = mark " " trim($0)
  }
  if (!sub(/ -->$/, "", mark)) fail("the mark does not end with -->")
  kind = substr(mark, 6, index(mark, ":") - 6)
  mark = trim(substr(mark, index(mark, ":") + 1))
  if (kind == "source") source(mark)
  else {
    read_block(mark)
    print "table " mark > used_files
    parts = split(of["file"], part, "+")
    for (k = 1; k <= parts; ++k) print trim(part[k]) > used_files
    if (of["file"] == "tally.txt") tally_table()
    else if (of["file"] == "metrics.txt") metric_table()
    else if (of["file"] ~ /\.txt$/) headline(of["file"])
    else if (of["best"] != "") best_table(of["file"])
    else table(of["file"])
  }
  next
}
/^<!-- end -->$/ { if (!inside) fail("an end without a mark"); inside = 0 }
!inside { print }
END { if (!failed && inside) fail("a mark without an end") }
