#include <latentcell/kernel/negative_binomial.hpp>

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include <latentcell/core/rng.hpp>

#include "support/catch.hpp"
#include "support/reference.hpp"

using namespace latentcell::kernel;
using latentcell::Index;
using latentcell::Rng;

namespace {

// The sizes of what a derivative is the sum of: near its zero it cannot be more exact than its parts.
double parts_of_d_log_mu(double x, double mu, double theta) { return theta * (x + mu) / (theta + mu); }
double parts_of_d_log_theta(double x, double mu, double theta, double whole) {
  return std::max(std::abs(whole), theta * deviance((theta + mu) / (x + theta), (mu - x) / (x + theta)));
}

double relative(double value, double exact) { return std::abs(value - exact) / std::abs(exact); }

// Arrays of n elements with dispersions, ready for the row loops.
template <class T>
struct Elements {
  std::vector<T> mu, theta, inv_theta, log_prob, d_log_mu, d_log_theta;
  explicit Elements(const std::vector<T>& log_theta)
      : mu(log_theta.size()), theta(mu), inv_theta(mu), log_prob(mu), d_log_mu(mu), d_log_theta(mu) {
    nb_dispersions(Index(mu.size()), log_theta.data(), theta.data(), inv_theta.data());
  }
  NbDispersions<T> at() const { return {theta.data(), inv_theta.data()}; }
  NbTerms<T> out() { return {log_prob.data(), d_log_mu.data(), d_log_theta.data()}; }
};

template <class T>
void rows_agree_with_terms(T tolerance) {
  Rng rng(5);
  std::vector<T> log_theta(301);
  for (T& t : log_theta) t = T(rng.uniform() * 20 - 8);
  Elements<T> row(log_theta);
  std::vector<float> x;
  std::vector<std::int32_t> columns;
  constexpr std::int32_t first_column = 40;
  std::vector<float> dense(row.mu.size());
  for (std::size_t i = 0; i < row.mu.size(); ++i) {
    row.mu[i] = T(std::exp(rng.uniform() * 16 - 8));
    if (i % 3 == 1) {
      dense[i] = i % 2 == 0 ? float(1 + i) : std::floor(std::exp(float(rng.uniform()) * 10.0f));
      if (i == 100) dense[i] = 0.25f;
      if (i == 112) dense[i] = 0.0f;  // stored though it is zero
      x.push_back(dense[i]);
      columns.push_back(std::int32_t(i) + first_column);
    }
  }
  REQUIRE(x.size() > 64);
  nb_zero(Index(row.mu.size()), row.mu.data(), row.at(), row.out());
  nb_nonzero(Index(x.size()), x.data(), columns.data(), first_column, row.mu.data(), row.at(), row.out());
  for (std::size_t i = 0; i < row.mu.size(); ++i) {
    const NbTerm<T> term = nb_term(T(dense[i]), row.mu[i], row.at()[Index(i)]);
    REQUIRE(row.log_prob[i] == Approx(term.log_prob).epsilon(tolerance));
    REQUIRE(row.d_log_mu[i] == Approx(term.d_log_mu).epsilon(tolerance).margin(tolerance));
    REQUIRE(row.d_log_theta[i] == Approx(term.d_log_theta).epsilon(tolerance).margin(tolerance));
  }
}

}  // namespace

TEST_CASE("negative_binomial: agrees with mpmath over the whole range") {
  const latentcell::Matrix<double> table = Reference("likelihood").matrix("nb");
  for (const auto row : table.rowwise()) {
    const double x = row[0], mu = std::exp(row[1]), theta = std::exp(row[2]);
    INFO("x " << x << ", mu " << mu << ", theta " << theta);
    const double parts_mu = parts_of_d_log_mu(x, mu, theta), parts_theta = parts_of_d_log_theta(x, mu, theta, row[5]);
    const NbTerm<double> exact = nb_term(x, row[1], row[2]);
    CHECK(relative(exact.log_prob, row[3]) <= 1e-12);
    CHECK(std::abs(exact.d_log_mu - row[4]) <= 1e-14 * parts_mu);
    CHECK(std::abs(exact.d_log_theta - row[5]) <= 1e-11 * parts_theta);
    const NbTerm<float> term = nb_term(float(x), float(row[1]), float(row[2]));
    CHECK(relative(double(term.log_prob), row[3]) <= 2e-6);
    CHECK(std::abs(double(term.d_log_mu) - row[4]) <= 1e-6 * std::max(parts_mu, 0.1));
    CHECK(std::abs(double(term.d_log_theta) - row[5]) <= 2e-6 * std::max(parts_theta, 0.1));
  }
}

