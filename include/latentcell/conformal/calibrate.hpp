#pragma once

#include <algorithm>
#include <cmath>
#include <vector>

#include <latentcell/conformal/prediction_intervals.hpp>
#include <latentcell/conformal/quantile.hpp>

namespace LATENTCELL_NAMESPACE::conformal {

/// Training cells with the predictions of the members that were trained without them.
struct OutOfFold {
  Matrix<float> truth;           ///< (N, F) log-normalised features
  std::vector<char> measured;    ///< (N) 0: a cell without truth, not used
  Matrix<float> condition;       ///< (N, C)
  Matrix<float> predicted_mean;  ///< (N, D) out_of_fold_means of the condition
  Matrix<float> base = {};       ///< (N, D) as in IntervalQuery
  std::vector<int> group = {};   ///< (N) as in IntervalQuery
  Matrix<float> shift = {};      ///< (N, F) as in IntervalQuery
};

/// Sets the interval scales. Samples of a cell come from the member trained without its fold; per feature and level
/// the scale is the smallest at which 50 % (80 %) of the cells fall inside the interval. This is split-conformal
/// prediction with scaled residuals (Lei et al. 2018) over the members' folds.
/// Call it when all members are trained, with the same cells in the same order.
inline void calibrate_intervals(ConditionalEnsemble& model, const ModalityEncoder& encoder, const OutOfFold& cells,
                                const IntervalOptions& o, Rng& rng) {
  const Matrix<float>& truth = cells.truth;
  check_options("calibrate_intervals", o);
  LATENTCELL_REQUIRE(o.draws >= 2, "calibrate_intervals: draws must be at least 2, got ", o.draws);
  LATENTCELL_REQUIRE(cells.condition.rows() == truth.rows() && cells.predicted_mean.rows() == truth.rows() &&
                         Index(cells.measured.size()) == truth.rows(),
                     "calibrate_intervals: truth of ", truth.rows(), " cells, conditions of ", cells.condition.rows(),
                     ", means of ", cells.predicted_mean.rows(), ", ", cells.measured.size(), " marks");
  check_interval_shapes("calibrate_intervals", model, encoder, {cells.condition, cells.predicted_mean, cells.base});
  const std::size_t features = to_size(truth.cols());
  LATENTCELL_REQUIRE(truth.cols() == model.interval_scale.value.cols(), "calibrate_intervals: truth of ", features,
                     " features for a model of ", model.interval_scale.value.cols());
  const double largest = 1000 / (cells.group.empty() ? 1.0 : double(GroupMeans::smallest));
  std::vector<std::vector<double>> scores50(features), scores80(features);
  const Matrix<float> base = base_or_zero(cells.base, cells.predicted_mean),
                      mean = shifted(encoder.decode(cells.predicted_mean + base), cells.shift);
  const GroupMeans levels(mean, cells.group);
  each_fold(model, cells.measured, [&](const ConditionalVelocityNet& net, const std::vector<Index>& rows) {
    const Matrix<float> condition = metric::pick_rows(view(cells.condition), rows),
                        fold_base = metric::pick_rows(view(base), rows);
    std::vector<Matrix<float>> samples;
    for (Index k = 0; k < o.draws; ++k)
      samples.push_back(encoder.decode(fold_base + member_sample(net, condition, o.steps, rng)));
    const SampleQuantiles half(samples);
    for (std::size_t i = 0; i < rows.size(); ++i) {
      for (Index f = 0; f < truth.cols(); ++f) {
        const double gap = double(truth(rows[i], f) - mean(rows[i], f)), level = double(levels.of(rows[i])(f));
        const auto score = [&](const Matrix<float>& low, const Matrix<float>& high) {
          return std::abs(gap) / (level * std::max(1e-6, double(gap < 0 ? low(Index(i), f) : high(Index(i), f))));
        };
        scores50[to_size(f)].push_back(score(half.low50, half.high50));
        scores80[to_size(f)].push_back(score(half.low80, half.high80));
      }
    }
  });
  for (std::size_t f = 0; f < features; ++f) {
    model.interval_scale.value(0, Index(f)) = float(std::clamp(quantile(scores50[f], 0.5), 0.05, largest));
    model.interval_scale.value(1, Index(f)) = float(std::clamp(quantile(scores80[f], 0.8), 0.05, largest));
  }
}

}  // namespace latentcell::conformal
