#pragma once

#include <algorithm>
#include <cstdlib>
#include <iterator>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <latentcell/core/types.hpp>

namespace LATENTCELL_NAMESPACE {

/// Labels that are numbers of one unit, taken apart: "day 3", "E7.5", "0h", "10 uM".
struct UnitLabels {
  std::string before, after;         ///< "E", "h"
  std::vector<std::string> numbers;  ///< (labels) what is left of each
};

namespace detail {

/// Words before a number that say what it counts. Others name things: type_1, batch 2, donor3.
inline bool is_unit_before(std::string_view word) {
  static constexpr std::string_view units[] = {
      "",  "e",    "p",         "d",     "day",   "days", "dpf",  "h",     "hour",    "hours", "hpf",  "hpi",
      "m", "min",  "minute",    "month", "w",     "wk",   "week", "weeks", "pcw",     "y",     "year", "age",
      "t", "time", "timepoint", "cs",    "stage", "dose", "conc", "slice", "section", "s",     "z"};
  std::string lower;
  for (const char c : word) lower += c >= 'A' && c <= 'Z' ? char(c - 'A' + 'a') : c;
  return std::find(std::begin(units), std::end(units), lower) != std::end(units);
}

}  // namespace detail

/// Takes the unit off labels; nothing where there is none, or another in each label, or where the word before the
/// numbers is no unit, as in "type_1". A zero needs no unit.
inline std::optional<UnitLabels> split_units(std::span<const std::string> labels) {
  const auto is_letter = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '%' || (static_cast<unsigned char>(c) & 0x80) != 0;
  };
  const auto trim = [](std::string_view word) {
    while (!word.empty() && (word.front() == ' ' || word.front() == '_')) word.remove_prefix(1);
    while (!word.empty() && (word.back() == ' ' || word.back() == '_')) word.remove_suffix(1);
    return std::string(word);
  };
  std::optional<UnitLabels> out;
  std::vector<std::string> numbers;
  for (const std::string& label : labels) {
    std::size_t first = 0, last = label.size();
    while (first < last && (is_letter(label[first]) || label[first] == ' ' || label[first] == '_')) ++first;
    while (last > first && (is_letter(label[last - 1]) || label[last - 1] == ' ' || label[last - 1] == '_')) --last;
    const std::string before = trim(std::string_view(label).substr(0, first)),
                      after = trim(std::string_view(label).substr(last)), number = label.substr(first, last - first);
    if (number.empty() || !detail::is_unit_before(before)) return std::nullopt;
    numbers.push_back(number);
    if (before.empty() && after.empty()) {
      char* end = nullptr;
      const bool zero = std::strtod(number.c_str(), &end) == 0 && *end == '\0' && end != number.c_str();
      if (!zero) return std::nullopt;
      continue;
    }
    if (!out) out = UnitLabels{before, after, {}};
    if (out->before != before || out->after != after) return std::nullopt;
  }
  if (out) out->numbers = std::move(numbers);
  return out;
}

}  // namespace latentcell
