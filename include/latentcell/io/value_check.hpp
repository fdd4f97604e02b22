#pragma once

#include <cmath>
#include <span>
#include <string>

#include <latentcell/core/error.hpp>
#include <latentcell/core/types.hpp>

namespace LATENTCELL_NAMESPACE::io {

/// What a reader accepts as values of cells and genes.
enum class Values {
  counts,  ///< finite whole numbers, 0 or more (to the precision of float)
  any,     ///< finite numbers
};

/// Checks values as they are read. Throws std::runtime_error naming the place, the value, its cell and its gene:
///   pbmc.h5ad: X holds 0.693 (cell 'AAAC-1', gene 'LYZ'): counts are whole numbers; pick a layer that has them: ...
struct ValueCheck {
  Values values = Values::counts;
  std::string where;   ///< "pbmc.h5ad: X"
  std::string advice;  ///< appended to the message about a value that is no count; may be empty
  std::span<const std::string> cell_names;
  std::span<const std::string> gene_names;

  bool accepts(float value) const {
    return std::isfinite(value) && (values == Values::any || (value >= 0 && std::trunc(value) == value));
  }
  void operator()(float value, Index cell, Index gene) const {
    if (!accepts(value)) [[unlikely]]
      refuse(value, cell, gene);
  }
  [[noreturn, gnu::cold, gnu::noinline]] void refuse(float value, Index cell, Index gene) const {
    const auto name = [](std::span<const std::string> names, Index i) {
      return i < Index(names.size()) ? text("'", names[to_size(i)], "'") : text(i);
    };
    const char* law = !std::isfinite(value) ? "values must be finite"
                      : value < 0           ? "counts are never negative"
                                            : "counts are whole numbers";
    throw_runtime(where, " holds ", value, " (cell ", name(cell_names, cell), ", gene ", name(gene_names, gene),
                  "): ", law, advice.empty() || !std::isfinite(value) ? "" : "; ", std::isfinite(value) ? advice : "");
  }
};

}  // namespace latentcell::io
