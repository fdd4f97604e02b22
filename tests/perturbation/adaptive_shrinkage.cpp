#include <latentcell/perturbation/adaptive_shrinkage.hpp>

#include <cmath>
#include <limits>

#include <latentcell/core/rng.hpp>

#include "support/catch.hpp"

using namespace latentcell;
using perturbation::adaptive_shrinkage;

TEST_CASE("adaptive_shrinkage: exact estimates are kept, unmeasured ones are 0") {
  std::vector<double> estimate(100, 0.0), variance(100, 1e-8);
  for (std::size_t i = 0; i < 50; ++i) estimate[i] = double(i) / 25 - 1;
  variance[3] = std::numeric_limits<double>::infinity();
  const std::vector<double> out = adaptive_shrinkage(estimate, variance);
  for (std::size_t i = 0; i < 100; ++i) CHECK(out[i] == Approx(i == 3 ? 0.0 : estimate[i]).margin(1e-3));
}

TEST_CASE("adaptive_shrinkage: few large effects among many of none are kept, noise is not") {
  Rng rng(2);
  std::vector<double> truth(2000, 0.0), estimate(2000), variance(2000, 0.04);
  for (std::size_t i = 0; i < 100; ++i) truth[i] = i % 2 == 0 ? 1.5 : -1.5;
  for (std::size_t i = 0; i < truth.size(); ++i) estimate[i] = truth[i] + 0.2 * rng.normal();
  const std::vector<double> out = adaptive_shrinkage(estimate, variance);
  double raw = 0, shrunk = 0, kept = 0;
  for (std::size_t i = 0; i < truth.size(); ++i) {
    raw += std::pow(estimate[i] - truth[i], 2);
    shrunk += std::pow(out[i] - truth[i], 2);
    if (i < 100) kept += out[i] / truth[i] / 100;
  }
  INFO("squared error " << raw << " raw, " << shrunk << " shrunk; kept " << kept);
  CHECK(shrunk < 0.25 * raw);
  CHECK(kept > 0.9);
}

TEST_CASE("adaptive_shrinkage: of noise alone next to nothing is left") {
  Rng rng(3);
  std::vector<double> estimate(1000), variance(1000, 0.09);
  for (double& e : estimate) e = 0.3 * rng.normal();
  double raw = 0, left = 0;
  const std::vector<double> out = adaptive_shrinkage(estimate, variance);
  for (std::size_t i = 0; i < out.size(); ++i) raw += estimate[i] * estimate[i], left += out[i] * out[i];
  CHECK(left < 0.05 * raw);
}

TEST_CASE("adaptive_shrinkage: bad input is refused") {
  CHECK_THROWS_WITH(adaptive_shrinkage({1, 2}, {1}), ContainsText("2 estimates and 1 variances"));
  CHECK_THROWS_WITH(adaptive_shrinkage({1}, {0}), ContainsText("must be above 0, got 0"));
  CHECK(adaptive_shrinkage({}, {}).empty());
}
