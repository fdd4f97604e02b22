#include <cmath>
#include <vector>

#include <latentcell/flow/time_sampling.hpp>

#include "support/catch.hpp"

using namespace latentcell;

namespace {

template <class T>
std::vector<T> draw(const TimeSamplingOptions& options, std::size_t n, std::uint64_t seed) {
  std::vector<T> t(n);
  Rng rng(seed);
  draw_times(options, rng, std::span<T>(t));
  return t;
}

double logit_normal_cdf(double t, double mean, double scale) {
  return 0.5 * std::erfc(-(std::log(t / (1 - t)) - mean) / scale / std::sqrt(2.0));
}

// Kolmogorov and Smirnov's distance times sqrt(n): above 1.95 with a chance of 1e-3 under the hypothesis.
template <class Cdf>
double ks(std::vector<double> t, const Cdf& cdf) {
  std::sort(t.begin(), t.end());
  const double n = double(t.size());
  double worst = 0;
  for (std::size_t i = 0; i < t.size(); ++i) {
    worst = std::max({worst, cdf(t[i]) - double(i) / n, double(i + 1) / n - cdf(t[i])});
  }
  return worst * std::sqrt(n);
}

// Variance of the mean of t^2 over batches.
double variance_of_mean(const TimeSamplingOptions& options) {
  Rng rng(9);
  std::vector<double> t(64);
  double sum = 0, squares = 0;
  constexpr int rounds = 500;
  for (int round = 0; round < rounds; ++round) {
    draw_times(options, rng, std::span<double>(t));
    double mean = 0;
    for (double v : t) mean += v * v / 64;
    sum += mean;
    squares += mean * mean;
  }
  return squares / rounds - sum / rounds * sum / rounds;
}

}  // namespace

TEST_CASE("draw_times: uniform times are uniform") {
  CHECK(ks(draw<double>({}, 20000, 1), [](double t) { return t; }) < 1.95);
}

TEST_CASE("draw_times: logit-normal times have the logit-normal distribution") {
  for (const auto& [mean, scale] : {std::pair{0.0, 1.0}, std::pair{-0.7, 0.5}, std::pair{1.0, 2.0}}) {
    const TimeSamplingOptions options{.sampling = TimeSampling::logit_normal, .mean = mean, .scale = scale};
    CHECK(ks(draw<double>(options, 20000, 2), [m = mean, s = scale](double t) { return logit_normal_cdf(t, m, s); }) <
          1.95);
  }
  // and not another one
  const TimeSamplingOptions other{.sampling = TimeSampling::logit_normal, .mean = 0.1};
  CHECK(ks(draw<double>(other, 20000, 2), [](double t) { return logit_normal_cdf(t, 0, 1); }) > 1.95);
}

TEST_CASE("draw_times: stratified times have the same distribution, one in each part") {
  const TimeSamplingOptions even{.draws = TimeDraws::stratified};
  std::vector<double> t = draw<double>(even, 1000, 3);
  CHECK(!std::is_sorted(t.begin(), t.end()));
  std::sort(t.begin(), t.end());
  for (std::size_t i = 0; i < t.size(); ++i) {
    REQUIRE(t[i] >= double(i) / 1000);
    REQUIRE(t[i] <= double(i + 1) / 1000);
  }
  const TimeSamplingOptions bent{.sampling = TimeSampling::logit_normal, .draws = TimeDraws::stratified};
  CHECK(ks(draw<double>(bent, 1000, 4), [](double v) { return logit_normal_cdf(v, 0, 1); }) <=
        1 / std::sqrt(1000) + 1e-9);
}

TEST_CASE("draw_times: each place of a stratified batch sees the whole distribution") {
  Rng rng(5);
  std::vector<double> t(8), first;
  for (int round = 0; round < 5000; ++round) {
    draw_times({.draws = TimeDraws::stratified}, rng, std::span<double>(t));
    first.push_back(t[0]);
  }
  CHECK(ks(first, [](double v) { return v; }) < 1.95);
}

TEST_CASE("draw_times: stratified means vary far less") {
  CHECK(variance_of_mean({.draws = TimeDraws::stratified}) < variance_of_mean({}) / 100);
  CHECK(variance_of_mean({.sampling = TimeSampling::logit_normal, .draws = TimeDraws::stratified}) <
        variance_of_mean({.sampling = TimeSampling::logit_normal}) / 100);
}

TEST_CASE("draw_times: never 0 and never 1, also in float and far out") {
  for (double mean : {-40.0, 0.0, 40.0}) {
    for (float t : draw<float>({.sampling = TimeSampling::logit_normal, .mean = mean, .scale = 5}, 2000, 6)) {
      REQUIRE(t > 0);
      REQUIRE(t < 1);
    }
  }
}

TEST_CASE("draw_times: one seed gives the same times") {
  CHECK(draw<float>({}, 50, 7) == draw<float>({}, 50, 7));
  CHECK(draw<float>({}, 50, 7) != draw<float>({}, 50, 8));
}

TEST_CASE("normal_quantile: inverse of the normal distribution, far into the tails") {
  for (double p : {1e-300, 1e-20, 1e-5, 0.01, 0.07, 0.2, 0.4, 0.5, 0.6, 0.9, 0.93, 0.999}) {
    const double x = detail::normal_quantile(p);
    CHECK(0.5 * std::erfc(-x / std::sqrt(2.0)) == Approx(p).epsilon(1e-12));
  }
  CHECK(detail::normal_quantile(0.975) == Approx(1.959963984540054).epsilon(1e-14));  // SciPy: norm.ppf
  CHECK(detail::normal_quantile(1e-10) == Approx(-6.361340902404056).epsilon(1e-14));
  CHECK(detail::normal_quantile(0.5) == 0);
}

TEST_CASE("draw_times: bad options are named") {
  REQUIRE_THROWS_WITH(draw<float>({.sampling = TimeSampling::logit_normal, .scale = 0}, 3, 1),
                      ContainsText("needs a finite mean and a positive scale, got 0 and 0"));
  REQUIRE_THROWS_WITH(draw<float>({.sampling = TimeSampling::logit_normal, .mean = NAN}, 3, 1),
                      ContainsText("got nan and 1"));
}

TEST_CASE("draw_times: mode times have the density of the derivative's inverse, for every allowed scale") {
  for (double scale : {-1.0, 0.8, 1.75}) {
    const TimeSamplingOptions options{.sampling = TimeSampling::mode, .scale = scale};
    // The distribution function, found by bisection: the quantile falls from 1 to 0.
    const auto cdf = [&](double t) {
      double low = 0, high = 1;
      for (int i = 0; i < 60; ++i) {
        const double u = (low + high) / 2;
        (latentcell::detail::mode_quantile(u, scale) > t ? low : high) = u;
      }
      return 1 - low;
    };
    CHECK(ks(draw<double>(options, 20000, 5), cdf) < 1.95);
  }
  CHECK(ks(draw<double>({.sampling = TimeSampling::mode, .scale = 1.0}, 20000, 5), [](double t) { return t; }) > 1.95);
  REQUIRE_THROWS_WITH(draw<double>({.sampling = TimeSampling::mode, .scale = 2}, 1, 1),
                      ContainsText("[-1, 1.75], got 2"));
}
