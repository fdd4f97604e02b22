#pragma once

#include <algorithm>
#include <cmath>
#include <string>
#include <utility>
#include <vector>

#include <latentcell/latent/counterfactual_counts.hpp>
#include <latentcell/latent/expected_counts.hpp>
#include <latentcell/latent/sample_counts.hpp>
#include <latentcell/perturbation/latent_prediction.hpp>
#include <latentcell/perturbation/model.hpp>

namespace LATENTCELL_NAMESPACE::perturbation {

/// Returns the power of a dose to which factors at dose_scale are raised: 1 without a dose.
inline double dose_power(const Model& model, double dose) {
  return model.options.dose.empty() ? 1.0 : dose / double(model.options.dose_scale);
}

/// Returns the factors on the gene means that the trained groups have in common, for a condition. With a dose they are
/// raised to the power dose / dose_scale. All are 1 for an untrained condition and for a missing dose.     -> (1, G)
inline Matrix<double> mean_correction(const Model& model, const std::string& condition, double dose) {
  const auto& trained = model.vocabulary.trained_conditions;
  const auto at = std::find(trained.begin(), trained.end(), condition);
  const double power = dose_power(model, dose);
  if (at == trained.end() || !std::isfinite(power)) return Matrix<double>::Ones(1, model.vae.genes());
  return model.mean_correction.value.row(at - trained.begin()).cast<double>().array().pow(power).matrix();
}

/// Returns the log changes of each group's gene means that its trained groups show beyond the flow and the control
/// cells, as model.mixture_choice() mixes them. All are 0 for an untrained condition and for a missing dose.
/// -> (groups, G)
inline Matrix<double> common_response(const Model& model, const LatentPrediction& p, const std::string& condition,
                                      double dose) {
  const Index groups = p.base.rows(), genes = p.base.cols(), trained_groups = model.group_profile.value.rows();
  const ResponseMixture mixture = model.mixture_choice().mixture;
  Matrix<double> out = mean_correction(model, condition, dose).array().log().matrix().replicate(groups, 1);
  const auto& trained = model.vocabulary.trained_conditions;
  const auto at = std::find(trained.begin(), trained.end(), condition);
  const double power = dose_power(model, dose);
  if (mixture.similarity <= 0 || at == trained.end() || !std::isfinite(power)) return out;
  GroupEffects effects(trained_groups, genes);
  const Index first = Index(at - trained.begin()) * trained_groups;
  effects.precision = model.group_precision.value.middleRows(first, trained_groups).cast<double>();
  effects.value =
      model.group_effect.value.middleRows(first, trained_groups).cast<double>().cwiseProduct(effects.precision);
  for (Index g = 0; g < groups; ++g) {
    if (p.base.row(g).sum() <= 0) continue;  // a level without cells
    const std::vector<double> own = common_effect(
        effects, weights_among_observed(effects, model.group_profile.value, {p.profile, g}, mixture.similarity),
        mixture.weighting, mixture.shrinkage);
    for (Index k = 0; k < genes; ++k) out(g, k) = power * mixture.strength * own[to_size(k)];
  }
  return out;
}

/// Returns the expected counts of each group after a perturbation, as model.mixture_choice() mixes flow, control cells
/// and trained groups. Where the flow counts for less than all, the latents after are moved back to what of the flow's
/// change is in the predicted one.     -> (groups, G)
inline Matrix<double> predicted_means(const Model& model, LatentPrediction& p, const std::string& condition,
                                      double dose) {
  const Index groups = p.base.rows();
  const auto& trained = model.vocabulary.trained_conditions;
  const bool is_trained = std::find(trained.begin(), trained.end(), condition) != trained.end();
  const double control_weight = is_trained ? model.mixture_choice().mixture.control_weight : 0.0;
  Matrix<double> flow = expected_counts(model.vae, p.after, p.groups.codes, groups);
  flow.array() *= p.gene_scale.cast<double>().array();
  const Matrix<double> response = common_response(model, p, condition, dose);
  std::vector<float> kept(to_size(groups), 1.0f);
  for (Index g = 0; g < groups; ++g) {
    const double total = p.base.row(g).sum(), cells = std::max(1.0, double(p.groups.count(int(g))));
    if (flow.row(g).sum() > 0) flow.row(g) *= total / flow.row(g).sum();
    double along = 0, size = 0;
    for (Index k = 0; k < flow.cols(); ++k) {
      const double base = std::max(p.base(g, k), 1e-9), change = std::log(std::max(flow(g, k), 1e-9) / base);
      const double predicted = (1 - control_weight) * change + response(g, k);
      const double weight = std::pow(base / (base + cells), 2);  // of the log change in the mean of log1p(counts)
      along += weight * change * predicted;
      size += weight * change * change;
      flow(g, k) = base * std::exp(predicted);
    }
    if (control_weight > 0) kept[to_size(g)] = size > 0 ? float(std::clamp(along / size, 0.0, 1.0)) : 0.0f;
  }
  for (Index i = 0; i < p.after.cells() && control_weight > 0; ++i) {
    const float share = kept[to_size(p.groups.codes[to_size(i)])];
    p.after.mean.row(i) = p.before.mean.row(i) + share * (p.after.mean.row(i) - p.before.mean.row(i));
  }
  return flow;
}

/// Returns the factors that bring decoded means to expected counts, group by group.     mean (groups, G)
inline Matrix<float> scale_to(const Model& model, const LatentTable& latents, const std::vector<int>& codes,
                              Matrix<double> mean) {
  const Matrix<double> decoded = expected_counts(model.vae, latents, codes, mean.rows());
  for (Index g = 0; g < mean.rows(); ++g) {  // in the range of a float
    if (mean.row(g).sum() > 0) mean.row(g) *= decoded.row(g).sum() / mean.row(g).sum();
  }
  return (mean.array().max(1e-9) / decoded.array().max(1e-9)).cast<float>();
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

/// What counterfactual_prediction moves control cells to.
struct CounterfactualGroups {
  const LatentTable &before, &after;  ///< (N, D)
  const Categorical& groups;          ///< of each cell
  const Matrix<double>&base, &mean;   ///< (groups, G) expected counts before and after: their ratio is used
};

/// Returns the control cells at other gene means, each from its own counts, see counterfactual_counts. A group's total
/// is kept.     control (N, G) -> (N, G)
inline CellTable counterfactual_prediction(const Model& model, const CellTable& control, const CounterfactualGroups& of,
                                           Rng& rng) {
  Matrix<double> factor = of.mean.array() / of.base.array().max(1e-9);
  for (Index g = 0; g < factor.rows(); ++g) {
    const double total = of.mean.row(g).sum();
    if (total > 0) factor.row(g) *= of.base.row(g).sum() / total;
  }
  CellTable out;
  out.counts = counterfactual_counts(model.vae, control, of.before, {of.groups.codes, factor}, rng);
  out.cell_names = of.after.cell_names;
  out.cell_columns = of.after.cell_columns;
  out.gene_names = model.vae.gene_names;
  for (Index g = Index(out.gene_names.size()); g < model.vae.genes(); ++g) out.gene_names.push_back(text("gene_", g));
  out.gene_columns = Annotation(model.vae.genes());
  out.embeddings["X_latentcell"] = of.after.mean;
  return out;
}

/// Draws cells at the moved latents of a prediction.     mean (groups, G) expected counts -> (N, G)
inline CellTable sample_cells(const Model& model, const CellTable& control, LatentPrediction p,
                              const Matrix<double>& mean, const std::string& condition, Rng& rng) {
  Matrix<float> gene_scale;
  const bool decoded = model.mixture_choice().mixture.cells == CellSampling::decoded;
  if (decoded) gene_scale = scale_to(model, p.after, p.groups.codes, mean);
  name_prediction(p.after, std::move(p.obs), condition);
  if (!decoded) return counterfactual_prediction(model, control, {p.before, p.after, p.groups, p.base, mean}, rng);
  return sample_prediction(model, p.after,
                           {std::move(p.groups), std::move(gene_scale), overdispersion_scale(model, condition)}, rng);
}

/// Predicts cells after a trained perturbation by the flow and what the trained groups show beyond it; see predict. One
/// cell per control cell, decoded at that cell's library size or from its own counts, as model.mixture_choice() says.
/// The obs columns are those of the control cells with the condition replaced, and `control_cell`.
///
/// control (N, G) -> (N, G)
inline CellTable predict_with_flow(const Model& model, const CellTable& control, const std::string& condition,
                                   const PredictOptions& o, Rng& rng) {
  LatentPrediction p(model, control, condition, o, rng);
  const Matrix<double> mean = predicted_means(model, p, condition, o.dose);
  return sample_cells(model, control, std::move(p), mean, condition, rng);
}

}  // namespace latentcell::perturbation
