#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <vector>

#include <latentcell/core/error.hpp>
#include <latentcell/core/types.hpp>

namespace LATENTCELL_NAMESPACE::perturbation {

/// Shrinks many estimates, with the variances of their errors, to 0: posterior means under a mixture of normals around
/// 0 whose weights are fitted to the estimates (empirical Bayes: Stephens, "False discovery rates: a new deal", 2017).
/// Where few of many are large, the large ones keep their size and the others lose theirs; where all are noise, all go
/// to 0.
///
/// estimate (N); variance (N) of its error, above 0, infinite where nothing was measured -> (N)
inline std::vector<double> adaptive_shrinkage(const std::vector<double>& estimate,
                                              const std::vector<double>& variance) {
  LATENTCELL_REQUIRE(estimate.size() == variance.size(), "adaptive_shrinkage: ", estimate.size(), " estimates and ",
                     variance.size(), " variances");
  constexpr std::size_t normals = 9;
  constexpr int iterations = 40;
  constexpr double smallest = 0.03, weight_of_none = 0.5, prior_none = 10;  // of standard deviation; at the start
  std::array<double, normals> prior{}, weight{};                            // variances, the first a point at 0
  for (std::size_t k = 1; k < normals; ++k) prior[k] = smallest * smallest * std::pow(4.0, double(k - 1));
  weight.fill((1 - weight_of_none) / double(normals - 1));
  weight[0] = weight_of_none;
  std::vector<std::array<double, normals>> density;
  std::vector<std::size_t> measured;
  for (std::size_t i = 0; i < estimate.size(); ++i) {
    LATENTCELL_REQUIRE(variance[i] > 0, "adaptive_shrinkage: a variance must be above 0, got ", variance[i]);
    if (!std::isfinite(variance[i])) continue;
    measured.push_back(i);
    density.emplace_back();
    double highest = -std::numeric_limits<double>::infinity();
    for (std::size_t k = 0; k < normals; ++k) {
      const double of = prior[k] + variance[i];
      density.back()[k] = -0.5 * (std::log(of) + estimate[i] * estimate[i] / of);
      highest = std::max(highest, density.back()[k]);
    }
    for (double& d : density.back()) d = std::exp(d - highest);
  }
  const auto posterior = [&](const std::array<double, normals>& of) {
    std::array<double, normals> share{};
    double sum = 0;
    for (std::size_t k = 0; k < normals; ++k) sum += share[k] = weight[k] * of[k];
    for (double& s : share) s /= sum;
    return share;
  };
  for (int pass = 0; pass < iterations; ++pass) {
    std::array<double, normals> sum{};
    sum[0] = prior_none;  // few estimates say nothing about small effects
    for (const auto& of : density) {
      const auto share = posterior(of);
      for (std::size_t k = 0; k < normals; ++k) sum[k] += share[k];
    }
    for (std::size_t k = 0; k < normals; ++k) weight[k] = sum[k] / (double(density.size()) + prior_none);
  }
  std::vector<double> out(estimate.size(), 0.0);
  for (std::size_t m = 0; m < measured.size(); ++m) {
    const auto share = posterior(density[m]);
    for (std::size_t k = 0; k < normals; ++k)
      out[measured[m]] += share[k] * prior[k] / (prior[k] + variance[measured[m]]) * estimate[measured[m]];
  }
  return out;
}

}  // namespace latentcell::perturbation
