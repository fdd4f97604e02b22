#pragma once

#include <cmath>
#include <cstdint>

#include <latentcell/core/counts.hpp>
#include <latentcell/core/error.hpp>
#include <latentcell/core/types.hpp>

namespace LATENTCELL_NAMESPACE {

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

/// Returns the non-zeros of a dense matrix of any scalar and storage order as sparse counts.
/// dense (N, F) -> (N, F)
/// Throws std::invalid_argument for a value that is negative or not finite, by its row and column.
template <class Derived>
Counts sparse_counts(const Eigen::MatrixBase<Derived>& dense) {
  Counts out(dense.cols());
  for (Index i = 0; i < dense.rows(); ++i) {
    for (Index j = 0; j < dense.cols(); ++j) {
      const double value = double(dense(i, j));
      LATENTCELL_REQUIRE(std::isfinite(value) && value >= 0, "sparse_counts: row ", i, ", column ", j, " holds ", value,
                         ", which is no count");
      if (value > 0) out.push(std::int32_t(j), float(value));
    }
    out.end_row();
  }
  return out;
}

}  // namespace latentcell
