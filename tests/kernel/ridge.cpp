#include <latentcell/kernel/ridge.hpp>

#include <latentcell/core/rng.hpp>

#include "support/catch.hpp"

using namespace latentcell;

namespace {

Matrix<double> normal(Index rows, Index cols, Rng& rng) {
  Matrix<double> out(rows, cols);
  for (Index i = 0; i < out.size(); ++i) out.data()[i] = rng.normal();
  return out;
}

double objective(const Matrix<double>& x, const Matrix<double>& y, const Matrix<double>& b, double weight) {
  return (x * b - y).squaredNorm() + weight * b.squaredNorm();
}

}  // namespace

TEST_CASE("ridge: recovers coefficients without noise as its weight goes to zero") {
  Rng rng(1);
  const Matrix<double> x = normal(30, 4, rng), b = normal(4, 3, rng);
  const Matrix<double> y = x * b;
  CHECK((kernel::ridge(x, y, 1e-9) - b).cwiseAbs().maxCoeff() < 1e-8);
}

TEST_CASE("ridge: nothing near the answer is better") {
  Rng rng(2);
  const Matrix<double> x = normal(25, 5, rng), y = normal(25, 2, rng);
  for (const double weight : {0.1, 1.0, 20.0}) {
    const Matrix<double> b = kernel::ridge(x, y, weight);
    const double least = objective(x, y, b, weight);
    for (int k = 0; k < 20; ++k) {
      const Matrix<double> other = b + 0.01 * normal(5, 2, rng);
      CHECK(objective(x, y, other, weight) > least);
    }
  }
}

TEST_CASE("ridge: a larger weight means smaller coefficients") {
  Rng rng(3);
  const Matrix<double> x = normal(25, 5, rng), y = normal(25, 1, rng);
  CHECK(kernel::ridge(x, y, 10).norm() < kernel::ridge(x, y, 1).norm());
  CHECK(kernel::ridge(x, y, 1e9).norm() < 1e-6);
}

TEST_CASE("ridge: wrong shapes and weights throw") {
  const Matrix<double> x = Matrix<double>::Ones(3, 2), y = Matrix<double>::Ones(4, 1);
  CHECK_THROWS_WITH(kernel::ridge(x, y, 1), "ridge: x has 3 rows but y has 4");
  CHECK_THROWS_WITH(kernel::ridge(x, x, 0), "ridge: weight must be above 0, got 0");
}
