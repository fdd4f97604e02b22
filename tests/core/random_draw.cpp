#include <latentcell/core/random_draw.hpp>

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <numeric>
#include <utility>
#include <vector>

#include "support/catch.hpp"

using namespace latentcell;

namespace {

struct Moments {
  double mean = 0, variance = 0;
};

Moments moments_of(int n, const std::function<double()>& draw) {
  std::vector<double> x(std::size_t(n), 0.0);
  for (double& v : x) v = draw();
  Moments m;
  for (double v : x) m.mean += v / n;
  for (double v : x) m.variance += (v - m.mean) * (v - m.mean) / n;
  return m;
}

/// How far the draws lie from their probabilities: (chi-square - freedom) / sqrt(2 freedom), about standard normal.
/// Values with fewer than 10 draws expected are joined.
double misfit(int n, const std::function<double()>& draw, const std::function<double(double)>& log_mass) {
  std::vector<double> seen;
  for (int i = 0; i < n; ++i) {
    const double k = draw();
    REQUIRE((k >= 0.0 && k == std::floor(k)));
    if (k >= double(seen.size())) seen.resize(std::size_t(k) + 1, 0.0);
    seen[std::size_t(k)] += 1;
  }
  double chi2 = 0, expected = 0, observed = 0, mass = 0, rest = 0;
  int bins = 0;
  const auto close = [&](double e, double o) {
    chi2 += (o - e) * (o - e) / e;
    ++bins;
  };
  for (std::size_t k = 0; k < seen.size(); ++k) {
    const double p = std::exp(log_mass(double(k)));
    mass += p;
    expected += n * p;
    observed += seen[k];
    if (expected >= 10.0) {
      close(expected, observed);
      expected = observed = 0;
    }
  }
  rest = expected + n * std::max(0.0, 1.0 - mass);
  if (rest > 1.0) close(rest, observed);
  return bins < 2 ? 0.0 : (chi2 - (bins - 1)) / std::sqrt(2.0 * (bins - 1));
}

double log_poisson(double k, double mean) { return k * std::log(mean) - mean - std::lgamma(k + 1); }

double log_negative_binomial(double k, double mu, double theta) {
  return std::lgamma(k + theta) - std::lgamma(theta) - std::lgamma(k + 1) - theta * std::log1p(mu / theta) +
         k * std::log(mu / (mu + theta));
}

}  // namespace

TEST_CASE("draw_normal: mean and variance are those asked for") {
  Rng rng(1);
  const Moments m = moments_of(100000, [&] { return draw_normal(-3.0, 2.0, rng); });
  CHECK(m.mean == Approx(-3.0).margin(0.03));
  CHECK(m.variance == Approx(4.0).epsilon(0.02));
}

TEST_CASE("draw_gamma: mean and variance equal the shape") {
  for (double shape : {0.05, 0.3, 1.0, 2.5, 40.0, 1e4}) {
    Rng rng(2);
    const int n = 100000;
    const Moments m = moments_of(n, [&] { return draw_gamma(shape, rng); });
    CAPTURE(shape);
    CHECK(m.mean == Approx(shape).epsilon(5 / std::sqrt(shape * n)));
    CHECK(m.variance == Approx(shape).epsilon(5 * std::sqrt((2 + 6 / shape) / n)));
  }
}

TEST_CASE("draw_gamma: shape 1 is the exponential distribution") {
  Rng rng(3);
  int above = 0;
  const int n = 100000;
  for (int i = 0; i < n; ++i) above += draw_gamma(1.0, rng) > 2.0;
  CHECK(double(above) / n == Approx(std::exp(-2.0)).margin(0.005));
}

TEST_CASE("draw_gamma: a tiny shape gives numbers that are nearly all zero, never NaN") {
  Rng rng(4);
  for (int i = 0; i < 1000; ++i) REQUIRE(draw_gamma(1e-6, rng) >= 0.0);
}

TEST_CASE("draw_poisson: draws follow the probabilities") {
  for (double mean : {0.001, 0.2, 1.0, 4.5, 9.99, 10.0, 12.0, 35.0, 400.0}) {
    Rng rng(5);
    CAPTURE(mean);
    CHECK(std::abs(misfit(
              100000, [&] { return draw_poisson(mean, rng); }, [&](double k) { return log_poisson(k, mean); })) < 3.5);
  }
}

TEST_CASE("draw_poisson: huge means keep mean and variance") {
  for (double mean : {1e6, 1e10}) {
    Rng rng(6);
    const int n = 100000;
    const Moments m = moments_of(n, [&] { return draw_poisson(mean, rng); });
    CAPTURE(mean);
    CHECK(std::abs(m.mean - mean) < 5 * std::sqrt(mean / n));
    CHECK(m.variance == Approx(mean).epsilon(5 * std::sqrt(2.0 / n)));
  }
}

