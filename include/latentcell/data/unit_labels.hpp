#pragma once

#include <algorithm>
#include <cstdlib>
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

/// Takes the unit off labels; nothing where there is none, or another in each label. A zero needs no unit.
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
    if (number.empty()) return std::nullopt;
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
