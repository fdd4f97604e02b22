#pragma once

#include <cmath>

#include <latentcell/core/error.hpp>
#include <latentcell/core/types.hpp>

namespace LATENTCELL_NAMESPACE::kernel {

/// Lower triangle L with L L^T = a; what stands above the diagonal of a is not read.      a (D, D) -> (D, D)
/// Throws std::invalid_argument where a is not positive definite.
inline Matrix<double> cholesky(const Matrix<double>& a) {
  const Index d = a.rows();
  LATENTCELL_REQUIRE(a.cols() == d, "cholesky: needs a square matrix, got (", d, ", ", a.cols(), ")");
  Matrix<double> l = Matrix<double>::Zero(d, d);
  for (Index i = 0; i < d; ++i) {
    for (Index j = 0; j <= i; ++j) {
      double sum = a(i, j);
      for (Index c = 0; c < j; ++c) sum -= l(i, c) * l(j, c);
      if (i != j) {
        l(i, j) = sum / l(j, j);
        continue;
      }
      LATENTCELL_REQUIRE(sum > 0.0 && std::isfinite(sum), "cholesky: pivot ", i, " is ", sum,
                         ": the matrix is not positive definite");
      l(i, i) = std::sqrt(sum);
    }
  }
  return l;
}

/// Solves a x = b for a positive definite a; b becomes x.      a (D, D), b (D, N)
inline void cholesky_solve(const Matrix<double>& a, Matrix<double>& b) {
  const Matrix<double> l = cholesky(a);
  const Index d = l.rows();
  LATENTCELL_REQUIRE(b.rows() == d, "cholesky_solve: b has ", b.rows(), " rows but a is (", d, ", ", d, ")");
  for (Index n = 0; n < b.cols(); ++n) {
    for (Index i = 0; i < d; ++i) {
      for (Index j = 0; j < i; ++j) b(i, n) -= l(i, j) * b(j, n);
      b(i, n) /= l(i, i);
    }
    for (Index i = d; i-- > 0;) {
      for (Index j = i + 1; j < d; ++j) b(i, n) -= l(j, i) * b(j, n);
      b(i, n) /= l(i, i);
    }
  }
}

}  // namespace latentcell::kernel
