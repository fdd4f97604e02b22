#include <cmath>
#include <map>

#include <latentcell/kernel/count_draw.hpp>

#include "support/catch.hpp"

using namespace latentcell;

namespace {

struct Drawn {
  std::vector<std::int32_t> columns;
  std::vector<float> values;
};

Drawn draw(const std::vector<float>& mean, const std::vector<float>& log_theta, const std::vector<float>& logit,
           const Rng& rng) {
  Drawn out;
  kernel::draw_counts<float>({Index(mean.size()), mean.data(), log_theta.empty() ? nullptr : log_theta.data(),
                              logit.empty() ? nullptr : logit.data()},
                             rng, out.columns, out.values);
  return out;
}

double log_probability(double x, double mu, double theta) {
  if (std::isinf(theta)) return x * std::log(mu) - mu - std::lgamma(x + 1);
  return std::lgamma(x + theta) - std::lgamma(theta) - std::lgamma(x + 1) - theta * std::log1p(mu / theta) -
         x * std::log1p(theta / mu);
}

// Pearson's statistic of counts against their probabilities, outcomes expected fewer than ten times put together;
// divided by what chance alone would give at most (five deviations above its mean).
double misfit(const std::map<int, int>& seen, int draws, double mu, double theta, double zero_share) {
  double chi2 = 0, rest = draws;
  int rest_seen = draws, cells = 0;
  const int most = int(mu * 20 + 200);
  for (int x = 0; x <= most; ++x) {
    double p = (1 - zero_share) * std::exp(log_probability(x, mu, theta));
    if (x == 0) p += zero_share;
    const double expected = draws * p;
    if (expected < 10) continue;
    const auto at = seen.find(x);
    const int here = at == seen.end() ? 0 : at->second;
    chi2 += (here - expected) * (here - expected) / expected;
    rest -= expected;
    rest_seen -= here;
    ++cells;
  }
  if (rest > 1) chi2 += (rest_seen - rest) * (rest_seen - rest) / rest;
  if (rest <= 1 && rest_seen > 12) return 1e9;
  ++cells;
  return chi2 / (cells + 5 * std::sqrt(2.0 * cells));
}

}  // namespace

TEST_CASE("draw_counts: counts follow their distribution, from tiny to large means and dispersions") {
  const int cells = 40, genes = 1000;
  const auto constant = [](double x) { return std::vector<float>(std::size_t(1000), float(x)); };
  for (double mu : {1e-6, 1e-3, 0.04, 0.7, 3.0, 9.9, 10.1, 300.0}) {
    for (double theta : {1e-4, 0.05, 1.0, 30.0, 1e6, double(INFINITY)}) {
      for (double logit : {double(-INFINITY), -1.0, 2.0}) {
        const std::vector<float> mean = constant(mu);
        const std::vector<float> log_theta = std::isinf(theta) ? std::vector<float>{} : constant(std::log(theta));
        const std::vector<float> pi = std::isinf(logit) ? std::vector<float>{} : constant(logit);
        std::map<int, int> seen;
        for (int b = 0; b < cells; ++b) {
          const Drawn d = draw(mean, log_theta, pi, Rng(7).at(std::uint64_t(b)));
          for (float x : d.values) ++seen[int(x)];
          seen[0] += genes - int(d.values.size());
        }
        INFO("mu " << mu << ", theta " << theta << ", logit " << logit);
        CHECK(misfit(seen, cells * genes, mu, theta, std::isinf(logit) ? 0.0 : 1 / (1 + std::exp(-logit))) < 1);
      }
    }
  }
}

TEST_CASE("draw_counts: neighbouring genes and cells are independent") {
  const std::vector<float> mean(20000, 0.7f), log_theta(20000, 0.0f);
  const Drawn a = draw(mean, log_theta, {}, Rng(1).at(0)), b = draw(mean, log_theta, {}, Rng(1).at(1));
  const auto dense = [&](const Drawn& d) {
    std::vector<double> x(mean.size(), -0.7);
    for (std::size_t k = 0; k < d.columns.size(); ++k) x[std::size_t(d.columns[k])] += double(d.values[k]);
    return x;
  };
  const std::vector<double> x = dense(a), y = dense(b);
  const auto correlation = [](const std::vector<double>& u, const std::vector<double>& v, std::size_t lag) {
    double uv = 0, uu = 0, vv = 0;
    for (std::size_t i = 0; i + lag < u.size(); ++i)
      uv += u[i] * v[i + lag], uu += u[i] * u[i], vv += v[i + lag] * v[i + lag];
    return uv / std::sqrt(uu * vv);
  };
  for (std::size_t lag : {1u, 2u, 3u, 4u, 16u, 32u, 64u, 256u})
    CHECK(std::abs(correlation(x, x, lag)) < 0.036);  // five deviations
  CHECK(std::abs(correlation(x, y, 0)) < 0.036);
}

TEST_CASE("draw_counts: columns ascend, the same generator gives the same counts, whatever the instruction set") {
  std::vector<float> mean, log_theta, logit;
  Rng rng(3);
  for (int g = 0; g < 3001; ++g) {
    mean.push_back(std::exp(float(rng.normal()) * 2 - 2));
    log_theta.push_back(float(rng.normal()));
    logit.push_back(float(rng.normal()));
  }
  const Drawn reference = draw(mean, log_theta, logit, Rng(5).at(2));
  CHECK(std::is_sorted(reference.columns.begin(), reference.columns.end()));
  CHECK(reference.columns == draw(mean, log_theta, logit, Rng(5).at(2)).columns);
  CHECK(reference.columns != draw(mean, log_theta, logit, Rng(5).at(3)).columns);
  for (kernel::Isa isa : {kernel::Isa::portable, kernel::Isa::avx2}) {
    kernel::limit_isa(isa);
    const Drawn other = draw(mean, log_theta, logit, Rng(5).at(2));
    kernel::limit_isa(kernel::Isa::avx512);
    CHECK(other.columns == reference.columns);
    CHECK(other.values == reference.values);
  }
}

TEST_CASE("philox_words: the words of Philox::block") {
  std::uint32_t words[64];
  const std::uint64_t first = 0xFFFFFFF8u;  // the counter carries into its upper half
  kernel::detail::philox_words(11, 0x123456789ABCDEFu, first, 16, words);
  for (std::size_t block = 0; block < 16; ++block) {
    const auto expected = Philox::block(11, 0x123456789ABCDEFu, first + block);
    for (std::size_t w = 0; w < 4; ++w) CHECK(words[16 * w + block] == expected[w]);
  }
}
