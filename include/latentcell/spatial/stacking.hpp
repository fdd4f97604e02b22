#pragma once

#include <algorithm>
#include <vector>

#include <latentcell/conformal/predict.hpp>
#include <latentcell/spatial/condition_features.hpp>
#include <latentcell/spatial/gene_stacking.hpp>

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

/// What the last step is fitted to.
struct StackingData {
  const Dataset& data;
  const Matrix<float>& predicted;         ///< (N, F) means of reference cells by members trained without them
  const MaskDistribution& masks;          ///< variogram and width are fitted under the median one
  const std::vector<SpatialMask>& drawn;  ///< (N) under which the means were predicted
};

/// Sets the weights of the last step, gene by gene, over the reference cells (fit_gene_weights). Returns what it adds
/// to their means.
/// shapes: -> (N, F)
inline Matrix<float> fit_gene_stacking(Model& model, const StackingData& of, Rng& rng) {
  const SpatialReference reference{{of.data.reference}, model.target.log_normalized(of.data.target)};
  const VariogramOptions kriging{.slice_gap = model.options.context.slice_gap};
  const SpatialMask mask = median_mask(of.masks);
  const double width = fit_smoothing_width(reference, mask, kriging.slice_gap, rng);
  const kernel::Variogram variogram = fit_variogram(reference, mask, kriging, rng);
  const GeneMeans around = gene_means(reference, {of.data.reference, of.drawn, true}, kriging, variogram, width);
  const Matrix<float> positive = of.predicted.array().max(0.0f);
  const GeneWeights found = fit_gene_weights({reference.values, positive, around, of.data.target.measured});
  model.gene_around.value = found.around;
  model.gene_smoothing.value << variogram.range, variogram.nugget, width, found.smoothing;
  return gene_stacking_shift(found, around, of.predicted);
}

/// Returns what to add to the means of query locations so that they become the stacked ones. Where the model
/// remains it only lifts negative means to 0, as in the fit.
/// shapes: predicted (M, F) -> (M, F)
inline Matrix<float> gene_stacking_shift(const Model& model, const Dataset& data, const Matrix<float>& predicted) {
  const Matrix<double>& s = model.gene_smoothing.value;
  const GeneWeights weights{model.gene_around.value.row(0), s(0, 3)};
  if (weights.around.maxCoeff() <= 0) return predicted.array().max(0.0f).matrix() - predicted;
  const SpatialReference reference{{data.reference}, model.target.log_normalized(data.target)};
  const GeneMeans around = gene_means(reference, {data.query, {}}, {.slice_gap = model.options.context.slice_gap},
                                      {s(0, 0), s(0, 1)}, s(0, 2));
  return gene_stacking_shift(weights, around, predicted);
}

/// Mean shares over dimensions and genes of what a prediction is stacked from: they add up to 1.
struct StackingShares {
  double flows, kriged_components, kriged_genes, smoothed_genes;
};

inline StackingShares stacking_shares(const Model& model) {
  const double around = double(model.gene_around.value.mean()), flows = double(model.stacking_weight.value.mean()),
               smoothing = model.gene_smoothing.value(0, 3);
  return {(1 - around) * flows, (1 - around) * (1 - flows), around * (1 - smoothing), around * smoothing};
}

}  // namespace latentcell::spatial
