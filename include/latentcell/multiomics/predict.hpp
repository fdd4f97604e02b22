#pragma once

#include <utility>
#include <vector>

#include <latentcell/conformal/prediction_intervals.hpp>
#include <latentcell/multiomics/stacked_latents.hpp>

namespace LATENTCELL_NAMESPACE::multiomics {

/// Predicts the target of cells from those of their sources that are measured: means and intervals, log-normalised. The
/// mean is that of the ensemble, the joint model and ridge regression with the model's stacking weights.
/// Intervals are calibrated for cells with all the sources that the training cells have. With fewer sources predictions
/// err more than the calibration knows: intervals then cover less than they say.
/// from: per source the modality of the same N cells -> (N, F)
inline conformal::PredictionIntervals translate(const Model& model, const std::vector<Modality>& from,
                                                const conformal::IntervalOptions& o, Rng& rng) {
  Matrix<float> condition = model.condition_features(from);
  Rng mean_rng = rng.fork();
  Matrix<float> mean = conformal::mean_latents(model.flows, condition, mean_rng);
  Rng base_rng = rng.fork();
  Matrix<float> base = stacking_base(model, from, condition, mean, base_rng);
  return conformal::predict_intervals(model.flows, model.target,
                                      {std::move(condition), std::move(mean), std::move(base)}, o, rng);
}

}  // namespace latentcell::multiomics
