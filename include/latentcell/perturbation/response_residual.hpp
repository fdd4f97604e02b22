#pragma once

#include <algorithm>
#include <cmath>
#include <utility>
#include <vector>

#include <latentcell/latent/group_moments.hpp>
#include <latentcell/perturbation/group_effects.hpp>
#include <latentcell/perturbation/random_effect.hpp>

namespace LATENTCELL_NAMESPACE::perturbation {

/// What a model says about the perturbed cells of each group, from its control cells.
struct PredictedGroups {
  const GroupMoments& moments;      ///< of the decoded cells
  const Matrix<float>& gene_scale;  ///< (groups, G) factors on the decoded means
  const Matrix<double>& base;       ///< (groups, G) expected counts of the control cells unchanged
};

/// Cells of a group under a condition, observed over predicted and observed over control, per gene as logarithms.
struct ResponseRecord {
  Index unit;    ///< group or fold of cells; a unit is left out as a whole
  double cells;  ///< observed ones
  double slope;  ///< dose over dose_scale, 1 without a dose
  std::vector<double> counted, over_flow, over_control, precision;  ///< (G); counted: log(counts + 1/2)

  /// Log of observed over the flow's prediction and the unchanged control cells, mixed.
  double residual(Index gene, double control_weight) const {
    const std::size_t k = to_size(gene);
    return (1 - control_weight) * over_flow[k] + control_weight * over_control[k];
  }
};

/// Observed over predicted cells of a condition, group by group.
struct ResponseResidual {
  /// Standard deviations of the log ratio of variances, between groups and of the common effect.
  static constexpr double overdispersion_between = 0.5, overdispersion_prior = 0.5;
  std::vector<ResponseRecord> records;
  RandomEffect overdispersion;  ///< log(observed / predicted variance beyond Poisson noise)

  enum class Grouping { none, by_group };  ///< without groups, sampling noise is the only difference

  ResponseResidual(Index genes, Grouping grouping)
      : overdispersion(genes, grouping == Grouping::by_group ? overdispersion_between : 0, overdispersion_prior) {}

  /// Adds cells of one group, all or those of one dose: the observed ones, and those predicted from its control cells.
  void add(const GroupMoments& observed, const PredictedGroups& predicted, Index group, Index unit, double dose_share) {
    const GroupMoments& moments = predicted.moments;
    const double cells = observed.cells[to_size(group)], controls = moments.cells[to_size(group)];
    const auto flow = [&](Index k) { return moments.total(group, k) * double(predicted.gene_scale(group, k)); };
    double total = 0;
    for (Index k = 0; k < moments.genes(); ++k) total += flow(k);
    const double base_total = predicted.base.row(group).sum(), library = observed.library[to_size(group)];
    if (cells < 1 || controls < 1 || total <= 0 || base_total <= 0) return;
    ResponseRecord record{unit, cells, dose_share, {}, {}, {}, {}};
    for (Index k = 0; k < moments.genes(); ++k) {
      const double counted = observed.total(group, k);
      const double dispersion = std::max(0.0, moments.overdispersion(group, k));
      record.counted.push_back(std::log(counted + 0.5));
      record.over_flow.push_back(record.counted.back() - std::log(flow(k) * library / total + 0.5));
      record.over_control.push_back(record.counted.back() -
                                    std::log(predicted.base(group, k) * library / base_total + 0.5));
      record.precision.push_back(1 / (1 / (counted + 0.5) + dispersion / cells + dispersion / controls));
      add_overdispersion(observed, group, unit, {k, dispersion});
    }
    records.push_back(std::move(record));
  }

  /// Returns the records as measurements of each unit's effect beyond the mixture of flow and control.
  GroupEffects effects(Index units, double control_weight) const {
    GroupEffects out(units, records.empty() ? 0 : Index(records.front().counted.size()));
    for (const ResponseRecord& r : records) {
      for (Index k = 0; k < out.genes(); ++k) {
        out.value(r.unit, k) += r.slope * r.residual(k, control_weight) * r.precision[to_size(k)];
        out.precision(r.unit, k) += r.slope * r.slope * r.precision[to_size(k)];
      }
    }
    return out;
  }

 private:
  void add_overdispersion(const GroupMoments& observed, Index group, Index unit,
                          std::pair<Index, double> gene_dispersion) {
    const auto [gene, dispersion] = gene_dispersion;
    const double cells = observed.cells[to_size(group)], counted = observed.total(group, gene);
    if (cells < 2 || counted == 0) return;
    const double average = counted / cells;
    // The sampling error of the observed value under the prediction is added to both, which shrinks the ratio.
    const double relative = 1 / average + dispersion;
    const double error = std::sqrt(2 * relative * relative / cells + 1 / (average * average * average * cells));
    const double size = dispersion + error;
    overdispersion.add(unit, gene,
                       {std::log((std::max(0.0, observed.overdispersion(group, gene)) + error) / size),
                        (error / size) * (error / size)});
  }
};

}  // namespace latentcell::perturbation
