#pragma once

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <string>
#include <string_view>
#include <system_error>
#include <unordered_set>
#include <utility>
#include <vector>

#include <latentcell/core/options.hpp>
#include <latentcell/data/cell_table.hpp>
#include <latentcell/io/line_reader.hpp>
#include <latentcell/io/sort_rows.hpp>
#include <latentcell/io/unique_names.hpp>
#include <latentcell/io/utf8.hpp>
#include <latentcell/io/value_check.hpp>

namespace LATENTCELL_NAMESPACE::io {

/// What a row of a table of text is.
enum class TableRows { cells, genes };

struct DelimitedOptions {
  TableRows rows = TableRows::cells;  ///< genes: the table is turned, which takes twice the memory
  char delimiter = '\0';              ///< '\0' finds it: what the file's name says, else the most frequent of tab , ;
  Values values = Values::counts;     ///< what the table may hold

  static void visit(auto& self, auto&& f) {
    f("rows", self.rows);
    f("delimiter", self.delimiter);
    f("values", self.values);
  }
};

namespace detail {

/// The fields of one line, in order. A field in double quotes may hold the delimiter, and a quote written twice.
class Fields {
 public:
  Fields(const LineReader& in, std::string_view line, char delimiter)
      : in_(in), rest_(line), delimiter_(delimiter), more_(!line.empty()) {}

  /// The next field, valid until the next call; false after the last.
  bool next(std::string_view& field) {
    if (!more_) return false;
    ++number_;
    if (!rest_.empty() && rest_.front() == '"') {
      quoted(field);
      return true;
    }
    const std::size_t end = rest_.find(delimiter_);
    more_ = end != std::string_view::npos;
    field = rest_.substr(0, end);
    rest_.remove_prefix(more_ ? end + 1 : rest_.size());
    return true;
  }
  /// Number of the field that next() gave last, from 1.
  Index number() const { return number_; }

 private:
  void quoted(std::string_view& field) {
    scratch_.clear();
    std::size_t at = 1;
    for (;; ++at) {
      if (at >= rest_.size()) in_.fail("field ", number_, " opens a quote that the line does not close");
      if (rest_[at] != '"') {
        scratch_ += rest_[at];
      } else if (at + 1 < rest_.size() && rest_[at + 1] == '"') {
        scratch_ += '"';
        ++at;
      } else {
        break;
      }
    }
    rest_.remove_prefix(at + 1);
    more_ = !rest_.empty();
    if (more_ && rest_.front() != delimiter_) in_.fail("field ", number_, " goes on after its closing quote");
    if (more_) rest_.remove_prefix(1);
    field = scratch_;
  }

