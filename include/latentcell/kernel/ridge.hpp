#pragma once

#include <latentcell/kernel/cholesky.hpp>

namespace LATENTCELL_NAMESPACE::kernel {

/// Returns the b that minimises |x b - y|^2 + weight |b|^2 (ridge regression, Hoerl and Kennard 1970).
/// x (N, D), y (N, F) -> (D, F);  weight > 0
/// Without an intercept: centre both sides first. Throws std::invalid_argument for other shapes or weights.
inline Matrix<double> ridge(const Matrix<double>& x, const Matrix<double>& y, double weight) {
  LATENTCELL_REQUIRE(x.rows() == y.rows(), "ridge: x has ", x.rows(), " rows but y has ", y.rows());
  LATENTCELL_REQUIRE(weight > 0, "ridge: weight must be above 0, got ", weight);
  const Index d = x.cols();
  Matrix<double> gram = Matrix<double>::Zero(d, d), cross = Matrix<double>::Zero(d, y.cols());
  for (Index i = 0; i < x.rows(); ++i) {
    for (Index a = 0; a < d; ++a) {
      for (Index b = 0; b <= a; ++b) gram(a, b) += x(i, a) * x(i, b);
      cross.row(a) += x(i, a) * y.row(i);
    }
  }
  gram.diagonal().array() += weight;
  cholesky_solve(gram, cross);
  return cross;
}

}  // namespace latentcell::kernel
