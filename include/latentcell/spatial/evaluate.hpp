#pragma once

#include <limits>
#include <optional>
#include <string>
#include <vector>

#include <latentcell/evaluate/score_table.hpp>
#include <latentcell/spatial/baselines.hpp>
#include <latentcell/spatial/imputation_scores.hpp>

namespace LATENTCELL_NAMESPACE::spatial {

/// Labels of tissue regions, to evaluate whether predictions are recognised.
struct RegionLabels {
  Categorical reference;  ///< (N)
  Categorical query;      ///< (M)
};

/// Returns the metrics of a table of imputations.
inline std::vector<evaluate::Metric> imputation_metrics() {
  using evaluate::Better;
  return {{"pearson"},
          {"ssim"},
          {"rmse", "gene deviations", Better::lower},
          {"js", "bits", Better::lower},
          {"moran", "difference", Better::neither, 0.0},
          {"region", "share"},
          {"cover50", "share", Better::neither, 0.5},
          {"cover80", "share", Better::neither, 0.8}};
}

/// Evaluates an imputation on held-out expression: the model, the model with match_variance, and the baselines.
/// regions: labels to recognise, or nothing
/// Throws std::invalid_argument if the data have no truth.
inline evaluate::ScoreTable evaluate_imputation(const Model& model, const Dataset& data, const Imputation& imputed,
                                                const std::vector<BaselineImputation>& baselines,
                                                const std::optional<RegionLabels>& regions = {}) {
  LATENTCELL_REQUIRE(data.has_truth(), "evaluate_imputation: the data have no held-out expression");
  using evaluate::Role;
  const Matrix<float> truth = model.target.log_normalized(data.truth);
  std::optional<LabelledValues> labelled;
  if (regions) labelled = {model.target.log_normalized(data.target), regions->reference};
  evaluate::ScoreTable out(imputation_metrics());
  const auto add = [&](const std::string& method, Role role, const conformal::PredictionIntervals& predicted) {
    const ImputationScores s = imputation_scores(predicted, truth, data.query);
    const double region = labelled ? region_accuracy(predicted.mean, regions->query, *labelled)
                                   : std::numeric_limits<double>::quiet_NaN();
    out.add(method, role, {s.pearson, s.ssim, s.rmse, s.js, s.moran, region, s.cover50, s.cover80});
  };
  add("latentcell", Role::model, imputed.intervals);
  add("latentcell, variance matched", Role::model, {match_variance(imputed.intervals.mean, imputed.gene_deviation)});
  for (const BaselineImputation& b : baselines) add(b.method, Role::baseline, {b.mean});
  return out;
}

}  // namespace latentcell::spatial
