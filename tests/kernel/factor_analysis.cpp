#include <latentcell/kernel/factor_analysis.hpp>

#include <latentcell/core/rng.hpp>

#include "support/catch.hpp"

using latentcell::Index;
using latentcell::Matrix;
using latentcell::Rng;
using latentcell::RowVector;
using latentcell::kernel::conditional_mean;
using latentcell::kernel::FactorAnalysis;
using latentcell::kernel::fit_factor_analysis;

namespace {

// Five features of two factors, noise variances 0.1 to 0.5.
const double loadings[5][2] = {{1, 0}, {0.8, 0.5}, {-0.5, 1}, {0.3, -0.7}, {0, 1.2}};

Matrix<double> rows(Index n, std::uint64_t seed) {
  Rng rng(seed);
  Matrix<double> x(n, 5);
  for (Index i = 0; i < n; ++i) {
    const double a = rng.normal(), b = rng.normal();
    for (Index j = 0; j < 5; ++j)
      x(i, j) = double(j) + loadings[j][0] * a + loadings[j][1] * b + std::sqrt(0.1 * double(j + 1)) * rng.normal();
  }
  return x;
}

double shared(Index i, Index j) { return loadings[i][0] * loadings[j][0] + loadings[i][1] * loadings[j][1]; }

}  // namespace

TEST_CASE("fit_factor_analysis: finds the covariance that features share and the noise of each") {
  const FactorAnalysis found =
      fit_factor_analysis(rows(40000, 1), {.factors = 2, .most_steps = 3000, .tolerance = 1e-9});
  for (Index i = 0; i < 5; ++i) {
    CHECK(found.mean(i) == Approx(double(i)).margin(0.03));
    CHECK(found.noise(i) == Approx(0.1 * double(i + 1)).margin(0.03));
    for (Index j = 0; j < 5; ++j)
      CHECK(found.loadings.row(i).dot(found.loadings.row(j)) == Approx(shared(i, j)).margin(0.05));
  }
}

TEST_CASE("conditional_mean: is that of the Gaussian") {
  // By hand: features 1 and 2 from feature 0 alone; cov(x1, x0) / var(x0).
  FactorAnalysis model;
  model.mean = RowVector<double>::Zero(3);
  model.loadings.resize(3, 2);
  model.noise.resize(3);
  for (Index i = 0; i < 3; ++i) {
    model.mean(i) = double(i);
    model.loadings(i, 0) = loadings[i][0];
    model.loadings(i, 1) = loadings[i][1];
    model.noise(i) = 0.1 * double(i + 1);
  }
  Matrix<double> x(2, 1);
  x << 0.0, 2.0;
  const Matrix<double> y = conditional_mean(model, x);
  REQUIRE(y.cols() == 2);
  const double var = shared(0, 0) + 0.1;
  CHECK(y(0, 0) == Approx(1));
  CHECK(y(0, 1) == Approx(2));
  CHECK(y(1, 0) == Approx(1 + 2 * shared(1, 0) / var));
  CHECK(y(1, 1) == Approx(2 + 2 * shared(2, 0) / var));
}

TEST_CASE("conditional_mean: predicts as well as what made the data") {
  const FactorAnalysis found = fit_factor_analysis(rows(5000, 2), {.factors = 2});
  const Matrix<double> fresh = rows(5000, 3), y = conditional_mean(found, Matrix<double>(fresh.leftCols(3)));
  double error = 0, spread = 0;
  for (Index i = 0; i < fresh.rows(); ++i) {
    error += (fresh(i, 4) - y(i, 1)) * (fresh(i, 4) - y(i, 1)) / double(fresh.rows());
    spread += (fresh(i, 4) - 4) * (fresh(i, 4) - 4) / double(fresh.rows());
  }
  CHECK(spread == Approx(1.44 + 0.5).margin(0.1));
  CHECK(error < 0.85);  // the noise alone is 0.5; what three noisy features leave of the factors adds to it
  CHECK(error > 0.5);
}

TEST_CASE("fit_factor_analysis: a feature that does not vary does no harm; wrong sizes are refused") {
  Matrix<double> x = rows(200, 4);
  x.col(2).setConstant(7);
  const FactorAnalysis found = fit_factor_analysis(x, {.factors = 2});
  CHECK(found.loadings.allFinite());
  CHECK(conditional_mean(found, Matrix<double>(x.leftCols(4))).allFinite());
  REQUIRE_THROWS_WITH(fit_factor_analysis(x, {.factors = 5}), ContainsText("fewer factors than columns"));
  REQUIRE_THROWS_WITH(conditional_mean(found, x), ContainsText("not all"));
}
