#pragma once

#include <vector>

#include <latentcell/conformal/group_means.hpp>
#include <latentcell/conformal/modality_encoder.hpp>
#include <latentcell/conformal/predict.hpp>
#include <latentcell/conformal/sample_quantiles.hpp>

namespace LATENTCELL_NAMESPACE::conformal {

struct IntervalOptions {
  Index draws = 64;  ///< samples per cell, shared among the members; 0: means alone. Larger: steadier ends, more time.
  Index steps = 4;   ///< Heun steps of the sampler. Few steps bias the interval width; calibration corrects it.

  static void visit(auto& self, auto&& f) {
    f("draws", self.draws, at_least(0));
    f("steps", self.steps, at_least(1));
  }
};

/// Predicted features of cells with intervals, log-normalised: log1p of counts at the target's depth.
struct PredictionIntervals {
  Matrix<float> mean;                     ///< (N, F)
  Matrix<float> low50 = {}, high50 = {};  ///< (N, F) ends of the 50 % interval; (0, 0) where no samples were drawn
  Matrix<float> low80 = {}, high80 = {};  ///< (N, F) ends of the 80 % interval

  /// Adds to the mean and to all ends, then replaces negative values by 0.
  /// by (N, F)
  void shift(const Matrix<float>& by) {
    for (Matrix<float>* m : {&mean, &low50, &high50, &low80, &high80}) {
      if (m->size() > 0) *m = (*m + by).array().max(0.0f);
    }
  }
};

/// Cells to predict.
struct IntervalQuery {
  Matrix<float> condition;       ///< (N, C)
  Matrix<float> predicted_mean;  ///< (N, D) mean_latents of the condition
  Matrix<float> base = {};       ///< (N, D) added to the mean and to every sample before decoding; (0, 0): nothing
  std::vector<int> group = {};   ///< (N) groups of GroupMeans; empty: widths do not depend on the group
  Matrix<float> shift = {};      ///< (N, F) added to the decoded mean, not to the samples; (0, 0): nothing
};

namespace detail {

/// One end of an interval: the mean moved by the sample quantile times its factor, at least 0.
/// mean, half_width (N, F), scale (1, F), sign: -1 for the lower end -> (N, F)
inline Matrix<float> interval_end(const Matrix<float>& mean, Matrix<float> half_width, const RowVector<float>& scale,
                                  const GroupMeans& levels, float sign) {
  half_width.array().rowwise() *= sign * scale.array();
  for (Index i = 0; i < half_width.rows(); ++i) half_width.row(i).array() *= levels.of(i).array();
  return (mean + half_width).array().max(0.0f);
}

}  // namespace detail

/// Throws std::invalid_argument, beginning with `caller`, for a number of samples that gives no quantiles.
inline void check_draws(const char* caller, Index draws) {
  LATENTCELL_REQUIRE(draws == 0 || draws >= 2, caller, ": draws must be 0 or at least 2, got ", draws);
}

/// Throws std::invalid_argument, beginning with `caller`, if model, encoder and cells do not agree in their shapes.
inline void check_interval_shapes(const char* caller, const ConditionalEnsemble& model, const ModalityEncoder& encoder,
                                  const IntervalQuery& cells) {
  const Index n = cells.predicted_mean.rows(), d = model.options.velocity_net.latent,
              features = model.interval_scale.value.cols();
  LATENTCELL_REQUIRE(encoder.latent() == d && Index(encoder.features().size()) == features, caller,
                     ": the encoder has ", encoder.features().size(), " features and a latent of ", encoder.latent(),
                     ", the model ", features, " and ", d);
  LATENTCELL_REQUIRE(cells.condition.rows() == n && cells.condition.cols() == model.n_condition, caller,
                     ": condition (", cells.condition.rows(), ", ", cells.condition.cols(), ") for ", n,
                     " cells and a model of ", model.n_condition, " numbers");
  LATENTCELL_REQUIRE(cells.predicted_mean.cols() == d, caller, ": predicted means of ", cells.predicted_mean.cols(),
                     " numbers for a latent of ", d);
  LATENTCELL_REQUIRE(cells.base.size() == 0 || (cells.base.rows() == n && cells.base.cols() == d), caller, ": base (",
                     cells.base.rows(), ", ", cells.base.cols(), ") for predicted means (", n, ", ", d, ")");
}

/// The base, zero where none was given.
inline Matrix<float> base_or_zero(const Matrix<float>& base, const Matrix<float>& latents) {
  return base.size() > 0 ? base : Matrix<float>(Matrix<float>::Zero(latents.rows(), latents.cols()));
}

/// The decoded mean with its shift, if there is one.
inline Matrix<float> shifted(Matrix<float> mean, const Matrix<float>& shift) {
  if (shift.size() == 0) return mean;
  LATENTCELL_REQUIRE(shift.rows() == mean.rows() && shift.cols() == mean.cols(), "prediction intervals: shift (",
                     shift.rows(), ", ", shift.cols(), ") for means (", mean.rows(), ", ", mean.cols(), ")");
  return mean + shift;
}

/// Returns ensemble means with calibrated prediction intervals.
/// Throws std::invalid_argument for one sample, or shapes that do not agree.
inline PredictionIntervals predict_intervals(const ConditionalEnsemble& model, const ModalityEncoder& encoder,
                                             const IntervalQuery& cells, const IntervalOptions& o, Rng& rng) {
  check_options("predict_intervals", o);
  check_draws("predict_intervals", o.draws);
  check_interval_shapes("predict_intervals", model, encoder, cells);
  const Matrix<float> base = base_or_zero(cells.base, cells.predicted_mean);
  PredictionIntervals out;
  out.mean = shifted(encoder.decode(cells.predicted_mean + base), cells.shift);
  if (o.draws == 0 || cells.condition.rows() == 0) return out;
  std::vector<Matrix<float>> samples;
  for (Index k = 0; k < o.draws; ++k) {
    const ConditionalVelocityNet& net = model.members[to_size(k) % model.members.size()];
    samples.push_back(encoder.decode(base + member_sample(net, cells.condition, o.steps, rng)));
  }
  const SampleQuantiles half(samples);
  const GroupMeans levels(out.mean, cells.group);
  const RowVector<float> scale50 = model.interval_scale.value.row(0), scale80 = model.interval_scale.value.row(1);
  out.low50 = detail::interval_end(out.mean, half.low50, scale50, levels, -1);
  out.high50 = detail::interval_end(out.mean, half.high50, scale50, levels, 1);
  out.low80 = detail::interval_end(out.mean, half.low80, scale80, levels, -1);
  out.high80 = detail::interval_end(out.mean, half.high80, scale80, levels, 1);
  return out;
}

}  // namespace latentcell::conformal
