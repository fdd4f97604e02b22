#pragma once

#include <algorithm>
#include <cstdlib>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include <latentcell/io/read_annotation.hpp>
#include <latentcell/io/read_points.hpp>

namespace LATENTCELL_NAMESPACE::io {

/// Places of cells, by name where the file has names.
struct Positions {
  std::vector<std::string> names;    ///< (N), or empty
  bool names_are_numbers = false;    ///< they may number the rows: used where they name every cell
  Matrix<double> xy;                 ///< (N, 2)
  std::vector<std::string> columns;  ///< which columns of the file are x and y

  /// The places of cells of these names, in their order; all, in the file's order, where it has no names, or numbers
  /// that are not the cells'.
  /// Throws std::runtime_error naming a cell that the file lacks.
  Matrix<double> of(const std::vector<std::string>& cells, const std::string& path) const {
    if (names.empty()) return xy;
    std::unordered_map<std::string_view, Index> row;
    for (std::size_t i = 0; i < names.size(); ++i) row.emplace(names[i], Index(i));
    Matrix<double> out(Index(cells.size()), 2);
    for (std::size_t i = 0; i < cells.size(); ++i) {
      const auto at = row.find(cells[i]);
      if (at == row.end() && names_are_numbers) return xy;
      if (at == row.end()) throw_runtime(path, ": has no place of cell '", cells[i], "'");
      out.row(Index(i)) = xy.row(at->second);
    }
    return out;
  }
};

namespace detail {

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

/// The same, else the first two.
inline std::pair<std::size_t, std::size_t> xy_columns(const std::vector<std::string>& columns) {
  return named_xy(columns).value_or(std::pair<std::size_t, std::size_t>{0, 1});
}

/// Space Ranger's tissue_positions_list.csv has no header: barcode, in_tissue, and row and column twice.
inline bool is_headless_visium(const std::string& path) {
  LineReader in(path);
  std::string_view line, field;
  if (!in.next(line)) return false;
  Fields fields(in, line, find_delimiter(path, line));
  std::vector<std::string> first;
  while (fields.next(field)) first.emplace_back(field);
  return first.size() == 6 && (first[1] == "0" || first[1] == "1");
}

inline Positions read_headless_visium(const std::string& path) {
  Positions out;
  LineReader in(path);
  std::string_view line, field;
  std::vector<double> numbers;
  while (in.next(line)) {
    if (line.empty()) continue;
    detail::Fields fields(in, line, detail::find_delimiter(path, line));
    std::vector<std::string> row;
    while (fields.next(field)) row.emplace_back(field);
    if (row.size() != 6) in.fail("has ", row.size(), " fields, not 6");
    out.names.push_back(row[0]);
    for (const int k : {5, 4}) {
      char* end = nullptr;
      numbers.push_back(std::strtod(row[std::size_t(k)].c_str(), &end));
      if (row[std::size_t(k)].empty() || *end != '\0') in.fail("'", row[std::size_t(k)], "' is not a number");
    }
  }
  out.xy = ConstView<double>(numbers.data(), Index(out.names.size()), 2);
  out.columns = {"the sixth", "the fifth"};
  return out;
}

}  // namespace detail

/// Reads places of cells from CSV or TSV: numbers alone, or a first column of names, as Space Ranger's
/// tissue_positions.csv has. A header says which columns are x and y; without one they are the first two.
/// Throws std::runtime_error naming the file and line.
inline Positions read_positions(const std::string& path) {
  if (detail::is_headless_visium(path)) return detail::read_headless_visium(path);
  Positions out;
  bool all_numbers = true;
  {
    LineReader in(path);
    std::string_view line, field;
    if (!in.next(line)) throw_runtime(path, ": is empty");
    const char delimiter = detail::find_delimiter(path, line);
    std::vector<std::string> header;
    for (detail::Fields fields(in, line, delimiter); fields.next(field);) header.emplace_back(field);
    // Beside named x and y, a first column of numbers names the cells or numbers them.
    const auto named = detail::named_xy(header);
    out.names_are_numbers = named && named->first > 0 && named->second > 0;
    if (in.next(line)) {
      detail::Fields fields(in, line, delimiter);
      char* end = nullptr;
      if (fields.next(field)) {
        const std::string first(field);
        (void)std::strtod(first.c_str(), &end);
        all_numbers = !first.empty() && *end == '\0';
      }
    }
  }
  out.names_are_numbers = out.names_are_numbers && all_numbers;
  Matrix<double> values;
  std::vector<std::string> columns;
  if (all_numbers && !out.names_are_numbers) {
    Points points = read_points(path);
    values = std::move(points.values);
    columns = std::move(points.columns);
  } else {
    NamedAnnotation table = read_annotation(path);
    std::vector<std::vector<double>> numbers;
    for (const auto& [name, column] : table.columns.columns()) {
      if (auto of = to_numbers(column)) {
        columns.push_back(name);
        numbers.push_back(*std::move(of));
      }
    }
    values.resize(Index(table.names.size()), Index(columns.size()));
    for (std::size_t c = 0; c < columns.size(); ++c) {
      for (std::size_t i = 0; i < numbers[c].size(); ++i) values(Index(i), Index(c)) = numbers[c][i];
    }
    out.names = std::move(table.names);
  }
  if (columns.size() < 2) throw_runtime(path, ": has ", columns.size(), " columns of numbers, x and y are needed");
  const auto [x, y] = detail::xy_columns(columns);
  out.xy.resize(values.rows(), 2);
  out.xy.col(0) = values.col(Index(x));
  out.xy.col(1) = values.col(Index(y));
  out.columns = {columns[x], columns[y]};
  return out;
}

}  // namespace latentcell::io
