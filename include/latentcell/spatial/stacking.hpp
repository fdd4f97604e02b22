#pragma once

#include <algorithm>
#include <vector>

#include <latentcell/conformal/predict.hpp>
#include <latentcell/spatial/condition_features.hpp>

namespace LATENTCELL_NAMESPACE::spatial {

/// Sets the stacking weights: per latent dimension the slope of kriging's residuals on the difference of the flows'
/// mean from kriging, within [0, 1], over cells whose predicting member was trained without them (Wolpert 1992). Where
/// the flows add nothing, kriging remains.
/// condition: of the reference cells
/// shapes: condition (N, n_condition)
inline void fit_stacking(Model& model, const Modality& target, const Matrix<float>& condition, Rng& rng) {
  const Matrix<float> kriged = kriged_latents(model, condition), residual = model.target.encode(target) - kriged,
                      added = conformal::out_of_fold_means(model.flows, condition, rng) - kriged;
  for (Index k = 0; k < residual.cols(); ++k) {
    const double cross = double((residual.col(k).array() * added.col(k).array()).mean()),
                 square = double(added.col(k).array().square().mean());
    model.stacking_weight.value(0, k) = square > 0 ? float(std::clamp(cross / square, 0.0, 1.0)) : 0.0f;
  }
}

/// Returns what to add to the flows' latents so that their mean becomes the stacked one.
/// predicted_mean: of the flows
/// shapes: condition (M, n_condition), predicted_mean (M, D) -> (M, D)
inline Matrix<float> stacking_base(const Model& model, const Matrix<float>& condition,
                                   const Matrix<float>& predicted_mean) {
  Matrix<float> out = kriged_latents(model, condition) - predicted_mean;
  out.array().rowwise() *= 1.0f - model.stacking_weight.value.row(0).array();
  return out;
}

/// Returns the groups that interval widths follow: slices, where slices are missing and a gene's expression differs
/// between them; else none.
inline std::vector<int> interval_groups(const Model& model, const std::vector<int>& slice) {
  return model.options.missing_slice ? slice : std::vector<int>{};
}

}  // namespace latentcell::spatial
