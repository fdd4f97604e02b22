#pragma once

#include <latentcell/core/counts.hpp>
#include <latentcell/core/types.hpp>

namespace latentcell {

/// Returns sparse counts as a dense matrix: for few features, or for few cells at a time.
/// counts (N, F) -> (N, F)
inline Matrix<float> dense_counts(const CountsView& counts) {
  Matrix<float> out = Matrix<float>::Zero(counts.rows, counts.cols);
  for (Index i = 0; i < counts.rows; ++i) {
    const auto columns = counts.row_columns(i);
    const auto values = counts.row_values(i);
    for (std::size_t k = 0; k < columns.size(); ++k) out(i, columns[k]) = values[k];
  }
  return out;
}

}  // namespace latentcell
