#pragma once

#include <cmath>
#include <cstdlib>
#include <string>
#include <vector>

#include <latentcell/data/read_numeric_column.hpp>

namespace LATENTCELL_NAMESPACE {

/// Numbers of a column of times: as they are, or labels that are numbers, ranges "a-b" or "a_b" (their middle), "> a"
/// or "< a"; a unit that all share, as in "E7.5", "day 3" or "12h", is taken off. Throws std::invalid_argument naming a
/// label that is none of these; a missing label is NaN.
inline std::vector<double> read_times(const Annotation& obs, const std::string& column) {
  return read_numeric_column(obs, column, [&](const std::string& level) {
    const char* at = level.c_str();
    while (*at == ' ' || *at == '>' || *at == '<' || *at == '=') ++at;
    char* end = nullptr;
    const double first = std::strtod(at, &end);
    double value = first;
    bool good = end != at && std::isfinite(first);
    if (good && (*end == '-' || *end == '_')) {
      const char* const second = end + 1;
      char* last = nullptr;
      value = 0.5 * (first + std::strtod(second, &last));
      good = last != second && std::isfinite(value);
      end = last;
    }
    if (good) {
      while (*end == ' ') ++end;
      good = *end == '\0';
    }
    LATENTCELL_REQUIRE(good, "column '", column, "' is no time: '", level, "' is neither a number nor a range such as ",
                       "270-330");
    return value;
  });
}

}  // namespace latentcell
