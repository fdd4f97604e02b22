#pragma once

#include <span>

#include <latentcell/core/counts.hpp>

namespace LATENTCELL_NAMESPACE::metric {

/// A few columns of a sparse matrix as a dense one.      x (N, G), cols (n) ascending -> (N, n)
inline Matrix<float> dense_columns(const CountsView& x, std::span<const Index> cols) {
  const Counts picked = select_cols(x, cols);
  const CountsView from = picked;
  Matrix<float> out = Matrix<float>::Zero(from.rows, from.cols);
  for (Index r = 0; r < from.rows; ++r) {
    const auto columns = from.row_columns(r);
    const auto values = from.row_values(r);
    for (std::size_t k = 0; k < columns.size(); ++k) out(r, columns[k]) = values[k];
  }
  return out;
}

}  // namespace latentcell::metric
