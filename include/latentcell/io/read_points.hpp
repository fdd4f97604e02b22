#pragma once

#include <charconv>
#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include <latentcell/io/delimited.hpp>

namespace LATENTCELL_NAMESPACE::io {

/// A table of numbers with named columns: coordinates, times.
struct Points {
  std::vector<std::string> columns;  ///< (D)
  Matrix<double> values;             ///< (N, D), NaN where a field is empty or "nan"
};

/// Reads a CSV or TSV of numbers, gzipped or plain, one row a point. A first line that is not all numbers names the
/// columns, all of them; else they are x1, x2, ... Throws std::runtime_error naming the file and line.
inline Points read_points(const std::string& path) {
  LineReader in(path);
  Points out;
  std::string_view line, field;
  std::vector<double> numbers;
  char delimiter = '\0';
  Index rows = 0;
  const auto number = [](std::string_view word, double& value) {
    while (!word.empty() && word.front() == ' ') word.remove_prefix(1);
    while (!word.empty() && word.back() == ' ') word.remove_suffix(1);
    value = std::numeric_limits<double>::quiet_NaN();
    if (word.empty() || word == "nan" || word == "NaN" || word == "NA") return true;
    const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), value);
    return error == std::errc() && end == word.data() + word.size();
  };
  while (in.next(line)) {
    if (line.empty()) continue;
    if (delimiter == '\0') {
      delimiter = detail::find_delimiter(path, line);
      detail::Fields header(in, line, delimiter);
      bool all_numbers = true;
      double value = 0;
      while (header.next(field)) {
        all_numbers = all_numbers && number(field, value) && !std::isnan(value);
        out.columns.emplace_back(field);
      }
      if (!all_numbers) {
        if (std::ranges::count(out.columns, std::string()) > 0)
          in.fail("a column has no name: if it numbers the rows, write the table without it");
        continue;
      }
      for (std::size_t k = 0; k < out.columns.size(); ++k) out.columns[k] = text("x", k + 1);
    }
    detail::Fields row(in, line, delimiter);
    std::size_t k = 0;
    for (double value = 0; row.next(field); ++k) {
      if (!number(field, value)) in.fail("field ", k + 1, ", '", field.substr(0, 60), "', is not a number");
      numbers.push_back(value);
    }
    if (k != out.columns.size()) in.fail("has ", k, " fields but the first line has ", out.columns.size());
    ++rows;
  }
  if (rows == 0) throw_runtime(path, ": holds no points");
  out.values = ConstView<double>(numbers.data(), rows, Index(out.columns.size()));
  return out;
}

}  // namespace latentcell::io
