#include <latentcell/kernel/count_quantile.hpp>

#include <latentcell/core/rng.hpp>

#include "support/catch.hpp"

using latentcell::kernel::count_quantile;

namespace {

// The distribution function at k, from the logarithms of all probabilities up to it.
double distribution(double mean, double theta, double pi, double k) {
  double sum = 0;
  for (double x = 0; x <= k; x += 1) {
    const double log_p = theta > 0 ? std::lgamma(x + theta) - std::lgamma(theta) - std::lgamma(x + 1) +
                                         theta * std::log(theta / (mean + theta)) + x * std::log(mean / (mean + theta))
                                   : x * std::log(mean) - mean - std::lgamma(x + 1);
    sum += std::exp(log_p);
  }
  return pi + (1 - pi) * sum;
}

}  // namespace

TEST_CASE("count_quantile: the smallest count whose distribution function reaches u") {
  latentcell::Rng rng(1);
  for (const double mean : {1e-6, 0.03, 0.7, 5.0, 80.0, 900.0, 3000.0}) {
    for (const double theta : {0.0, 0.05, 1.0, 40.0, 1e5}) {
      for (const double pi : {0.0, 0.4}) {
        for (int i = 0; i < 6; ++i) {
          const double u = rng.uniform_double(), k = count_quantile(mean, theta, pi, u);
          INFO("mean " << mean << ", theta " << theta << ", pi " << pi << ", u " << u << " gives " << k);
          CHECK(distribution(mean, theta, pi, k) >= u - 1e-9);
          if (k > 0) CHECK(distribution(mean, theta, pi, k - 1) < u + 1e-9);
        }
      }
    }
  }
}

TEST_CASE("count_quantile: ends for the largest means and the rarest u") {
  CHECK(count_quantile(1e6, 0, 0, 0.5) == Approx(1e6).epsilon(1e-3));
  CHECK(count_quantile(1e5, 1e4, 0, 0.5) == Approx(1e5).epsilon(0.01));
  CHECK(count_quantile(1e-8, 1e-4, 0, 1 - 1e-16) < 1e6);
  CHECK(count_quantile(2, 1, 0.99, 0.5) == 0);
}
