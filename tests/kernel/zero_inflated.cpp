#include <latentcell/kernel/zero_inflated.hpp>

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "support/catch.hpp"
#include "support/reference.hpp"

using namespace latentcell::kernel;
using latentcell::Index;

TEST_CASE("zero_inflated: agrees with mpmath over the whole range") {
  const auto near = [](auto value, double exact, double tolerance) {
    return std::abs(double(value) - exact) <= tolerance * std::max(std::abs(exact), 0.1);
  };
  const latentcell::Matrix<double> table = Reference("likelihood").matrix("zinb");
  for (const auto row : table.rowwise()) {
    INFO("x " << row[0] << ", log_mu " << row[1] << ", log_theta " << row[2] << ", logit_pi " << row[3]);
    const ZinbTerm<double> exact = zinb_term(row[0], row[1], row[2], row[3]);
    CHECK(near(exact.log_prob, row[4], 1e-12));
    CHECK(near(exact.d_log_mu, row[5], 1e-12));
    CHECK(near(exact.d_log_theta, row[6], 1e-12));
    CHECK(near(exact.d_logit_pi, row[7], 1e-12));
    const ZinbTerm<float> term = zinb_term(float(row[0]), float(row[1]), float(row[2]), float(row[3]));
    CHECK(near(term.log_prob, row[4], 1e-6));
    CHECK(near(term.d_log_mu, row[5], 2e-6));
    CHECK(near(term.d_log_theta, row[6], 4e-6));
    CHECK(near(term.d_logit_pi, row[7], 1e-6));
    // A likely zero keeps its relative accuracy too.
    if (row[4] > -0.5) CHECK(std::abs(double(term.log_prob) - row[4]) <= 2e-6 * std::abs(row[4]));
  }
}

TEST_CASE("zero_inflated: gradients are the slopes of the value") {
  const double h = 1e-5;
  for (double x : {0.0, 4.0}) {
    for (double log_mu : {-5.0, 1.0, 6.0}) {
      for (double logit_pi : {-12.0, -0.3, 0.0, 5.0}) {
        const double log_theta = 0.4;
        const auto value = [&](double a, double b, double c) { return zinb_term(x, a, b, c).log_prob; };
        const ZinbTerm<double> term = zinb_term(x, log_mu, log_theta, logit_pi);
        const double by_mu = value(log_mu + h, log_theta, logit_pi) - value(log_mu - h, log_theta, logit_pi);
        const double by_theta = value(log_mu, log_theta + h, logit_pi) - value(log_mu, log_theta - h, logit_pi);
        const double by_pi = value(log_mu, log_theta, logit_pi + h) - value(log_mu, log_theta, logit_pi - h);
        CHECK(term.d_log_mu == Approx(by_mu / (2 * h)).epsilon(1e-7).margin(1e-8));
        CHECK(term.d_log_theta == Approx(by_theta / (2 * h)).epsilon(1e-7).margin(1e-8));
        CHECK(term.d_logit_pi == Approx(by_pi / (2 * h)).epsilon(1e-7).margin(1e-8));
      }
    }
  }
}

TEST_CASE("zero_inflated: probabilities sum to one and have the stated mean and variance") {
  const double mu = 2.5, theta = 1.4, logit_pi = -0.6;
  double total = 0, mean = 0, square = 0;
  for (int x = 0; x < 300; ++x) {
    const double p = std::exp(zinb_term(double(x), std::log(mu), std::log(theta), logit_pi).log_prob);
    total += p;
    mean += p * x;
    square += p * x * x;
  }
  CHECK(total == Approx(1.0).epsilon(1e-12));
  CHECK(mean == Approx(zinb_mean(mu, logit_pi)).epsilon(1e-12));
  CHECK(square - mean * mean == Approx(zinb_variance(mu, theta, logit_pi)).epsilon(1e-10));
}

TEST_CASE("zero_inflated: without inflation it is the negative binomial") {
  for (float x : {0.0f, 2.0f, 900.0f}) {
    const ZinbTerm<float> inflated = zinb_term(x, 1.2f, 0.3f, -60.0f);
    const NbTerm<float> plain = nb_term(x, 1.2f, 0.3f);
    CHECK(inflated.log_prob == Approx(plain.log_prob).epsilon(1e-6));
    CHECK(inflated.d_log_mu == Approx(plain.d_log_mu).epsilon(1e-6));
    CHECK(inflated.d_log_theta == Approx(plain.d_log_theta).epsilon(1e-6));
  }
}

TEST_CASE("zero_inflated: hopeless zeros stay finite") {
  const ZinbTerm<float> term = zinb_term(0.0f, 13.0f, 13.0f, -200.0f);  // both ways to a zero underflow
  CHECK(term.log_prob == Approx(-200.0).epsilon(1e-6));
  CHECK(term.d_logit_pi == Approx(1.0).epsilon(1e-6));
  CHECK(std::abs(term.d_log_mu) <= 1e-6f);
}

TEST_CASE("zero_inflated: row loops agree with single terms") {
  constexpr std::size_t n = 150;
  std::vector<float> log_theta(n), theta(n), inv_theta(n), mu(n), logit_pi(n);
  std::vector<float> log_prob(n), d_log_mu(n), d_log_theta(n), d_logit_pi(n), x;
  std::vector<std::int32_t> columns;
  for (std::size_t i = 0; i < n; ++i) {
    log_theta[i] = float(i % 13) - 6.0f;
    mu[i] = 0.01f * float(1 + i * i);
    logit_pi[i] = float(i % 7) - 3.0f;
    // Some of the stored counts are zero.
    if (i % 2 == 1) x.push_back(float(i % 30 == 5 ? 0 : i * i % 600 + 1)), columns.push_back(std::int32_t(i));
  }
  nb_dispersions(Index(n), log_theta.data(), theta.data(), inv_theta.data());
  const NbDispersions<float> at{theta.data(), inv_theta.data()};
  const NbTerms<float> out{log_prob.data(), d_log_mu.data(), d_log_theta.data()};
  zinb_zero(Index(n), mu.data(), at, logit_pi.data(), out, d_logit_pi.data());
  zinb_nonzero(Index(x.size()), x.data(), columns.data(), 0, mu.data(), at, logit_pi.data(), out, d_logit_pi.data());
  for (std::size_t i = 0; i < n; ++i) {
    const float count = i % 2 == 1 ? x[i / 2] : 0.0f;
    const ZinbTerm<float> term = zinb_term(count, mu[i], at[Index(i)], logit_pi[i]);
    REQUIRE(log_prob[i] == Approx(term.log_prob).epsilon(2e-6));
    REQUIRE(d_log_mu[i] == Approx(term.d_log_mu).epsilon(2e-6).margin(1e-6));
    REQUIRE(d_log_theta[i] == Approx(term.d_log_theta).epsilon(2e-6).margin(2e-6));
    REQUIRE(d_logit_pi[i] == Approx(term.d_logit_pi).epsilon(2e-6));
  }
}

TEST_CASE("zero_inflated: NaN stays NaN") {
  const float nan_value = std::numeric_limits<float>::quiet_NaN();
  for (float x : {0.0f, 3.0f}) {
    CHECK(std::isnan(zinb_term(x, nan_value, 0.5f, 0.1f).log_prob));
    CHECK(std::isnan(zinb_term(x, 0.5f, nan_value, 0.1f).log_prob));
    CHECK(std::isnan(zinb_term(x, 0.5f, 0.5f, nan_value).log_prob));
    CHECK(std::isnan(zinb_term(x, 0.5f, 0.5f, nan_value).d_logit_pi));
  }
}
