#include <latentcell/kernel/poisson.hpp>

#include <cmath>
#include <limits>
#include <vector>

#include "support/catch.hpp"
#include "support/reference.hpp"

using namespace latentcell::kernel;

TEST_CASE("poisson: agrees with mpmath over the whole range") {
  const latentcell::Matrix<double> table = Reference("likelihood").matrix("poisson");
  for (const auto row : table.rowwise()) {
    INFO("x " << row[0] << ", log_mu " << row[1]);
    const double mu = std::exp(row[1]);
    const PoissonTerm<double> exact = poisson_term(row[0], mu);
    CHECK(std::abs(exact.log_prob - row[2]) <= 1e-12 * std::abs(row[2]));
    CHECK(exact.d_log_mu == Approx(row[3]).epsilon(1e-12).margin(1e-14 * mu));
    const PoissonTerm<double> rounded = poisson_term(row[0], double(float(mu)));  // the mean that float is given
    const PoissonTerm<float> term = poisson_term(float(row[0]), float(mu));
    CHECK(std::abs(double(term.log_prob) - rounded.log_prob) <= 1e-6 * std::abs(rounded.log_prob));
    CHECK(term.d_log_mu == Approx(rounded.d_log_mu).epsilon(1e-6));
  }
}

TEST_CASE("poisson: probabilities sum to one") {
  float total = 0;
  for (int x = 0; x < 60; ++x) total += std::exp(poisson_term(float(x), 7.5f).log_prob);
  CHECK(total == Approx(1.0).epsilon(2e-6));
}

TEST_CASE("poisson: row loops agree with single terms") {
  const std::vector<float> mu{0.1f, 2.0f, 30.0f, 400.0f, 5000.0f}, x{0.0f, 2.0f, 390.0f, 5100.0f};
  const std::vector<std::int32_t> columns{10, 11, 13, 14};
  std::vector<float> log_prob(5), d_log_mu(5);
  poisson_zero(5, mu.data(), log_prob.data(), d_log_mu.data());
  poisson_nonzero(4, x.data(), columns.data(), 10, mu.data(), log_prob.data(), d_log_mu.data());
  const std::vector<float> dense{0.0f, 2.0f, 0.0f, 390.0f, 5100.0f};
  for (std::size_t i = 0; i < 5; ++i) {
    CHECK(log_prob[i] == Approx(poisson_term(dense[i], mu[i]).log_prob).epsilon(1e-6));
    CHECK(d_log_mu[i] == Approx(dense[i] - mu[i]).epsilon(1e-6));
  }
}

TEST_CASE("poisson: NaN and negative counts give NaN") {
  const float nan_value = std::numeric_limits<float>::quiet_NaN();
  for (float x : {0.0f, 2.0f, 700.0f}) CHECK(std::isnan(poisson_term(x, nan_value).log_prob));
  CHECK(std::isnan(poisson_term(nan_value, 2.0f).log_prob));
  CHECK(std::isnan(poisson_term(-2.0f, 2.0f).log_prob));
}
