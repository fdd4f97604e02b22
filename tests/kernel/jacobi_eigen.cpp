#include <latentcell/kernel/jacobi_eigen.hpp>

#include <cmath>
#include <limits>

#include <latentcell/core/rng.hpp>

#include "support/catch.hpp"

using latentcell::Index;
using latentcell::Matrix;
using latentcell::Rng;
using latentcell::kernel::jacobi_eigen;

namespace {

void check_pairs(const Matrix<double>& a, double tolerance) {
  const auto pairs = jacobi_eigen(a);
  const Index n = a.rows();
  for (Index r = 0; r < n; ++r) {
    for (Index s = 0; s <= r; ++s) {
      double dot = 0;
      for (Index j = 0; j < n; ++j) dot += pairs.vectors(r, j) * pairs.vectors(s, j);
      CHECK(dot == Approx(r == s ? 1.0 : 0.0).margin(1e-12));
    }
    if (r > 0) CHECK(pairs.values[std::size_t(r - 1)] >= pairs.values[std::size_t(r)]);
    for (Index i = 0; i < n; ++i) {
      double sum = 0;
      for (Index j = 0; j < n; ++j) sum += a(i, j) * pairs.vectors(r, j);
      CHECK(sum == Approx(pairs.values[std::size_t(r)] * pairs.vectors(r, i)).margin(tolerance));
    }
  }
}

}  // namespace

TEST_CASE("jacobi_eigen: the second difference has the eigenvalues 2 - 2 cos") {
  const Index n = 12;
  Matrix<double> a = Matrix<double>::Zero(n, n);
  for (Index i = 0; i < n; ++i) {
    a(i, i) = 2;
    if (i > 0) a(i, i - 1) = a(i - 1, i) = -1;
  }
  const auto pairs = jacobi_eigen(a);
  for (Index k = 0; k < n; ++k) {
    CHECK(pairs.values[std::size_t(k)] ==
          Approx(2 - 2 * std::cos(3.14159265358979 * double(n - k) / double(n + 1))).margin(1e-13));
  }
  check_pairs(a, 1e-13);
}

TEST_CASE("jacobi_eigen: A v = lambda v and the vectors are orthonormal") {
  Rng rng(1);
  for (const Index n : {1, 2, 7, 40}) {
    Matrix<double> a(n, n);
    for (Index i = 0; i < n; ++i) {
      for (Index j = 0; j <= i; ++j) a(i, j) = a(j, i) = rng.normal();
    }
    check_pairs(a, 1e-12 * double(n));
  }
}

TEST_CASE("jacobi_eigen: zero, singular and badly scaled matrices") {
  check_pairs(Matrix<double>::Zero(5, 5), 1e-14);
  Matrix<double> one = Matrix<double>::Constant(6, 6, 2.0);
  CHECK(jacobi_eigen(one).values[0] == Approx(12.0));
  check_pairs(one, 1e-13);
  Matrix<double> scaled = Matrix<double>::Zero(4, 4);
  scaled(0, 0) = 1e8;
  scaled(1, 1) = 1;
  scaled(2, 2) = 1e-8;
  check_pairs(scaled, 1e-6);
  CHECK(jacobi_eigen(Matrix<double>(0, 0)).values.empty());
}

TEST_CASE("jacobi_eigen: refuses what is not square or not finite") {
  CHECK_THROWS_WITH(jacobi_eigen(Matrix<double>::Zero(2, 3)), ContainsText("needs a square matrix, got (2, 3)"));
  Matrix<double> bad = Matrix<double>::Zero(2, 2);
  bad(0, 1) = bad(1, 0) = std::numeric_limits<double>::quiet_NaN();
  CHECK_THROWS_WITH(jacobi_eigen(bad), ContainsText("row 0 has entries that are not finite"));
}