TEST_CASE("draw_negative_binomial: draws follow the probabilities") {
  const double cases[][2] = {{0.01, 0.5}, {0.3, 1e-3}, {0.7, 2.0},  {3.0, 0.1},    {9.9, 50.0},
                             {8.0, 1e6},  {12.0, 0.4}, {50.0, 3.0}, {200.0, 100.0}};
  for (const auto& [mu, theta] : cases) {
    Rng rng(7);
    CAPTURE(mu, theta);
    CHECK(std::abs(misfit(
              100000, [&, m = mu, t = theta] { return draw_negative_binomial(m, t, rng); },
              [m = mu, t = theta](double k) { return log_negative_binomial(k, m, t); })) < 3.5);
  }
}

TEST_CASE("draw_negative_binomial: infinite theta is the Poisson distribution") {
  Rng a(8), b(8);
  for (int i = 0; i < 100; ++i) {
    CHECK(draw_negative_binomial(6.0, std::numeric_limits<double>::infinity(), a) == draw_poisson(6.0, b));
  }
}

TEST_CASE("draws of mean zero are zero") {
  Rng rng(9);
  CHECK(draw_poisson(0.0, rng) == 0.0);
  CHECK(draw_negative_binomial(0.0, 0.1, rng) == 0.0);
}

TEST_CASE("draws refuse parameters outside their range") {
  Rng rng(10);
  const double nan = std::numeric_limits<double>::quiet_NaN();
  CHECK_THROWS_WITH(draw_gamma(0.0, rng), ContainsText("draw_gamma: shape must be positive and finite, got 0"));
  CHECK_THROWS_WITH(draw_poisson(-1.0, rng), ContainsText("draw_poisson: mean must be at least 0"));
  CHECK_THROWS_WITH(draw_poisson(nan, rng), ContainsText("draw_poisson: mean"));
  CHECK_THROWS_WITH(draw_negative_binomial(nan, 1.0, rng), ContainsText("draw_negative_binomial: mu"));
  CHECK_THROWS_WITH(draw_negative_binomial(1.0, 0.0, rng), ContainsText("theta must be positive, got 0"));
}

TEST_CASE("shuffle: every order is equally likely") {
  Rng rng(11);
  std::vector<int> seen(24, 0);
  const int n = 24000;
  for (int i = 0; i < n; ++i) {
    std::vector<int> x{0, 1, 2, 3};
    shuffle(std::span<int>(x), rng);
    int rank = 0;
    for (std::size_t a = 0; a < 4; ++a) {
      const int smaller = int(std::count_if(x.begin() + std::ptrdiff_t(a), x.end(), [&](int v) { return v < x[a]; }));
      rank = rank * int(4 - a) + smaller;
    }
    ++seen[std::size_t(rank)];
  }
  double chi2 = 0;
  for (int count : seen) chi2 += std::pow(count - n / 24, 2) / (n / 24);
  CHECK(chi2 < 49.7);  // 0.999 quantile of chi-square with 23 degrees of freedom
}

TEST_CASE("shuffle: takes no and one value") {
  Rng rng(12);
  std::vector<double> none, one{4.0};
  shuffle(std::span<double>(none), rng);
  shuffle(std::span<double>(one), rng);
  CHECK(one == std::vector<double>{4.0});
}

TEST_CASE("draw_binomial: has the binomial distribution, of few and of many trials") {
  Rng rng(41);
  for (const auto& [trials, chance] :
       {std::pair{7.0, 0.3}, std::pair{64.0, 0.5}, std::pair{500.0, 0.02}, std::pair{3000.0, 0.9}}) {
    const double n = trials, p = chance;
    CHECK(std::abs(misfit(
              20000, [&] { return draw_binomial(n, p, rng); },
              [&](double k) {
                if (k > n) return -1e9;
                return std::lgamma(n + 1) - std::lgamma(k + 1) - std::lgamma(n - k + 1) + k * std::log(p) +
                       (n - k) * std::log1p(-p);
              })) < 4);
  }
  const Moments huge = moments_of(2000, [&] { return draw_binomial(1e9, 0.25, rng); });
  CHECK(huge.mean == Approx(2.5e8).epsilon(1e-5));
  CHECK(huge.variance == Approx(1e9 * 0.25 * 0.75).epsilon(0.15));
  CHECK(draw_binomial(0, 0.5, rng) == 0);
  CHECK(draw_binomial(100, 1, rng) == 100);
  CHECK(draw_binomial(100, 0, rng) == 0);
  CHECK_THROWS_WITH(draw_binomial(-1, 0.5, rng), Catch::Contains("trials must be a whole number, at least 0"));
  CHECK_THROWS_WITH(draw_binomial(1, 1.5, rng), Catch::Contains("chance must be in [0, 1]"));
}