TEST_CASE("negative_binomial: float agrees with double over a dense sweep") {
  Rng rng(3);
  double worst_value = 0, worst_d_log_mu = 0, worst_d_log_theta = 0;
  for (int i = 0; i < 100000; ++i) {
    const NbDispersion<float> at = nb_dispersion(float(-9.2 + rng.uniform() * 23.0));
    const float mu = float(std::exp(-18.4 + rng.uniform() * 32.2));
    const double spread = std::sqrt(double(mu) * (1.0 + double(mu) / double(at.theta)));
    double x = 0;  // a zero, any count, a count near the mean, a small count
    if (i % 4 == 1) x = std::exp(rng.uniform() * 13.8);
    if (i % 4 == 2) x = std::clamp(double(mu) + (rng.uniform() * 4 - 2) * spread, 0.0, 1e6);
    if (i % 4 == 3) x = 1 + rng.uniform() * 300;
    x = std::floor(x);
    const NbTerm<double> exact = nb_term(x, double(mu), nb_dispersion(std::log(double(at.theta))));
    const NbTerm<float> term = nb_term(float(x), mu, at);
    const double parts_mu = parts_of_d_log_mu(x, double(mu), double(at.theta));
    const double parts_theta = parts_of_d_log_theta(x, double(mu), double(at.theta), exact.d_log_theta);
    worst_value = std::max(worst_value, relative(double(term.log_prob), exact.log_prob));
    worst_d_log_mu =
        std::max(worst_d_log_mu, std::abs(double(term.d_log_mu) - exact.d_log_mu) / std::max(parts_mu, 0.1));
    worst_d_log_theta = std::max(worst_d_log_theta,
                                 std::abs(double(term.d_log_theta) - exact.d_log_theta) / std::max(parts_theta, 0.1));
  }
  CHECK(worst_value <= 1.5e-6);
  CHECK(worst_d_log_mu <= 1e-6);
  CHECK(worst_d_log_theta <= 2e-6);
}

TEST_CASE("negative_binomial: gradients are the slopes of the value") {
  for (double x : {0.0, 0.4, 1.0, 6.0, 300.0}) {
    for (double log_mu : {-3.0, 0.3, 4.0}) {
      for (double log_theta : {-4.0, 0.1, 5.0}) {
        const double h = 1e-5;
        const NbTerm<double> term = nb_term(x, log_mu, log_theta);
        const double by_mu = nb_term(x, log_mu + h, log_theta).log_prob - nb_term(x, log_mu - h, log_theta).log_prob;
        const double by_theta = nb_term(x, log_mu, log_theta + h).log_prob - nb_term(x, log_mu, log_theta - h).log_prob;
        CHECK(term.d_log_mu == Approx(by_mu / (2 * h)).epsilon(1e-7).margin(1e-7));
        CHECK(term.d_log_theta == Approx(by_theta / (2 * h)).epsilon(1e-7).margin(1e-7));
      }
    }
  }
}

TEST_CASE("negative_binomial: probabilities sum to one and have the stated mean and variance") {
  const double mu = 3.5, theta = 0.8;
  double total = 0, mean = 0, square = 0;
  for (int x = 0; x < 400; ++x) {
    const double p = std::exp(nb_term(double(x), std::log(mu), std::log(theta)).log_prob);
    total += p;
    mean += p * x;
    square += p * x * x;
  }
  CHECK(total == Approx(1.0).epsilon(1e-12));
  CHECK(mean == Approx(mu).epsilon(1e-12));
  CHECK(square - mean * mean == Approx(nb_variance(mu, theta)).epsilon(1e-10));
}

TEST_CASE("negative_binomial: row loops agree with single terms") {
  rows_agree_with_terms<float>(2e-6f);
  rows_agree_with_terms<double>(1e-13);
}

TEST_CASE("negative_binomial: a mean of zero at a count of zero is certain") {
  const NbTerm<float> term = nb_zero_term(0.0f, 2.0f, 0.5f);
  CHECK(term.log_prob == 0.0f);
  CHECK(term.d_log_mu == 0.0f);
  CHECK(term.d_log_theta == 0.0f);
}

TEST_CASE("negative_binomial: NaN and negative counts give NaN") {
  const float nan_value = std::numeric_limits<float>::quiet_NaN();
  for (float x : {0.0f, 3.0f, 1000.0f}) {
    CHECK(std::isnan(nb_term(x, nan_value, 0.5f).log_prob));
    CHECK(std::isnan(nb_term(x, nan_value, 0.5f).d_log_mu));
    CHECK(std::isnan(nb_term(x, nan_value, 0.5f).d_log_theta));
    CHECK(std::isnan(nb_term(x, 0.5f, nan_value).log_prob));
    CHECK(std::isnan(nb_term(x, 0.5f, nan_value).d_log_theta));
  }
  CHECK(std::isnan(nb_term(nan_value, 0.5f, 0.5f).log_prob));
  CHECK(std::isnan(nb_term(-1.0f, 0.5f, 0.5f).log_prob));
  CHECK(std::isnan(nb_term(-1e9, 0.5, 0.5).log_prob));
}
