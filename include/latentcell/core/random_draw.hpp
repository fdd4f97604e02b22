#pragma once

#include <cmath>
#include <span>
#include <utility>

#include <latentcell/core/error.hpp>
#include <latentcell/core/rng.hpp>
#include <latentcell/core/types.hpp>

namespace LATENTCELL_NAMESPACE {

namespace detail {

// log of the Poisson probability of k, for means of 10 and more. Without std::lgamma, which writes a global sign: a
// table of log k! up to 9, Stirling's series above (error < 1e-13), there as a difference that stays exact for huge
// means.
inline double log_poisson(double k, double mean) {
  constexpr double log_factorial[10] = {0.0,
                                        0.0,
                                        0.69314718055994530942,
                                        1.7917594692280550008,
                                        3.1780538303479456196,
                                        4.7874917427820459943,
                                        6.5792512120101009951,
                                        8.5251613610654143002,
                                        10.604602902745250228,
                                        12.801827480081469611};
  if (k < 10.0) return k * std::log(mean) - mean - log_factorial[int(k)];
  const double r = 1.0 / k, r2 = r * r;
  const double stirling = r * (1.0 / 12 - r2 * (1.0 / 360 - r2 * (1.0 / 1260 - r2 * (1.0 / 1680 - r2 / 1188))));
  return k * std::log1p((mean - k) / k) - (mean - k) - 0.5 * std::log(6.283185307179586477 * k) - stirling;
}

// Chance below which the rest of a tail is taken as its next value; less than one step of uniform_double.
inline constexpr double least_mass = 1e-18;

// Walks up the probabilities p(0), p(1), ... = p(k) * ratio(k) until their sum passes a uniform number.
template <class Ratio>
double draw_by_inversion(double p, const Ratio& ratio, Rng& rng) {
  double u = rng.uniform_double(), k = 0;
  while (u > p && p > least_mass) {
    u -= p;
    p *= ratio(k);
    k += 1;
  }
  return k;
}

// Hoermann's transformed rejection, algorithm PTRS, "The transformed rejection method for generating Poisson random
// variables", Insurance: Mathematics and Economics 12 (1993).       mean >= 10
inline double draw_large_poisson(double mean, Rng& rng) {
  const double b = 0.931 + 2.53 * std::sqrt(mean), a = -0.059 + 0.02483 * b;
  const double inverse_alpha = 1.1239 + 1.1328 / (b - 3.4), inside = 0.9277 - 3.6224 / (b - 2.0);
  for (;;) {
    const double u = rng.uniform_double() - 0.5, v = rng.uniform_double(), edge = 0.5 - std::abs(u);
    const double k = std::floor((2.0 * a / edge + b) * u + mean + 0.43);
    if (edge >= 0.07 && v <= inside) return k;
    if (k < 0.0 || (edge < 0.013 && v > edge)) continue;
    if (std::log(v * inverse_alpha / (a / (edge * edge) + b)) <= log_poisson(k, mean)) return k;
  }
}

}  // namespace detail

/// An index drawn in proportion to its weight.     weight (n) >= 0, not all 0
inline Index draw_index(std::span<const double> weight, Rng& rng) {
  double total = 0;
  for (double w : weight) total += w;
  double at = rng.uniform_double() * total;
  for (std::size_t i = 0; i + 1 < weight.size(); ++i) {
    if ((at -= weight[i]) < 0) return Index(i);
  }
  return Index(weight.size()) - 1;
}

/// One draw from the normal distribution.   deviation >= 0
inline double draw_normal(double mean, double deviation, Rng& rng) { return mean + deviation * rng.normal(); }

/// One draw from the gamma distribution with unit scale.   shape > 0, finite
/// Marsaglia and Tsang, "A simple method for generating gamma variables" (2000); below shape 1 a draw of shape + 1 is
/// multiplied by U^(1/shape), which for tiny shapes is rightly zero most of the time.
inline double draw_gamma(double shape, Rng& rng) {
  LATENTCELL_REQUIRE(shape > 0.0 && std::isfinite(shape), "draw_gamma: shape must be positive and finite, got ", shape);
  const double d = (shape < 1.0 ? shape + 1.0 : shape) - 1.0 / 3.0, c = 1.0 / std::sqrt(9.0 * d);
  for (;;) {
    const double x = rng.normal(), root = 1.0 + c * x;
    if (root <= 0.0) continue;
    const double v = root * root * root;
    if (std::log(rng.uniform_double()) >= 0.5 * x * x + d * (1.0 - v + std::log(v))) continue;
    return shape < 1.0 ? d * v * std::exp(std::log(rng.uniform_double()) / shape) : d * v;
  }
}

/// One draw from the Poisson distribution, a whole number.   mean >= 0, finite
inline double draw_poisson(double mean, Rng& rng) {
  LATENTCELL_REQUIRE(mean >= 0.0 && std::isfinite(mean), "draw_poisson: mean must be at least 0 and finite, got ",
                     mean);
  if (mean >= 10.0) return detail::draw_large_poisson(mean, rng);
  return detail::draw_by_inversion(
      std::exp(-mean), [mean](double k) { return mean / (k + 1.0); }, rng);
}

/// One draw from the negative binomial distribution with variance mu + mu^2 / theta, a whole number.
/// mu >= 0, finite; theta > 0, where infinity gives the Poisson distribution.
inline double draw_negative_binomial(double mu, double theta, Rng& rng) {
  LATENTCELL_REQUIRE(mu >= 0.0 && std::isfinite(mu), "draw_negative_binomial: mu must be at least 0 and finite, got ",
                     mu);
  LATENTCELL_REQUIRE(theta > 0.0, "draw_negative_binomial: theta must be positive, got ", theta);
  if (std::isinf(theta)) return draw_poisson(mu, rng);
  // The walk takes mu steps on average: for the small means of sparse counts one logarithm and one exponential a draw.
  if (mu < 10.0) {
    const double q = mu / (mu + theta);
    return detail::draw_by_inversion(
        std::exp(-theta * std::log1p(mu / theta)), [=](double k) { return q * (k + theta) / (k + 1.0); }, rng);
  }
  return draw_poisson(mu / theta * draw_gamma(theta, rng), rng);
}

/// One draw from the binomial distribution, a whole number: how many of `trials` succeed. Many are halved by the middle
/// of their order statistics (Devroye, "Non-uniform random variate generation", 1986, chapter X.4.3), so that time
/// grows with the logarithm of their number.     trials >= 0, whole, finite; chance in [0, 1]
inline double draw_binomial(double trials, double chance, Rng& rng) {
  LATENTCELL_REQUIRE(trials >= 0.0 && std::isfinite(trials) && trials == std::floor(trials),
                     "draw_binomial: trials must be a whole number, at least 0 and finite, got ", trials);
  LATENTCELL_REQUIRE(chance >= 0.0 && chance <= 1.0, "draw_binomial: chance must be in [0, 1], got ", chance);
  double successes = 0;
  while (trials > 64) {
    const double below = std::floor((trials + 1) / 2), above = trials + 1 - below;
    const double a = draw_gamma(below, rng), middle = a / (a + draw_gamma(above, rng));
    if (middle <= chance) {
      successes += below;
      trials -= below;
      chance = (chance - middle) / (1 - middle);
    } else {
      trials = below - 1;
      chance /= middle;
    }
  }
  for (; trials > 0; trials -= 1) successes += rng.uniform_double() < chance ? 1 : 0;
  return successes;
}

/// Puts values into a random order, each order equally likely (Fisher and Yates).
template <class T>
void shuffle(std::span<T> values, Rng& rng) {
  for (std::size_t i = values.size(); i > 1; --i) {
    using std::swap;
    swap(values[i - 1], values[rng.below(i)]);
  }
}

}  // namespace latentcell
