#pragma once

#include <array>
#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include <latentcell/perturbation/response_residual.hpp>
#include <latentcell/perturbation/similarity_weights.hpp>

namespace LATENTCELL_NAMESPACE::perturbation {

/// Where the counts of predicted cells come from.
enum class CellSampling {
  decoded,         ///< from the likelihood at the moved latents
  counterfactual,  ///< from the control cells' own counts: see counterfactual_counts
};

/// How the means of a group that was never perturbed are predicted: the log change is (1 - control_weight) times the
/// flow's, plus `strength` times what is common to the trained groups beyond that. Special cases: no change (1, 0), the
/// change common to the groups (1, 1), that of all their cells pooled (1, 1, 0, by_cells), that of the nearest group
/// (1, 1, nearest), the flow alone (0, 0), the flow and what it misses (0, 1); without shrinkage the same as measured.
struct ResponseMixture {
  static constexpr double nearest = 100;  ///< similarity from which the nearest group alone counts

  double control_weight = 0;  ///< in [0, 1]. Larger: less of the flow
  double strength = 1;        ///< at least 0. Larger: more of what is common to the groups
  double similarity = 0;      ///< see similarity_weights. Larger: more like the nearest group
  GroupWeighting weighting = GroupWeighting::random_effects;
  CellSampling cells = CellSampling::decoded;
  double shrinkage = 1;  ///< in [0, 1], of what is common: see common_effect. 0: as measured
};

/// The choice of a ResponseMixture, with the squared errors of it and of its special cases in units that were left out:
/// means of log1p of the counts of a cell, summed over genes, weighted mean over units and conditions.
struct MixtureChoice {
  static constexpr double none = std::numeric_limits<double>::quiet_NaN();
  ResponseMixture mixture;
  /// `error` is that of the mixture before CellSamplingSearch raised its strength.
  double error = none, no_change = none, common = none, pooled = none, nearest = none,
         flow = none;                           ///< NaN without units to leave out
  double energy = none, energy_decoded = none;  ///< mean energy distance of predicted cells to those left out: as
                                                ///< chosen, and decoded at the strength of the smallest error
};

/// A row of log profiles, see similarity_weights.
struct ProfileRow {
  const Matrix<float>& profiles;  ///< (N, G)
  Index row;
};

/// Returns similarity_weights among the groups with measurements, 0 for the others and for `left_out`.
///
/// profiles (groups, G) -> (groups)
inline std::vector<double> weights_among_observed(const GroupEffects& effects, const Matrix<float>& profiles,
                                                  ProfileRow of, double similarity, Index left_out = -1) {
  std::vector<Index> others;
  for (Index g = 0; g < effects.groups(); ++g) {
    if (g != left_out && effects.precision.row(g).maxCoeff() > 0) others.push_back(g);
  }
  std::vector<double> out(to_size(effects.groups()), 0.0), weight(others.size(), 1.0);
  if (similarity > 0) {
    Matrix<float> rows(Index(others.size()), profiles.cols());
    for (Index k = 0; k < rows.rows(); ++k) rows.row(k) = profiles.row(others[to_size(k)]);
    weight = similarity_weights(rows, of.profiles, of.row, similarity);
  }
  for (std::size_t k = 0; k < others.size(); ++k) out[to_size(others[k])] = weight[k];
  return out;
}

/// Leaves out one unit after the other, predicts its means from the others by each mixture of a grid, and sums the
/// errors.
class MixtureSearch {
 public:
  /// profiles (units, G): of control cells; (0, 0): units are equally similar
  explicit MixtureSearch(Index units, Matrix<float> profiles = {}) : units_(units), profiles_(std::move(profiles)) {
    for (const double w : {0.0, 0.25, 0.5, 0.75, 1.0}) {
      std::vector<ResponseMixture> pooled;
      for (const double s : {0.0, 2.0, 8.0, ResponseMixture::nearest}) {
        for (const double a : {0.0, trace, 0.25, 0.5, 0.75, 1.0}) {
          const bool alike = profiles_.size() == 0 || units_ < 3;  // one other unit is the nearest
          if ((a > 0 || s == 0) && (!alike || s == 0)) grid_.push_back({w, a, s, GroupWeighting::random_effects});
          if (a > 0 && s == 0) pooled.push_back({w, a, s, GroupWeighting::by_cells});
        }
      }
      grid_.insert(grid_.end(), pooled.begin(), pooled.end());
    }
    error_.assign(grid_.size(), 0.0);
    of_units_.resize(grid_.size());
  }

  /// Adds the records of a condition.
  void add(const ResponseResidual& residual) {
    std::vector<std::vector<const ResponseRecord*>> of_unit(to_size(units_));
    for (const ResponseRecord& r : residual.records) of_unit[to_size(r.unit)].push_back(&r);
    Index observed = 0;
    for (const auto& records : of_unit) observed += records.empty() ? 0 : 1;
    if (observed < 2) return;
    GroupEffects effects;
    std::vector<double> common;
    for (Index u = 0; u < units_; ++u) {
      if (of_unit[to_size(u)].empty()) continue;
      for (const ResponseRecord* r : of_unit[to_size(u)]) weight_ += weight_of(*r);
      for (std::size_t i = 0; i < grid_.size(); ++i) {
        const ResponseMixture& b = grid_[i];
        if (i == 0 || grid_[i - 1].control_weight != b.control_weight)
          effects = residual.effects(units_, b.control_weight, {u});
        if (i == 0 || grid_[i - 1].control_weight != b.control_weight || grid_[i - 1].similarity != b.similarity ||
            grid_[i - 1].weighting != b.weighting)
          common = common_effect(effects, weights_among_observed(effects, profiles_, {profiles_, u}, b.similarity, u),
                                 b.weighting);
        double error = 0;
        for (const ResponseRecord* r : of_unit[to_size(u)]) error += weight_of(*r) * squared_error(*r, b, common);
        error_[i] += error;
        of_units_[i].push_back(error);
      }
    }
  }

