#pragma once

#include <cmath>
#include <cstdlib>
#include <limits>
#include <string>
#include <variant>
#include <vector>

#include <latentcell/data/annotation.hpp>

namespace latentcell {

/// Returns the numbers of a column: as they are, or labels that are numbers; a missing label is NaN.
/// -> (N)
/// Throws std::invalid_argument naming a label that is no number.
inline std::vector<double> read_numeric_column(const Annotation& obs, const std::string& column) {
  const Column& of = obs.get(column);
  if (const auto* numbers = std::get_if<std::vector<double>>(&of)) return *numbers;
  const Categorical labels = obs.labels(column);
  std::vector<double> of_level;
  for (const std::string& level : labels.levels) {
    char* end = nullptr;
    of_level.push_back(std::strtod(level.c_str(), &end));
    LATENTCELL_REQUIRE(!level.empty() && *end == '\0' && std::isfinite(of_level.back()), "column '", column,
                       "': '", level, "' is no number");
  }
  std::vector<double> out;
  for (const int code : labels.codes)
    out.push_back(code < 0 ? std::numeric_limits<double>::quiet_NaN() : of_level[std::size_t(code)]);
  return out;
}

}  // namespace latentcell
