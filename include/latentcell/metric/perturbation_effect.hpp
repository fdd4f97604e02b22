#pragma once

#include <algorithm>
#include <cmath>
#include <numeric>
#include <span>
#include <vector>

#include <latentcell/metric/moments.hpp>
#include <latentcell/metric/pearson.hpp>

namespace LATENTCELL_NAMESPACE::metric {

/// Agreement of the predicted with the true effect of a perturbation on a group of cells. Means and variances of genes
/// are those of log1p(CP10K); the change of a gene is its mean minus the control cells' mean; the most changed genes
/// are those whose true change is largest.
struct PerturbationEffect {
  double r = 0, r_top20 = 0, r_top50 = 0, r_top100 = 0;  ///< Pearson's r of the change, over all and most changed genes
  double r2_mean_top10 = 0, r2_mean_top20 = 0, r2_mean_top50 = 0, r2_mean_changed = 0;  ///< R2 of the genes' means
  double r2_variance_top10 = 0, r2_variance_top20 = 0, r2_variance_top50 = 0, r2_variance_changed = 0;
  double sign = 0;     ///< share of the changed genes that are predicted to change the same way
  double spread = 0;   ///< predicted over true variance, summed over the genes: 1 where cells differ as they should
  double changed = 0;  ///< genes whose change is beyond chance (Welch's z, Benjamini and Hochberg at 5 %)
};

namespace detail {

// 1 - residual over total sum of squares, over some genes.
inline double r_squared(std::span<const double> truth, std::span<const double> predicted,
                        std::span<const Index> genes) {
  double mean = 0, residual = 0, total = 0;
  for (const Index g : genes) mean += truth[to_size(g)] / double(genes.size());
  for (const Index g : genes) {
    residual += (truth[to_size(g)] - predicted[to_size(g)]) * (truth[to_size(g)] - predicted[to_size(g)]);
    total += (truth[to_size(g)] - mean) * (truth[to_size(g)] - mean);
  }
  return total > 0 ? 1 - residual / total : std::numeric_limits<double>::quiet_NaN();
}

inline double pearson_of(std::span<const double> x, std::span<const double> y, std::span<const Index> genes) {
  std::vector<double> a, b;
  for (const Index g : genes) a.push_back(x[to_size(g)]), b.push_back(y[to_size(g)]);
  return a.size() < 2 ? std::numeric_limits<double>::quiet_NaN() : pearson(a, b);
}

// Genes whose means differ, at a false discovery rate of 5 %.
inline std::vector<Index> changed_genes(const GeneMoments& a, Index cells_a, const GeneMoments& b, Index cells_b) {
  const Index genes = Index(a.mean.size());
  std::vector<double> p(to_size(genes), 1.0);
  for (std::size_t g = 0; g < p.size(); ++g) {
    const double error = std::sqrt(a.variance[g] / double(cells_a) + b.variance[g] / double(cells_b));
    if (error > 0) p[g] = std::erfc(std::abs(b.mean[g] - a.mean[g]) / error / std::sqrt(2.0));
  }
  std::vector<Index> order(to_size(genes));
  std::iota(order.begin(), order.end(), Index(0));
  std::sort(order.begin(), order.end(), [&](Index i, Index j) { return p[to_size(i)] < p[to_size(j)]; });
  Index found = 0;
  for (Index k = 0; k < genes; ++k) {
    if (p[to_size(order[to_size(k)])] <= 0.05 * double(k + 1) / double(genes)) found = k + 1;
  }
  order.resize(to_size(found));
  return order;
}

}  // namespace detail

/// Compares predicted with true perturbed cells, both against control cells.   moments (G) each, of log1p(CP10K)
inline PerturbationEffect perturbation_effect(const GeneMoments& control, Index control_cells, const GeneMoments& truth,
                                              Index true_cells, const GeneMoments& predicted) {
  const std::size_t genes = control.mean.size();
  LATENTCELL_REQUIRE(truth.mean.size() == genes && predicted.mean.size() == genes, "perturbation_effect: ", genes,
                     " genes in control, ", truth.mean.size(), " in true and ", predicted.mean.size(),
                     " in predicted cells");
  LATENTCELL_REQUIRE(genes >= 2, "perturbation_effect: needs at least two genes, got ", genes);
  std::vector<double> change(genes), predicted_change(genes);
  for (std::size_t g = 0; g < genes; ++g) {
    change[g] = truth.mean[g] - control.mean[g];
    predicted_change[g] = predicted.mean[g] - control.mean[g];
  }
  std::vector<Index> order(genes);
  std::iota(order.begin(), order.end(), Index(0));
  std::stable_sort(order.begin(), order.end(),
                   [&](Index i, Index j) { return std::abs(change[to_size(i)]) > std::abs(change[to_size(j)]); });
  const auto top = [&](std::size_t n) { return std::span<const Index>(order).first(std::min(n, genes)); };
  const std::vector<Index> changed = detail::changed_genes(control, control_cells, truth, true_cells);
  PerturbationEffect out;
  out.changed = double(changed.size());
  out.r = pearson(change, predicted_change);
  out.r_top20 = detail::pearson_of(change, predicted_change, top(20));
  out.r_top50 = detail::pearson_of(change, predicted_change, top(50));
  out.r_top100 = detail::pearson_of(change, predicted_change, top(100));
  const auto r2 = [&](std::span<const Index> which, double& of_mean, double& of_variance) {
    of_mean = detail::r_squared(truth.mean, predicted.mean, which);
    of_variance = detail::r_squared(truth.variance, predicted.variance, which);
  };
  r2(top(10), out.r2_mean_top10, out.r2_variance_top10);
  r2(top(20), out.r2_mean_top20, out.r2_variance_top20);
  r2(top(50), out.r2_mean_top50, out.r2_variance_top50);
  r2(changed, out.r2_mean_changed, out.r2_variance_changed);
  double same = 0, true_spread = 0, told_spread = 0;
  for (const Index g : changed) same += change[to_size(g)] * predicted_change[to_size(g)] > 0 ? 1 : 0;
  out.sign = changed.empty() ? std::numeric_limits<double>::quiet_NaN() : same / double(changed.size());
  for (std::size_t g = 0; g < genes; ++g) true_spread += truth.variance[g], told_spread += predicted.variance[g];
  out.spread = true_spread > 0 ? told_spread / true_spread : std::numeric_limits<double>::quiet_NaN();
  return out;
}

}  // namespace latentcell::metric
