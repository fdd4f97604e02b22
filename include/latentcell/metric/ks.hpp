#pragma once

#include <algorithm>
#include <cmath>
#include <span>
#include <vector>

#include <latentcell/core/error.hpp>

namespace LATENTCELL_NAMESPACE::metric {

/// Outcome of the two-sample Kolmogorov-Smirnov test.
struct KsTest {
  double statistic = 0;  ///< largest gap between the two distribution functions, in [0, 1]
  double p_value = 1;    ///< chance of a gap at least as large between samples of one continuous distribution
};

namespace detail {

// Chance that the gap between two samples of n and m of one distribution reaches d, exactly: 1 less the chance that a
// path from (0, 0) to (n, m), which draws its steps without replacement, stays where |i / n - j / m| < d. inside[j] is
// the chance to come by (i, j) so; steps to the right are n of all, steps up m.
inline double ks_exact(double d, double n, double m) {
  const double bound = (0.5 + std::floor(d * n * m - 1e-7)) / (n * m);
  std::vector<double> inside(std::size_t(m) + 1, 0.0);
  for (double i = 0; i <= n; ++i) {
    for (double j = 0; j <= m; ++j) {
      double& here = inside[std::size_t(j)];
      if (i == 0 && j == 0) {
        here = 1.0;
        continue;
      }
      const double left = n + m - i - j + 1;  // steps left before the last one
      here *= i > 0 ? (n - i + 1) / left : 0.0;
      if (j > 0) here += inside[std::size_t(j) - 1] * (m - j + 1) / left;
      if (std::abs(i / n - j / m) > bound) here = 0.0;
    }
  }
  return 1.0 - inside.back();
}

// Kolmogorov's limit with the correction of Stephens (1970).
inline double ks_limit(double d, double n, double m) {
  const double root = std::sqrt(n * m / (n + m)), x = (root + 0.12 + 0.11 / root) * d;
  if (x < 0.2) return 1.0;
  double sum = 0;
  for (int k = 1; k <= 100; ++k) {
    const double term = std::exp(-2.0 * k * k * x * x);
    sum += k % 2 == 1 ? term : -term;
    if (term < 1e-17) break;
  }
  return 2.0 * sum;
}

}  // namespace detail

/// Two-sample Kolmogorov-Smirnov test, two-sided.      x (N), y (M)
/// The p-value is exact up to N * M of ten million, then the limit for large samples; with ties it is on the safe side.
inline KsTest ks_test(std::span<const double> x, std::span<const double> y) {
  LATENTCELL_REQUIRE(!x.empty() && !y.empty(), "ks_test: needs two samples, got ", x.size(), " and ", y.size(),
                     " numbers");
  for (const auto& sample : {x, y}) {
    for (double v : sample) LATENTCELL_REQUIRE(!std::isnan(v), "ks_test: a value is not a number");
  }
  std::vector<double> a(x.begin(), x.end()), b(y.begin(), y.end());
  std::sort(a.begin(), a.end());
  std::sort(b.begin(), b.end());
  const double n = double(a.size()), m = double(b.size());
  KsTest out;
  for (std::size_t i = 0, j = 0; i < a.size() && j < b.size();) {
    const double at = std::min(a[i], b[j]);
    while (i < a.size() && a[i] == at) ++i;
    while (j < b.size() && b[j] == at) ++j;
    out.statistic = std::max(out.statistic, std::abs(double(i) / n - double(j) / m));
  }
  const double p = n * m <= 1e7 ? detail::ks_exact(out.statistic, n, m) : detail::ks_limit(out.statistic, n, m);
  out.p_value = std::clamp(p, 0.0, 1.0);
  return out;
}

}  // namespace latentcell::metric