  const LineReader& in_;
  std::string_view rest_;
  char delimiter_;
  bool more_;
  Index number_ = 0;
  std::string scratch_;
};

inline char find_delimiter(const std::string& path, std::string_view line) {
  const auto has = [&](char c) { return line.find(c) != std::string_view::npos; };
  std::string_view name = path;
  if (name.ends_with(".gz")) name.remove_suffix(3);
  if (name.ends_with(".csv") && has(',')) return ',';
  if (!has(',') && !has(';') && !has('\t') && has(' ')) return ' ';  // as write.table of R parts them
  if ((name.ends_with(".tsv") || name.ends_with(".tab")) && has('\t')) return '\t';
  const auto count = [&](char c) { return std::count(line.begin(), line.end(), c); };
  char best = '\t';
  for (char c : {',', ';'}) {
    if (count(c) > count(best)) best = c;
  }
  return best;
}

inline float parse_value(const LineReader& in, std::string_view field, const std::string& column) {
  if (field == "0") return 0;
  const std::string_view given = field;
  while (!field.empty() && (field.front() == ' ' || field.front() == '\t')) field.remove_prefix(1);
  if (field.size() > 1 && field[0] == '+' && field[1] != '-') field.remove_prefix(1);
  while (!field.empty() && (field.back() == ' ' || field.back() == '\t')) field.remove_suffix(1);
  if (field.empty()) in.fail("column '", column, "' is empty; a table of counts has a number in every field");
  float value = 0;
  const auto [end, error] = std::from_chars(field.data(), field.data() + field.size(), value);
  // What is too small for a float is 0 and what is too large is refused; from_chars says the same of both.
  if (error == std::errc::result_out_of_range) {
    double wide = 0;
    if (std::from_chars(field.data(), field.data() + field.size(), wide).ec == std::errc() && wide > -1 && wide < 1)
      return 0;
  }
  if (error != std::errc() || end != field.data() + field.size()) {
    in.fail("column '", column, "': '", given.substr(0, 60), "' is not a number");
  }
  return value;
}

/// A table as read: names of rows and columns, entries by row.
struct TextTable {
  std::vector<std::string> row_names, column_names;
  RawRows entries;
  Rounding rounding;
};

/// A value as it is kept; fails with the line, the cell and the gene where it is none that may be.
inline float accepted_value(const LineReader& in, const DelimitedOptions& options, float value, TextTable& table,
                            std::size_t column) {
  const ValueCheck check{options.values, "", "", {}, {}, &table.rounding};
  if (check.accepts(value)) return check(value, 0, 0);
  const bool cells = options.rows == TableRows::cells;
  const std::vector<std::string> here{table.row_names.back()}, there{table.column_names[column]};
  ValueCheck{options.values, in.where(), "", cells ? here : there, cells ? there : here}.refuse(value, 0, 0);
}

inline std::size_t count_fields(LineReader& in, std::string_view line, char delimiter) {
  Fields fields(in, line, delimiter);
  std::size_t out = 0;
  for (std::string_view field; fields.next(field);) ++out;
  return out;
}

/// Passes over the lines that begin with #, and returns the last of them without it; `line` is the one after.
inline std::string skip_comments(LineReader& in, std::string_view& line) {
  std::string comment;
  do {
    if (!in.next(line)) throw_runtime(in.path(), ": is empty");
    if (line.starts_with('#')) comment = line.substr(1);
  } while (line.starts_with('#'));
  return comment;
}

/// Whether the last comment is the header of the line after it: it has no quotes and as many fields, of which the
/// line's are numbers behind its name.
inline bool comment_is_header(LineReader& in, std::string_view comment, std::string_view line, char delimiter) {
  if (comment.empty() || comment.find('"') != std::string_view::npos) return false;
  const std::size_t given = count_fields(in, comment, delimiter);
  if (given < 2 || given != count_fields(in, line, delimiter)) return false;
  Fields fields(in, line, delimiter);
  std::string_view field;
  fields.next(field);
  while (fields.next(field)) {
    while (!field.empty() && (field.front() == ' ' || field.front() == '+')) field.remove_prefix(1);
    while (!field.empty() && field.back() == ' ') field.remove_suffix(1);
    if (field.empty() || field == "NA") continue;  // refused later, with its column
    double value = 0;
    const auto [end, error] = std::from_chars(field.data(), field.data() + field.size(), value);
    if (error == std::errc::invalid_argument || end != field.data() + field.size()) return false;
  }
  return true;
}

inline TextTable read_text_table(LineReader& in, const DelimitedOptions& options) {
  TextTable out;
  std::string_view line, field;
  const std::string comment = skip_comments(in, line);
  const char delimiter = options.delimiter != '\0' ? options.delimiter : find_delimiter(in.path(), line);
  const bool commented = comment_is_header(in, comment, line, delimiter);
  std::string first_row = commented ? std::string(line) : std::string();
  if (commented) line = comment;
  Fields header(in, line, delimiter);
  while (header.next(field)) out.column_names.emplace_back(field);
  // A header that ends in a delimiter has a last field without name, which every line must leave empty.
  const bool trailing = out.column_names.size() > 2 && out.column_names.back().empty();
  if (trailing) out.column_names.pop_back();
  const std::string shown = delimiter == '\t' ? "a tab" : text("'", delimiter, "'");
  if (out.column_names.size() < 2) in.fail("has one field only, taking ", shown, " as the delimiter");
  bool corner_known = false, pending = commented;
  while (pending || in.next(line)) {
    if (std::exchange(pending, false)) line = first_row;
    if (line.empty()) continue;
    Fields row(in, line, delimiter);
    row.next(field);
    out.row_names.emplace_back(field);
    if (!corner_known) {
      // The header may have a field above the names of the rows; the length of the first row decides.
      std::size_t given = count_fields(in, line, delimiter);
      given -= std::size_t(trailing && given > 0);
      if (given == out.column_names.size()) {
        out.column_names.erase(out.column_names.begin());
      } else if (given != out.column_names.size() + 1) {
        in.fail("has ", given, " fields but the header has ", out.column_names.size(), ", taking ", shown,
                " as the delimiter");
      }
      corner_known = true;
    }
    const std::size_t columns = out.column_names.size();
    std::size_t c = 0;
    for (; row.next(field); ++c) {
      if (c == columns && trailing && field.empty()) break;
      if (c == columns) in.fail("has more than the ", columns + 1, " fields of the lines before");
      float value = parse_value(in, field, out.column_names[c]);
      if (value == 0) continue;
      value = accepted_value(in, options, value, out, c);
      if (value == 0) continue;
      out.entries.columns.push_back(std::int32_t(c));
      out.entries.values.push_back(value);
    }
    if (c != columns) in.fail("has ", c + 1, " fields but the lines before have ", columns + 1);
    out.entries.row_start.push_back(std::int64_t(out.entries.values.size()));
  }
  if (out.row_names.empty()) throw_runtime(in.path(), ": has a header and no rows");
  return out;
}

}  // namespace detail

namespace detail {

/// Fails where the names of cells are numbers that repeat: counts, of a table without names of its rows.
inline void require_row_names(const std::string& path, const std::vector<std::string>& names) {
  std::unordered_set<std::string_view> distinct;
  bool numbers = true, repeated = false;
  for (const std::string& name : names) {
    double value = 0;
    const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), value);
    numbers = numbers && error == std::errc() && end == name.data() + name.size();
    repeated = repeated || !distinct.insert(name).second;
  }
  if (numbers && repeated)
    throw_runtime(path, ": the first column holds numbers that repeat, where the names of cells are needed");
}

}  // namespace detail

