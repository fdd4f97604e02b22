#pragma once

#include <algorithm>
#include <charconv>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <unordered_map>
#include <utility>
#include <vector>

#include <latentcell/io/read_annotation.hpp>

namespace LATENTCELL_NAMESPACE::io {

/// Places of cells, by name where the file has names.
struct Positions {
  std::vector<std::string> names;               ///< (N), or empty
  bool names_are_numbers = false;               ///< they may number the rows
  Matrix<double> xy;                            ///< (N, 2)
  std::vector<std::string> columns;             ///< which columns of the file are x and y
  bool header_names_xy = false;                 ///< a header says so; else they are the first two
  Matrix<double> values;                        ///< (N, M) all columns of numbers, NaN where a field is empty
  std::vector<std::string> value_columns = {};  ///< (M) their names

  /// The places of cells of these names, in their order. All, in the file's order, where it has no names, or as many
  /// numbers as there are cells and none of them is a cell's name.
  /// Throws std::runtime_error naming a cell that the file lacks, or a name that it has twice.
  Matrix<double> of(const std::vector<std::string>& cells, const std::string& path) const {
    if (names.empty()) return xy;
    std::unordered_map<std::string_view, Index> row;
    for (std::size_t i = 0; i < names.size(); ++i) row.emplace(names[i], Index(i));
    const auto is_named = [&](const std::string& cell) { return row.contains(cell); };
    const bool none = std::none_of(cells.begin(), cells.end(), is_named);
    if (names_are_numbers && none && cells.size() == names.size()) return xy;
    for (std::size_t i = 0; i < names.size(); ++i) {
      if (row.at(names[i]) != Index(i)) throw_runtime(path, ": has cell '", names[i], "' twice");
    }
    Matrix<double> out(Index(cells.size()), 2);
    for (std::size_t i = 0; i < cells.size(); ++i) {
      if (!is_named(cells[i])) throw_runtime(path, ": has no place of cell '", cells[i], "'");
      out.row(Index(i)) = xy.row(row.at(cells[i]));
    }
    return out;
  }
};

namespace detail {

inline std::string lower_case(std::string name) {
  for (char& c : name) c = c >= 'A' && c <= 'Z' ? char(c + 32) : c;
  return name;
}

}  // namespace detail

/// Which of the columns are x and y by their names.
inline std::optional<std::pair<std::size_t, std::size_t>> named_xy(const std::vector<std::string>& columns) {
  constexpr std::pair<const char*, const char*> pairs[] = {{"x", "y"},
                                                           {"X", "Y"},
                                                           {"pxl_col_in_fullres", "pxl_row_in_fullres"},
                                                           {"x_centroid", "y_centroid"},
                                                           {"center_x", "center_y"},
                                                           {"CenterX_global_px", "CenterY_global_px"},
                                                           {"imagecol", "imagerow"},
                                                           {"array_col", "array_row"},
                                                           {"col", "row"}};
  for (const auto& [x, y] : pairs) {
    const auto a = std::find(columns.begin(), columns.end(), x), b = std::find(columns.begin(), columns.end(), y);
    if (a != columns.end() && b != columns.end())
      return std::pair{std::size_t(a - columns.begin()), std::size_t(b - columns.begin())};
  }
  return std::nullopt;
}

namespace detail {

/// The same, else the first two.
inline std::pair<std::size_t, std::size_t> xy_columns(const std::vector<std::string>& columns) {
  return named_xy(columns).value_or(std::pair<std::size_t, std::size_t>{0, 1});
}

/// Whether a field is a number, or says that there is none.
inline std::optional<double> number_of(std::string_view field) {
  while (!field.empty() && field.front() == ' ') field.remove_prefix(1);
  while (!field.empty() && field.back() == ' ') field.remove_suffix(1);
  if (is_absent(field)) return std::numeric_limits<double>::quiet_NaN();
  double value = 0;
  const auto [end, error] = std::from_chars(field.data(), field.data() + field.size(), value);
  if (error != std::errc() || end != field.data() + field.size()) return std::nullopt;
  return value;
}

/// A table as text: a header where there is one, and the lines behind it.
struct PlaceTable {
  std::vector<std::string> header;
  std::vector<std::vector<std::string>> rows;
};

inline PlaceTable read_place_table(const std::string& path) {
  LineReader in(path);
  PlaceTable out;
  std::string_view line, field;
  char delimiter = '\0';
  while (in.next(line)) {
    if (line.empty()) continue;
    if (delimiter == '\0') delimiter = find_delimiter(path, line);
    std::vector<std::string> row;
    for (Fields fields(in, line, delimiter); fields.next(field);) row.emplace_back(field);
    for (std::string& one : row) make_utf8(one);
    // A line with a word behind its first field is a header; the first field may be the name of a cell.
    if (out.header.empty() && out.rows.empty()) {
      const auto is_word = [](const std::string& one) { return !number_of(one); };
      if (row.size() < 2 ? is_word(row[0]) : std::any_of(row.begin() + 1, row.end(), is_word)) {
        out.header = std::move(row);
        continue;
      }
    }
    if (out.rows.empty() && row.size() == out.header.size() + 1 && !out.header.empty())
      out.header.insert(out.header.begin(), "");  // R writes no field above the names of the rows
    const std::size_t width = out.rows.empty() ? std::max(out.header.size(), std::size_t(0)) : out.rows[0].size();
    if (width != 0 && row.size() != width) in.fail("has ", row.size(), " fields but the lines before have ", width);
    out.rows.push_back(std::move(row));
  }
  if (out.rows.empty()) throw_runtime(path, ": holds no places");
  return out;
}

/// Space Ranger's tissue_positions_list.csv has no header: barcode, in_tissue, and row and column twice.
inline void name_visium_columns(PlaceTable& table) {
  if (!table.header.empty() || table.rows[0].size() != 6 || number_of(table.rows[0][0])) return;
  for (const auto& row : table.rows) {
    if (row[1] != "0" && row[1] != "1") return;
  }
  table.header = {"barcode", "in_tissue", "array_row", "array_col", "pxl_row_in_fullres", "pxl_col_in_fullres"};
}

}  // namespace detail

/// Reads places of cells from CSV or TSV: numbers alone, or a first column of names, as Space Ranger's
/// tissue_positions.csv has. A header says which columns are x and y; without one they are the first two behind the
/// names. Columns that are no numbers are passed over.
/// Throws std::runtime_error naming the file and line.
inline Positions read_positions(const std::string& path) {
  detail::PlaceTable table = detail::read_place_table(path);
  detail::name_visium_columns(table);
  const std::size_t width = table.rows[0].size();
  const auto is_number = [&](std::size_t c) {
    return std::all_of(table.rows.begin(), table.rows.end(),
                       [&](const auto& row) { return detail::number_of(row[c]); });
  };
  const auto named = named_xy(table.header);
  const bool numbered = is_number(0);
  const std::string corner = table.header.empty() ? "x" : detail::lower_case(table.header[0]);
  const bool is_index = corner.empty() || corner == "cell" || corner == "cell_id" || corner == "barcode" ||
                        corner == "id" || corner == "index" || corner == "spot";
  Positions out;
  out.names_are_numbers =
      numbered && (is_index || (named && named->first > 0 && named->second > 0 && corner != "z" && corner != "slice"));
  if (!numbered || out.names_are_numbers) {
    for (auto& row : table.rows) out.names.push_back(row[0]);
  }
  std::vector<std::size_t> taken;
  for (std::size_t c = out.names.empty() ? 0 : 1; c < width; ++c) {
    if (!is_number(c)) continue;
    taken.push_back(c);
    out.value_columns.push_back(table.header.empty() ? text("column ", c + 1) : table.header[c]);
  }
  if (taken.size() < 2)
    throw_runtime(path, ": has ", taken.size(), taken.size() == 1 ? " column" : " columns",
                  " of numbers, x and y are needed");
  out.values.resize(Index(table.rows.size()), Index(taken.size()));
  for (std::size_t i = 0; i < table.rows.size(); ++i) {
    for (std::size_t c = 0; c < taken.size(); ++c)
      out.values(Index(i), Index(c)) = *detail::number_of(table.rows[i][taken[c]]);
  }
  out.header_names_xy = named_xy(out.value_columns).has_value();
  const auto [x, y] = detail::xy_columns(out.value_columns);
  out.xy.resize(out.values.rows(), 2);
  out.xy.col(0) = out.values.col(Index(x));
  out.xy.col(1) = out.values.col(Index(y));
  out.columns = {out.value_columns[x], out.value_columns[y]};
  return out;
}

}  // namespace latentcell::io
