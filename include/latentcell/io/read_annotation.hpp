#pragma once

#include <charconv>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <system_error>
#include <unordered_map>
#include <utility>
#include <vector>

#include <latentcell/data/cell_table.hpp>
#include <latentcell/io/delimited.hpp>
#include <latentcell/io/utf8.hpp>

namespace LATENTCELL_NAMESPACE::io {

/// A table of annotations as read: a name and the columns of each row.
struct NamedAnnotation {
  std::vector<std::string> names;
  Annotation columns;
};

namespace detail {

inline bool is_absent(std::string_view field) {
  return field.empty() || field == "NA" || field == "nan" || field == "NaN" || field == "<NA>";
}

/// A column of fields as whole numbers, numbers, truth values or labels, whichever fits all that are there.
inline Column typed_column(const std::vector<std::string>& fields) {
  Integers whole;
  std::vector<double> real;
  Booleans flags;
  std::vector<char> missing;
  std::vector<std::string> texts;
  bool is_whole = true, is_real = true, is_flag = true, any = false, some_missing = false;
  for (const std::string& field : fields) {
    const char *first = field.data(), *last = first + field.size();
    const bool absent = is_absent(field);
    const auto parse = [&](auto& value) {
      const auto [end, error] = std::from_chars(first, last, value);
      return error == std::errc() && end == last;
    };
    std::int64_t number = 0;
    double value = std::numeric_limits<double>::quiet_NaN();
    const bool yes = field == "True" || field == "TRUE" || field == "true";
    const bool no = field == "False" || field == "FALSE" || field == "false";
    // Codes such as 007 are no numbers.
    const bool padded = field.size() > 1 && field[0] == '0' && field[1] >= '0' && field[1] <= '9';
    is_whole = is_whole && (absent || (parse(number) && !padded));
    is_real = is_real && (absent || (parse(value) && !padded));
    is_flag = is_flag && (absent || yes || no);
    any = any || !absent;
    some_missing = some_missing || absent;
    whole.values.push_back(absent ? 0 : number);
    real.push_back(absent ? std::numeric_limits<double>::quiet_NaN() : value);
    flags.values.push_back(yes);
    missing.push_back(absent);
    texts.push_back(absent ? "" : field);
  }
  if (some_missing) whole.missing = flags.missing = missing;
  if (any && is_whole) return whole;
  if (any && is_real) return real;
  if (any && is_flag) return flags;
  return to_categorical(texts);
}

}  // namespace detail

/// Reads a table of annotations from CSV or TSV, plain or gzipped: a header, then a line a cell. Its first column has
/// the names. Columns of whole numbers, numbers and truth values are such; others are labels; empty fields and NA are
/// missing. Throws std::runtime_error naming the file and line.
inline NamedAnnotation read_annotation(const std::string& path) {
  LineReader in(path);
  std::string_view line, field;
  if (!in.next(line)) throw_runtime(path, ": is empty");
  const char delimiter = detail::find_delimiter(path, line);
  std::vector<std::string> header;
  for (detail::Fields fields(in, line, delimiter); fields.next(field);) header.emplace_back(field);
  NamedAnnotation out;
  std::vector<std::vector<std::string>> columns;
  while (in.next(line)) {
    if (line.empty()) continue;
    std::vector<std::string> row;
    for (detail::Fields fields(in, line, delimiter); fields.next(field);) row.emplace_back(field);
    // R writes no field above the names of the rows.
    if (columns.empty() && row.size() == header.size() + 1) header.insert(header.begin(), "");
    if (row.size() != header.size()) in.fail("has ", row.size(), " fields but the header has ", header.size());
    columns.resize(header.size());
    for (std::size_t c = 0; c < row.size(); ++c) {
      make_utf8(row[c]);
      columns[c].push_back(std::move(row[c]));
    }
  }
  if (columns.size() < 2) throw_runtime(path, ": needs a column of names, at least one other, and a line of values");
  out.names = std::move(columns[0]);
  out.columns = Annotation(Index(out.names.size()));
  for (std::size_t c = 1; c < columns.size(); ++c) {
    if (header[c].empty()) throw_runtime(path, ": column ", c + 1, " has no name");
    make_utf8(header[c]);
    out.columns.set(header[c], detail::typed_column(columns[c]));
  }
  return out;
}

/// Adds annotations to cells of the same names; a cell that the table lacks has missing values, with a note. Columns of
/// the cells that the table has too are replaced, with a note. Where no name is the same, "-1" at the end of barcodes
/// is passed over. Throws std::runtime_error where still none is, or a name appears twice.
inline void join_annotation(CellTable& cells, const NamedAnnotation& table, const std::string& path) {
  const auto bare = [](std::string_view name) { return name.ends_with("-1") ? name.substr(0, name.size() - 2) : name; };
  std::vector<Index> row;
  Index matched = 0;
  for (const bool exact : {true, false}) {
    std::unordered_map<std::string_view, Index> of;
    for (std::size_t i = 0; i < table.names.size(); ++i) {
      const std::string_view name = exact ? std::string_view(table.names[i]) : bare(table.names[i]);
      if (!of.emplace(name, Index(i)).second) throw_runtime(path, ": names '", table.names[i], "' twice");
    }
    row.clear();
    for (const std::string& name : cells.cell_names) {
      const auto at = of.find(exact ? std::string_view(name) : bare(name));
      row.push_back(at == of.end() ? Index(-1) : at->second);
    }
    matched = cells.cells() - Index(std::count(row.begin(), row.end(), Index(-1)));
    if (matched > 0) {
      if (!exact) cells.notes.push_back(text(path, ": names are the same without '-1' at their end"));
      break;
    }
  }
  if (matched == 0) {
    throw_runtime(path, ": none of its ", table.names.size(), " names (", table.names.front(), ", ...) is one of the ",
                  cells.cells(), " cells (", cells.cell_names.front(), ", ...)");
  }
  if (matched < cells.cells())
    cells.notes.push_back(text(path, ": has nothing about ", cells.cells() - matched, " of ", cells.cells(), " cells"));
  std::vector<Index> chosen;
  for (const Index r : row) chosen.push_back(std::max<Index>(r, 0));
  for (const auto& [name, column] : table.columns.columns()) {
    Column own = select_rows(column, chosen);
    for (std::size_t i = 0; i < row.size(); ++i) {
      if (row[i] >= 0) continue;
      if (auto* labels = std::get_if<Categorical>(&own)) labels->codes[i] = Categorical::missing;
      if (auto* reals = std::get_if<std::vector<double>>(&own)) (*reals)[i] = std::numeric_limits<double>::quiet_NaN();
      const auto mark = [&](auto* of) {
        if (of == nullptr) return;
        if (!of->missing) of->missing.emplace(row.size());
        (*of->missing)[i] = 1;
      };
      mark(std::get_if<Integers>(&own));
      mark(std::get_if<Booleans>(&own));
    }
    if (cells.cell_columns.has(name)) cells.notes.push_back(text(path, ": replaces obs '", name, "' of the cells"));
    cells.cell_columns.set(name, std::move(own));
  }
}

}  // namespace latentcell::io
