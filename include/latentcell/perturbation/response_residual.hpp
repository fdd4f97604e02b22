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

/// Counts of a group's cells under a condition, per gene, beside those that the flow predicts and those of the control
/// cells unchanged, both at the observed total.
struct ResponseRecord {
  Index unit;                                 ///< group or fold of cells; a unit is left out as a whole
  double cells;                               ///< observed ones
  double slope;                               ///< dose over dose_scale, 1 without a dose
  std::vector<double> counted;                ///< (G) observed counts
  std::vector<double> log_flow, log_control;  ///< (G) logarithms of predicted counts
  std::vector<double> variance;               ///< (G) of the log of the observed counts, beyond Poisson noise

  /// Log of the counts that the flow and the unchanged control cells predict, mixed.
  double log_expected(Index gene, double control_weight) const {
    const std::size_t k = to_size(gene);
    return (1 - control_weight) * log_flow[k] + control_weight * log_control[k];
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
    constexpr double least = 1e-3;  // counts of a gene that the control cells lack
    for (Index k = 0; k < moments.genes(); ++k) {
      const double dispersion = std::max(0.0, moments.overdispersion(group, k));
      record.counted.push_back(observed.total(group, k));
      record.log_flow.push_back(std::log(flow(k) * library / total + least));
      record.log_control.push_back(std::log(predicted.base(group, k) * library / base_total + least));
      record.variance.push_back(dispersion / cells + dispersion / controls);
      add_overdispersion(observed, group, unit, {k, dispersion});
    }
    records.push_back(std::move(record));
  }

  /// Returns the records as measurements of each unit's effect beyond the mixture of flow and control. Their precision
  /// is that of the counts which the effect of all units together makes expected: that of observed counts would favor
  /// those that are large by chance.
  ///
  /// left_out: units whose records are not used
  GroupEffects effects(Index units, double control_weight, const std::vector<Index>& left_out = {}) const {
    GroupEffects out(units, records.empty() ? 0 : Index(records.front().counted.size()));
    for (Index k = 0; k < out.genes(); ++k) {
      const double common = log_ratio(k, control_weight, left_out);
      for (const ResponseRecord& r : records) {
        if (contains(left_out, r.unit)) continue;
        const double shift = bounded(r.slope * common), expected = std::exp(r.log_expected(k, control_weight) + shift);
        const double noise = 1 + expected * r.variance[to_size(k)], precision = r.slope * expected / noise;
        out.value(r.unit, k) += precision * (shift + log_of_counts(r.counted[to_size(k)], expected, noise));
        out.precision(r.unit, k) += r.slope * precision;
      }
    }
    return out;
  }

 private:
  static bool contains(const std::vector<Index>& units, Index unit) {
    return std::find(units.begin(), units.end(), unit) != units.end();
  }
  // A log ratio of counts: more is beyond all counts.
  static double bounded(double log_ratio) { return std::clamp(log_ratio, -20.0, 20.0); }

  // Effect per dose that the counts of all units show together: Poisson regression by damped Newton steps, with half a
  // count as expected.
  double log_ratio(Index gene, double control_weight, const std::vector<Index>& left_out) const {
    constexpr double half = 0.5;
    constexpr int steps = 20;
    double effect = 0;
    for (int step = 0; step < steps; ++step) {
      double score = half * (1 - std::exp(bounded(effect))), curvature = half * std::exp(bounded(effect));
      for (const ResponseRecord& r : records) {
        if (contains(left_out, r.unit)) continue;
        const double expected = std::exp(r.log_expected(gene, control_weight) + bounded(r.slope * effect));
        score += r.slope * (r.counted[to_size(gene)] - expected);
        curvature += r.slope * r.slope * expected;
      }
      const double change = std::clamp(score / curvature, -1.0, 1.0);
      effect += change;
      if (std::abs(change) < 1e-4) break;
    }
    return effect;
  }

  // Log of counts over expected ones, 0 on average to second order.     noise: variance over mean
  static double log_of_counts(double counted, double expected, double noise) {
    constexpr double half = 0.5;  // a count
    return std::log((counted + half) / (expected + half)) +
           half * expected * noise / ((expected + half) * (expected + half));
  }

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
