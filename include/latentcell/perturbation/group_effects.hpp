#pragma once

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>
#include <vector>

#include <latentcell/core/error.hpp>
#include <latentcell/core/types.hpp>
#include <latentcell/perturbation/adaptive_shrinkage.hpp>

namespace LATENTCELL_NAMESPACE::perturbation {

/// Effects that several groups show, one per gene, as sums of measurements: value of slope * measurement / variance and
/// precision of slope^2 / variance. The best estimate of a group's effect is value / precision.
struct GroupEffects {
  Matrix<double> value, precision;  ///< (groups, G); precision 0 where nothing was measured

  GroupEffects() = default;
  GroupEffects(Index groups, Index genes) : value(Matrix<double>::Zero(groups, genes)), precision(value) {}
  Index groups() const { return value.rows(); }
  Index genes() const { return value.cols(); }
};

namespace detail {

/// Variance between groups beyond that of the errors, one number for all genes (DerSimonian and Laird, "Meta-analysis
/// in clinical trials", 1986, with both of its sums over genes), each group counting by its weight.
inline double between_variance(const GroupEffects& e, const std::vector<double>& weight) {
  double excess = 0, scale = 0, whole = 0;
  for (Index k = 0; k < e.genes(); ++k) {
    double total = 0, squares = 0, value = 0, spread = 0, noise = 0;
    for (Index g = 0; g < e.groups(); ++g) {
      const double p = e.precision(g, k), w = weight[to_size(g)], mean = p > 0 ? e.value(g, k) / p : 0;
      total += w * p;
      squares += w * p * w * p;
      value += w * p * mean;
      spread += w * p * mean * mean;
      noise += p > 0 ? w : 0;
    }
    if (total <= 0) continue;
    double own = 0;  // of the noise, what the mean takes
    for (Index g = 0; g < e.groups(); ++g) own += weight[to_size(g)] * weight[to_size(g)] * e.precision(g, k) / total;
    excess += spread - value * value / total - (noise - own);
    scale += total - squares / total;
    whole += total;
  }
  constexpr double rounding = 1e-9;  // one group alone has nothing between groups
  return scale > rounding * whole ? std::max(0.0, excess / scale) : 0.0;
}

/// Weighted median of measured effects; 0 where nothing was measured.     effect, variance of its error (G)
inline double center_of(const std::vector<double>& effect, const std::vector<double>& variance) {
  constexpr double of_genes = 0.01;  // variance of the effects themselves: a gene of many counts is one gene
  std::vector<std::pair<double, double>> by_size;
  double total = 0;
  for (std::size_t k = 0; k < effect.size(); ++k) {
    if (!std::isfinite(variance[k])) continue;
    by_size.emplace_back(effect[k], 1 / (variance[k] + of_genes));
    total += by_size.back().second;
  }
  std::sort(by_size.begin(), by_size.end());
  double below = 0;
  for (const auto& [value, weight] : by_size) {
    below += weight;
    if (below >= total / 2) return value;
  }
  return 0;
}

}  // namespace detail

/// How groups count by their cells.
enum class GroupWeighting {
  random_effects,  ///< a group's precision is bounded by the variance between groups, however many cells it has
  by_cells,        ///< in proportion to the precision: all cells pooled
};

/// Returns what the groups have in common, per gene: their mean, weighted by precision and by `weight`, shrunk by
/// adaptive_shrinkage to the median of the genes. Counts have a total: where a few genes rise much, all others fall
/// alike.
///
/// shrinkage: in [0, 1], share of that shrinkage; 0: means as measured
/// weight (groups), at least 0, at most 1; 0: the group is left out -> (G)
inline std::vector<double> common_effect(const GroupEffects& e, const std::vector<double>& weight,
                                         GroupWeighting weighting = GroupWeighting::random_effects,
                                         double shrinkage = 1) {
  LATENTCELL_REQUIRE(Index(weight.size()) == e.groups(), "common_effect: ", weight.size(), " weights for ", e.groups(),
                     " groups");
  const double between = weighting == GroupWeighting::by_cells ? 0 : detail::between_variance(e, weight);
  std::vector<double> mean(to_size(e.genes()), 0.0), variance(mean.size(), std::numeric_limits<double>::infinity());
  for (Index k = 0; k < e.genes(); ++k) {
    double sum = 0, precision = 0, error = 0;
    for (Index g = 0; g < e.groups(); ++g) {
      const double p = e.precision(g, k), w = weight[to_size(g)];
      if (p <= 0 || w <= 0) continue;
      const double share = w * p / (1 + between * p);
      sum += share * e.value(g, k) / p;
      precision += share;
      error += share * share * (1 / p + between);
    }
    if (precision <= 0) continue;
    mean[to_size(k)] = sum / precision;
    variance[to_size(k)] = error / (precision * precision);
  }
  if (shrinkage <= 0) return mean;
  const double center = detail::center_of(mean, variance);
  std::vector<double> centred = mean;
  for (double& m : centred) m -= center;
  const std::vector<double> shrunk = adaptive_shrinkage(centred, variance);
  for (std::size_t k = 0; k < mean.size(); ++k) mean[k] += shrinkage * (shrunk[k] + center - mean[k]);
  return mean;
}

}  // namespace latentcell::perturbation
