#pragma once

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include <latentcell/core/options.hpp>
#include <latentcell/data/split.hpp>
#include <latentcell/latent/encode.hpp>
#include <latentcell/latent/push_forward.hpp>
#include <latentcell/latent/gene_mean_correction.hpp>
#include <latentcell/perturbation/model.hpp>

namespace LATENTCELL_NAMESPACE::perturbation {

struct PredictOptions {
  Index steps = 25;  ///< steps of the sampler, at least 1. Larger: smaller discretisation error, longer run time.
  double dose = std::numeric_limits<double>::quiet_NaN();  ///< of the perturbation, in units of obs, finite;
                                                           ///< NaN: of a model without a dose
  double pseudo_count = 20;  ///< counts of a gene at which control cells and decoder weigh the same, above 0; see
                             ///< shifted_gene_scales. Larger: nearer to the decoder. Infinite: the decoder alone.

  static void visit(auto& self, auto&& f) {
    f("steps", self.steps, at_least(1));
    f("dose", self.dose);
    f("pseudo_count", self.pseudo_count, above_up_to(0, std::numeric_limits<double>::infinity()));
  }
};

/// Returns the latents of control cells after a perturbation. Names and library sizes are those of the control cells.
///
/// query: obs of the predicted cells, with the condition and, where the model has one, the dose
inline LatentTable perturb_latents(const Model& model, const LatentTable& control, const Annotation& query, Index steps,
                                   Rng& rng) {
  const SampleOptions sampling{.steps = steps};
  if (model.options.form == PerturbationForm::ot_flow)
    return push_forward(model.flow, control, query, sampling, 0, rng);
  LatentTable conditioned = control;
  conditioned.cell_columns = query;
  conditioned.cell_columns.set(Model::control_latent_column, control.mean);
  LatentTable out = model.flow.generate({.cells = conditioned.cell_columns, .steps = steps}, rng);
  if (model.options.form == PerturbationForm::displacement_flow) out.mean += control.mean;
  out.cell_names = control.cell_names;
  out.cell_columns = query;
  out.library = control.library;
  return out;
}

/// Returns log1p(CP10K) of groups, all 0 of one without counts.     counts (groups, G) -> (groups, G)
inline Matrix<float> log_profiles(const Matrix<double>& counts) {
  Matrix<double> share = counts;
  for (Index g = 0; g < share.rows(); ++g) share.row(g) *= 1e4 / std::max(1.0, share.row(g).sum());
  return share.array().log1p().cast<float>().matrix();
}

/// Control cells before and after a perturbation, in the latent. The common step of predictions and
/// fit_response_correction.
struct LatentPrediction {
  LatentTable before;        ///< latents of the control cells, one posterior sample per cell
  LatentTable after;         ///< latents after the perturbation
  Annotation obs;            ///< of the predicted cells: the controls' with the condition and the dose replaced
  Categorical groups;        ///< of each cell
  Matrix<float> gene_scale;  ///< (groups, G) factors on decoded means that the control cells imply
  Matrix<double> base;       ///< (groups, G) expected counts of the control cells before, corrected by their counts
  Matrix<float> profile;     ///< (groups, G) log1p(CP10K) of the control cells of a group together

  LatentPrediction(const Model& model, const CellTable& control, const std::string& condition, const PredictOptions& o,
                   Rng& rng)
      : before(encode(model.vae, control)), obs(control.cell_columns) {
    check_options("predict", o);
    const Options& m = model.options;
    LATENTCELL_REQUIRE(m.dose.empty() || std::isfinite(o.dose), "predict: the model has the dose column '", m.dose,
                       "', so PredictOptions::dose must be finite, got ", o.dose);
    Rng posterior = rng.fork();
    before.mean = before.drawn(posterior);
    before.deviation.resize(0, 0);
    obs.set(m.condition, Categorical{{condition}, std::vector<int>(to_size(before.cells()), 0)});
    if (!m.dose.empty()) obs.set(m.dose, std::vector<double>(to_size(before.cells()), o.dose));
    after = perturb_latents(model, before, obs, o.steps, rng);
    groups = group_labels(control.cell_columns, m);
    const Index n = Index(groups.levels.size());
    gene_scale = std::isfinite(o.pseudo_count) ? shifted_gene_scales(model.vae, control, before, after, groups.codes,
                                                                     {.groups = n, .pseudo_count = o.pseudo_count})
                                               : Matrix<float>::Ones(n, model.vae.genes());
    base = expected_counts(model.vae, before, groups.codes, n);
    const Matrix<double> counted = GroupMoments(control.counts.view(), groups.codes, n).total;
    if (std::isfinite(o.pseudo_count))
      base = (base.array() * (counted.array() + o.pseudo_count) / (base.array() + o.pseudo_count)).matrix();
    profile = log_profiles(counted);
  }
};

}  // namespace latentcell::perturbation