  /// Returns the mixture of the smallest error; of those with the whole flow, where the smallest of these is within one
  /// standard error of it (Breiman et al., "Classification and regression trees", 1984): the flow is what moves whole
  /// cells. Never no change at all: where responses are of the groups' own, a tenth of what is common, as measured,
  /// still points their way, and costs next to nothing. The default where no unit could be left out.
  MixtureChoice choose() const {
    MixtureChoice out;
    if (weight_ == 0) return out;
    std::size_t best = 0, best_of_flow = 0;  // the first of the grid has the whole flow
    for (std::size_t i = 0; i < grid_.size(); ++i) {
      if (grid_[i].control_weight == 1 && grid_[i].strength == 0) continue;
      if (error_[i] < error_[best]) best = i;
      if (grid_[i].control_weight == 0 && error_[i] < error_[best_of_flow]) best_of_flow = i;
    }
    if (error_[best_of_flow] - error_[best] <= standard_error(best_of_flow, best)) best = best_of_flow;
    out.mixture = grid_[best];
    if (out.mixture.control_weight == 1 && out.mixture.strength == trace) out.mixture.shrinkage = 0;
    out.error = error_[best] / weight_;
    out.no_change = error_of(1, 0, 0);
    out.common = out.nearest = error_of(1, 1, 0);
    out.pooled = error_of(1, 1, 0, GroupWeighting::by_cells);
    out.flow = error_of(0, 0, 0);
    if (profiles_.size() > 0 && units_ >= 3) out.nearest = error_of(1, 1, ResponseMixture::nearest);
    return out;
  }

 private:
  static constexpr double trace = 0.1;  // the smallest strength

  static double weight_of(const ResponseRecord& r) { return std::min(r.cells, 200.0); }

  /// Of means of log1p of a cell's counts, summed over genes.
  static double squared_error(const ResponseRecord& r, const ResponseMixture& b, const std::vector<double>& common) {
    std::vector<double> predicted(common.size());
    double sum = 0, counted = 0;
    for (std::size_t k = 0; k < common.size(); ++k) {
      predicted[k] = std::exp(r.log_expected(Index(k), b.control_weight) + r.slope * b.strength * common[k]);
      sum += predicted[k];
      counted += r.counted[k];
    }
    double out = 0;
    for (std::size_t k = 0; k < common.size(); ++k) {
      const double d = std::log1p(predicted[k] * counted / sum / r.cells) - std::log1p(r.counted[k] / r.cells);
      out += d * d;
    }
    return out;
  }

  /// Of the difference of two mixtures' errors, over what was left out; infinite for one unit.
  double standard_error(std::size_t a, std::size_t b) const {
    const std::size_t n = of_units_[a].size();
    if (n < 2) return std::numeric_limits<double>::infinity();
    const double mean = (error_[a] - error_[b]) / double(n);
    double square = 0;
    for (std::size_t k = 0; k < n; ++k) {
      const double d = of_units_[a][k] - of_units_[b][k] - mean;
      square += d * d;
    }
    return std::sqrt(square * double(n) / double(n - 1));
  }

  double error_of(double control_weight, double strength, double similarity,
                  GroupWeighting weighting = GroupWeighting::random_effects) const {
    for (std::size_t i = 0; i < grid_.size(); ++i) {
      const ResponseMixture& b = grid_[i];
      if (b.control_weight == control_weight && b.strength == strength && b.similarity == similarity &&
          b.weighting == weighting)
        return error_[i] / weight_;
    }
    return std::numeric_limits<double>::quiet_NaN();
  }

  Index units_;
  Matrix<float> profiles_;
  std::vector<ResponseMixture> grid_;
  std::vector<double> error_;
  std::vector<std::vector<double>> of_units_;  // of each mixture, the error of each unit under each condition
  double weight_ = 0;
};

/// Says in one sentence which mixture a model uses and what the others' errors were.
inline std::string describe(const MixtureChoice& c) {
  const ResponseMixture& b = c.mixture;
  const auto percent = [](double x) { return text(int(std::lround(100 * x)), " %"); };
  std::string out = "changes of gene means: ";
  if (b.control_weight < 1) out += text(percent(1 - b.control_weight), " of the flow's");
  if (b.control_weight < 1 && b.strength > 0) out += ", and beyond it ";
  if (b.strength > 0)
    out += text(b.strength != 1 ? percent(b.strength) + " of " : "", "what ",
                b.similarity >= ResponseMixture::nearest  ? "the nearest group shows"
                : b.similarity > 0                        ? "the groups show, weighted by similarity"
                : b.weighting == GroupWeighting::by_cells ? "all their cells show together"
                                                          : "the groups have in common");
  if (b.control_weight >= 1 && b.strength <= 0) out += "none";
  if (b.strength > 0 && b.shrinkage < 1) out += b.shrinkage > 0 ? ", half shrunk" : ", as measured";
  out += b.cells == CellSampling::counterfactual ? "; cells: the control cells' counts, changed" : "; cells: decoded";
  if (!std::isfinite(c.error)) return out + "; not chosen by left-out cells";
  return out +
         text("; squared error in left-out training cells ", c.error, ", of no change ", c.no_change,
              ", the mean change of the groups ", c.common, ", of their cells ", c.pooled, ", the nearest group's ",
              c.nearest, ", the flow alone ", c.flow) +
         (std::isfinite(c.energy) ? text("; energy distance of cells ", c.energy, ", decoded ", c.energy_decoded) : "");
}

}  // namespace latentcell::perturbation
