#pragma once

#include <algorithm>
#include <cmath>

#include <latentcell/latent/group_moments.hpp>
#include <latentcell/perturbation/random_effect.hpp>

namespace LATENTCELL_NAMESPACE::perturbation {

/// Observed over predicted cells of a condition, per gene and as logarithms: the part that the groups share.
struct ResponseResidual {
  /// Standard deviations between groups and of the common effect.
  static constexpr double mean_between = 0.3, mean_prior = 0.3, overdispersion_between = 0.5,
                          overdispersion_prior = 0.5;
  RandomEffect mean;            ///< log(observed / predicted mean)
  RandomEffect overdispersion;  ///< log(observed / predicted variance beyond Poisson noise)

  enum class Grouping { none, by_group };  ///< without groups, sampling noise is the only difference

  ResponseResidual(Index genes, Grouping grouping)
      : mean(genes, grouping == Grouping::by_group ? mean_between : 0, mean_prior),
        overdispersion(genes, grouping == Grouping::by_group ? overdispersion_between : 0, overdispersion_prior) {}

  /// Adds cells of one group, all or those of one dose: the observed ones, and those predicted from its control cells.
  ///
  /// gene_scale (G): factors on predicted means; dose_share: dose over dose_scale, 1 without a dose
  void add(const GroupMoments& observed, const GroupMoments& predicted, Index group, const float* gene_scale,
           double dose_share) {
    const double cells = observed.cells[to_size(group)], controls = predicted.cells[to_size(group)];
    double total = 0;
    for (Index k = 0; k < predicted.genes(); ++k) total += predicted.total(group, k) * double(gene_scale[k]);
    if (cells < 1 || controls < 1 || total <= 0) return;
    for (Index k = 0; k < predicted.genes(); ++k) {
      const double counted = observed.total(group, k), average = counted / cells;
      const double expected =
          predicted.total(group, k) * double(gene_scale[k]) * observed.library[to_size(group)] / total;
      const double dispersion = std::max(0.0, predicted.overdispersion(group, k));
      mean.add(group, k,
               {std::log((counted + 0.5) / (expected + 0.5)),
                1 / (counted + 0.5) + dispersion / cells + dispersion / controls, dose_share});
      if (cells < 2 || counted == 0) continue;
      // The sampling error of the observed value under the prediction is added to both, which shrinks the ratio.
      const double relative = 1 / average + dispersion;
      const double error = std::sqrt(2 * relative * relative / cells + 1 / (average * average * average * cells));
      const double size = dispersion + error;
      overdispersion.add(group, k,
                         {std::log((std::max(0.0, observed.overdispersion(group, k)) + error) / size),
                          (error / size) * (error / size)});
    }
  }
};

}  // namespace latentcell::perturbation
