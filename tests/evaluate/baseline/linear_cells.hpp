#pragma once

#include <latentcell/core/rng.hpp>
#include <latentcell/core/types.hpp>

// Cells whose target's first column is linear in the source, and whose second has nothing to do with it.

namespace linear_cells {

using namespace latentcell;

struct Pair {
  Matrix<float> x, y;
};

inline Pair draw(Index n, std::uint64_t seed) {
  Rng rng(seed);
  Pair out{Matrix<float>(n, 4), Matrix<float>(n, 2)};
  for (Index i = 0; i < n; ++i) {
    const double a = rng.normal(), b = rng.normal();
    for (Index j = 0; j < 4; ++j) out.x(i, j) = float((j % 2 == 0 ? a : b) * double(j + 1) + 0.3 * rng.normal());
    out.y(i, 0) = float(2 * a - b + 0.3 * rng.normal() + 5);
    out.y(i, 1) = float(rng.normal());
  }
  return out;
}

/// Mean squared error of a column.
inline double error(const Matrix<float>& predicted, const Matrix<float>& truth, Index column) {
  return double((predicted.col(column) - truth.col(column)).squaredNorm()) / double(truth.rows());
}

}  // namespace linear_cells
