#pragma once

#include <algorithm>
#include <cmath>
#include <string>
#include <utility>
#include <vector>

#include <latentcell/latent/expected_counts.hpp>
#include <latentcell/latent/sample_counts.hpp>
#include <latentcell/perturbation/latent_prediction.hpp>
#include <latentcell/perturbation/model.hpp>

namespace LATENTCELL_NAMESPACE::perturbation {

/// Returns the factors on the gene means that fit_response_correction learned for a condition. With a dose they are
/// raised to the power dose / dose_scale. All are 1 for an untrained condition and for a missing dose.     -> (1, G)
inline Matrix<double> mean_correction(const Model& model, const std::string& condition, double dose) {
  const auto& trained = model.vocabulary.trained_conditions;
  const auto at = std::find(trained.begin(), trained.end(), condition);
  const double power = model.options.dose.empty() ? 1.0 : dose / double(model.options.dose_scale);
  if (at == trained.end() || !std::isfinite(power)) return Matrix<double>::Ones(1, model.vae.genes());
  return model.mean_correction.value.row(at - trained.begin()).cast<double>().array().pow(power).matrix();
}

/// Returns the factors on the variance beyond Poisson noise that fit_response_correction learned for a condition.
/// All are 1 for an untrained condition.     -> (1, G), in (0, 1]
inline Matrix<float> overdispersion_scale(const Model& model, const std::string& condition) {
  const auto& trained = model.vocabulary.trained_conditions;
  const auto at = std::find(trained.begin(), trained.end(), condition);
  if (at == trained.end()) return Matrix<float>::Ones(1, model.vae.genes());
  return model.overdispersion_scale.value.row(at - trained.begin());
}

/// Corrections of decoded cells, per group.
struct GroupCorrection {
  Categorical groups;                  ///< of each cell
  Matrix<float> gene_scale;            ///< (groups, G) factors on the gene means, above 0
  Matrix<float> overdispersion_scale;  ///< (1, G) factors on the variance beyond Poisson noise, in (0, 1]
};

namespace detail {

/// Scales each group's factors on the gene means so that they keep its expected total.
///
/// expected (groups, G) decoded means, summed over the cells of each group; gene_scale (groups, G)
inline void keep_totals(const Matrix<double>& expected, Matrix<float>& gene_scale) {
  for (Index g = 0; g < gene_scale.rows(); ++g) {
    const double scaled = (expected.row(g).array() * gene_scale.row(g).cast<double>().array()).sum();
    if (scaled > 0) gene_scale.row(g) *= float(expected.row(g).sum() / scaled);
  }
}

}  // namespace detail

/// Samples counts at predicted latents, stratified within each group. The corrections change the share of a gene, not
/// the total of a group, as fit_response_correction learned them.     latents (N, D) -> (N, G)
inline CellTable sample_prediction(const Model& model, const LatentTable& latents, GroupCorrection correction,
                                   Rng& rng) {
  const std::vector<int>& codes = correction.groups.codes;
  const Index groups = Index(correction.groups.levels.size());
  Matrix<double> share = expected_counts(model.vae, latents, codes, groups);
  detail::keep_totals(share, correction.gene_scale);
  CountSampling sampling{.strata = codes,
                         .correction = {.groups = codes, .gene_scale = std::move(correction.gene_scale)}};
  if (correction.overdispersion_scale.minCoeff() < 1) {
    std::vector<double> library(to_size(groups), 0.0);
    for (Index i = 0; i < latents.cells(); ++i) library[to_size(codes[to_size(i)])] += latents.library[to_size(i)];
    for (Index g = 0; g < groups; ++g) share.row(g) /= std::max(1.0, library[to_size(g)]);
    sampling.correction.mean_share = share.cast<float>();
    sampling.correction.overdispersion_scale = correction.overdispersion_scale.replicate(groups, 1);
  }
  return draw(model.vae, latents, rng, sampling);
}

/// Names a prediction's cells: "CELL_CONDITION" after the control cell, which obs column "control_cell" holds.
inline void name_prediction(LatentTable& latents, Annotation obs, const std::string& condition) {
  obs.set("control_cell", latents.cell_names);
  latents.cell_columns = std::move(obs);
  for (std::string& name : latents.cell_names) name += "_" + condition;
}

/// Predicts cells after a perturbation by the flow and the learned corrections alone; see predict. One cell per control
/// cell, sampled from the likelihood at that cell's library size. The obs columns are those of the control cells with
/// the condition replaced, and `control_cell`.
///
/// control (N, G) -> (N, G)
inline CellTable predict_with_flow(const Model& model, const CellTable& control, const std::string& condition,
                                   const PredictOptions& o, Rng& rng) {
  LatentPrediction p(model, control, condition, o, rng);
  name_prediction(p.after, std::move(p.obs), condition);
  p.gene_scale.array().rowwise() *= mean_correction(model, condition, o.dose).row(0).cast<float>().array();
  return sample_prediction(model, p.after,
                           {std::move(p.groups), std::move(p.gene_scale), overdispersion_scale(model, condition)}, rng);
}

}  // namespace latentcell::perturbation