/// Reads a table of counts from CSV or TSV, plain or gzipped: a header of gene names, then one line a cell that begins
/// with its name (the other way round with rows = TableRows::genes). Every field is a number; fields may be quoted.
/// Names that repeat get -1, -2. Lines before the header that begin with # are passed over, but for a header that does.
/// Throws std::runtime_error with one sentence naming the file, the line and the column.
inline CellTable read_delimited(const std::string& path, const DelimitedOptions& options = {}) {
  LineReader in(path);
  detail::TextTable content = detail::read_text_table(in, options);
  if (options.rows == TableRows::genes) {
    content.entries = transpose(Index(content.column_names.size()), content.entries);
    std::swap(content.row_names, content.column_names);
  }
  CellTable table;
  content.rounding.note(path, table.notes);
  detail::require_row_names(path, options.rows == TableRows::genes ? content.column_names : content.row_names);
  make_unique(content.row_names, path, table.notes, "cell name");
  make_unique(content.column_names, path, table.notes, "gene name");
  table.counts = sort_rows(Index(content.column_names.size()), std::move(content.entries), path, table.notes);
  table.cell_names = std::move(content.row_names);
  table.gene_names = std::move(content.column_names);
  table.cell_columns = Annotation(table.cells());
  table.gene_columns = Annotation(table.genes());
  make_utf8(table, path);
  table.check();
  return table;
}

}  // namespace latentcell::io
