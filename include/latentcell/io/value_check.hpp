#pragma once

#include <cmath>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include <latentcell/core/error.hpp>
#include <latentcell/core/types.hpp>
#include <latentcell/data/column.hpp>

namespace LATENTCELL_NAMESPACE::io {

/// What a reader accepts as values of cells and genes.
enum class Values {
  counts,   ///< whole numbers from 0 up to largest_count (to the precision of float)
  rounded,  ///< numbers in that range, which are rounded to whole ones
  any,      ///< finite numbers
};

/// How many values were rounded, and by how much in sum.
struct Rounding {
  Index values = 0;
  double change = 0;

  /// Adds a line about it, where any was.
  void note(const std::string& where, std::vector<std::string>& notes) const {
    if (values > 0)
      notes.push_back(text(where, ": ", values, " values are rounded to whole numbers, by ", change / double(values),
                           " on average"));
  }
};

/// The largest count that is read. A float holds every whole number up to 2^24, and the next one looks like it.
inline constexpr float largest_count = 16777215;

/// Checks values as they are read. Throws std::runtime_error naming the place, the value, its cell and its gene:
///   pbmc.h5ad: X holds 0.693 (cell 'AAAC-1', gene 'LYZ'): counts are whole numbers; pick a layer that has them: ...
struct ValueCheck {
  Values values = Values::counts;
  std::string where;   ///< "pbmc.h5ad: X"
  std::string advice;  ///< appended to the message about a value that is no count; may be empty
  std::span<const std::string> cell_names;
  std::span<const std::string> gene_names;

  Rounding* rounding = nullptr;  ///< counts what Values::rounded rounds

  bool accepts(float value) const {
    return std::isfinite(value) && (values == Values::any || (value >= 0 && value <= largest_count &&
                                                              (values == Values::rounded || is_whole(value))));
  }
  /// The value to keep.
  float operator()(float value, Index cell, Index gene) const {
    if (!accepts(value)) [[unlikely]]
      refuse(value, cell, gene);
    return values == Values::rounded && !is_whole(value) ? round(value) : value;
  }
  /// The same of a value that was accepted before.
  float kept(float value) const { return values == Values::rounded ? std::round(value) : value; }
  static bool is_whole(float value) { return float(std::int32_t(value)) == value; }  // of values up to largest_count
  float round(float value) const {
    const float whole = std::round(value);
    if (rounding == nullptr) return whole;
    ++rounding->values;
    rounding->change += double(std::abs(value - whole));
    return whole;
  }
  [[noreturn, gnu::cold, gnu::noinline]] void refuse(float value, Index cell, Index gene) const {
    const auto name = [](std::span<const std::string> names, Index i) {
      return i < Index(names.size()) ? text("'", names[to_size(i)], "'") : text(i);
    };
    const auto shown = [](float number) {
      std::string out = text_of_real(number);
      if (out.ends_with(".0")) out.resize(out.size() - 2);
      return number != number ? std::string("nan") : out;
    };
    const char* law = !std::isfinite(value)   ? "values must be finite"
                      : value < 0             ? "counts are never negative"
                      : value > largest_count ? "counts above 16777215 cannot be kept exactly"
                                              : "counts are whole numbers";
    throw_runtime(where, " holds ", shown(value), " (cell ", name(cell_names, cell), ", gene ", name(gene_names, gene),
                  "): ", law, advice.empty() || !std::isfinite(value) ? "" : "; ", std::isfinite(value) ? advice : "");
  }
};

}  // namespace latentcell::io
