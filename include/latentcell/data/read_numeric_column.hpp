#pragma once

#include <cmath>
#include <cstdlib>
#include <limits>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <latentcell/data/annotation.hpp>
#include <latentcell/data/unit_labels.hpp>

namespace LATENTCELL_NAMESPACE {

/// Returns the numbers of a column: as they are, or those of its labels by `number_of`; a missing label is NaN. A unit
/// that all labels share is taken off first.
/// number_of(label) -> double
template <class NumberOf>
std::vector<double> read_numeric_column(const Annotation& obs, const std::string& column, const NumberOf& number_of) {
  if (std::optional<std::vector<double>> numbers = to_numbers(obs.get(column))) return *std::move(numbers);
  const Categorical labels = obs.labels(column);
  std::vector<double> of_level, out;
  const std::optional<UnitLabels> units = split_units(labels.levels);
  for (const std::string& level : units ? units->numbers : labels.levels) of_level.push_back(number_of(level));
  for (const int code : labels.codes)
    out.push_back(code < 0 ? std::numeric_limits<double>::quiet_NaN() : of_level[std::size_t(code)]);
  return out;
}

/// The same where labels are numbers.
/// -> (N)
/// Throws std::invalid_argument naming a label that is no number.
inline std::vector<double> read_numeric_column(const Annotation& obs, const std::string& column) {
  return read_numeric_column(obs, column, [&](const std::string& level) {
    char* end = nullptr;
    const double value = std::strtod(level.c_str(), &end);
    LATENTCELL_REQUIRE(!level.empty() && *end == '\0' && std::isfinite(value), "column '", column, "': '", level,
                       "' is no number");
    return value;
  });
}

}  // namespace latentcell
