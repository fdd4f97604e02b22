#pragma once

#include <algorithm>
#include <cmath>
#include <vector>

#include <latentcell/data/cell_table.hpp>
#include <latentcell/latent/for_each_decoded.hpp>

namespace LATENTCELL_NAMESPACE {

/// How groups of observed cells differ from what they decode to, per gene: by a factor on the mean, and by the
/// dispersion around it. A decoder counts as dispersion what it does not know of cells, as the difference of two
/// conditions; cells of one group and condition alone vary less.
class ObservedDispersion {
 public:
  /// cells (N, G) observed; latents (N, D) of these cells, with library sizes; group (N) in [0, groups)
  template <Autoencoder Model>
  ObservedDispersion(const Model& model, const CellTable& cells, const LatentTable& latents,
                     const std::vector<int>& group, Index groups)
      : count_(Matrix<double>::Zero(groups, model.genes())),
        count_square_(count_),
        mean_(count_),
        mean_square_(count_),
        product_(count_),
        dispersion_(count_) {
    const CountsView counts = cells.counts.view();
    for_each_decoded(model, latents, [&](Index i, const auto* mean, const auto* log_theta) {
      const Index at = group[to_size(i)];
      for (Index g = 0; g < model.genes(); ++g) {
        const double m = double(mean[g]);
        mean_(at, g) += m;
        mean_square_(at, g) += m * m;
        if (log_theta != nullptr) dispersion_(at, g) += m * m * dispersion_of(double(log_theta[g]));
      }
      const auto columns = counts.row_columns(i);
      const auto values = counts.row_values(i);
      for (std::size_t k = 0; k < columns.size(); ++k) {
        const double x = double(values[k]);
        count_(at, columns[k]) += x;
        count_square_(at, columns[k]) += x * x;
        product_(at, columns[k]) += x * double(mean[columns[k]]);
      }
    });
  }

  /// Returns the factor that brings decoded means to the observed ones, above 0: near 1 for genes of few counts.
  double mean_factor(Index group, Index gene) const {
    constexpr double one = 1;  // count, as expected
    return (count_(group, gene) + one) / (mean_(group, gene) + one);
  }

  /// Returns the dispersion of a gene in a group, 1 / theta of a negative binomial around the decoded means times
  /// mean_factor. The moment estimate is weighed against the likelihood's own dispersion, which it is taken to differ
  /// from by as much as its size (an empirical Bayes estimate: Wu, Wang and Wu, "A new shrinkage estimator for
  /// dispersion", 2013). 0 where the likelihood is Poisson.
  double dispersion(Index group, Index gene) const {
    if (dispersion_(group, gene) <= 0 || mean_square_(group, gene) <= 0) return 0;
    constexpr double least = 0.05, most = 4;  // times the likelihood's own
    const double factor = mean_factor(group, gene), own = dispersion_(group, gene) / mean_square_(group, gene);
    const double squares = factor * factor * mean_square_(group, gene);
    const double excess =
        count_square_(group, gene) - 2 * factor * product_(group, gene) + squares - count_(group, gene);
    const double typical = squares / (factor * mean_(group, gene));  // mean of a cell, weighted by itself
    const double deviation = std::sqrt(2.0) * (1 + own * typical) / std::sqrt(squares);  // of excess / squares
    const double weight = own * own / (own * own + deviation * deviation);
    return std::clamp(own + weight * (excess / squares - own), least * own, most * own);
  }

 private:
  static double dispersion_of(double log_theta) {
    constexpr double most = 12;
    return std::exp(-std::clamp(log_theta, -most, most));
  }

  // Sums over the cells of a group: of counts, of decoded means, and of the likelihood's dispersion weighted by squared
  // means.     (groups, G)
  Matrix<double> count_, count_square_, mean_, mean_square_, product_, dispersion_;
};

}  // namespace latentcell
