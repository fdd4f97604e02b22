#include <latentcell/kernel/cholesky.hpp>

#include <latentcell/core/rng.hpp>

#include "support/catch.hpp"

using latentcell::Index;
using latentcell::Matrix;
using latentcell::Rng;
using latentcell::kernel::cholesky;
using latentcell::kernel::cholesky_solve;

namespace {

Matrix<double> positive(Index n, Rng& rng) {
  Matrix<double> root(n, n), a(n, n);
  for (Index k = 0; k < root.size(); ++k) root.data()[k] = rng.normal();
  for (Index i = 0; i < n; ++i) {
    for (Index j = 0; j < n; ++j) a(i, j) = root.row(i).dot(root.row(j)) + double(i == j);
  }
  return a;
}

}  // namespace

TEST_CASE("cholesky: L L^T is the matrix, and L is a lower triangle") {
  Rng rng(1);
  const Matrix<double> a = positive(6, rng), l = cholesky(a);
  for (Index i = 0; i < 6; ++i) {
    for (Index j = 0; j < 6; ++j) {
      CHECK(l.row(i).dot(l.row(j)) == Approx(a(i, j)));
      if (j > i) CHECK(l(i, j) == 0.0);
    }
  }
}

TEST_CASE("cholesky_solve: a x gives b back") {
  Rng rng(2);
  const Matrix<double> a = positive(5, rng);
  Matrix<double> b(5, 3);
  for (Index k = 0; k < b.size(); ++k) b.data()[k] = rng.normal();
  Matrix<double> x = b;
  cholesky_solve(a, x);
  for (Index i = 0; i < 5; ++i) {
    for (Index n = 0; n < 3; ++n) {
      double sum = 0;
      for (Index j = 0; j < 5; ++j) sum += a(i, j) * x(j, n);
      CHECK(sum == Approx(b(i, n)));
    }
  }
}

TEST_CASE("cholesky: refuses what is not square or not positive definite") {
  Rng rng(3);
  Matrix<double> a = positive(4, rng), b(3, 1);
  CHECK_THROWS_WITH(cholesky_solve(a, b), ContainsText("b has 3 rows but a is (4, 4)"));
  a(3, 3) = -1;
  CHECK_THROWS_WITH(cholesky(a), ContainsText("pivot 3 is"));
  CHECK_THROWS_WITH(cholesky(Matrix<double>::Zero(2, 3)), ContainsText("square matrix, got (2, 3)"));
}
