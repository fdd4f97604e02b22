#pragma once

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include <latentcell/latent/sample_counts.hpp>
#include <latentcell/perturbation/model.hpp>
#include <latentcell/latent/gene_mean_correction.hpp>

// Cells as a perturbation would leave them.

namespace latentcell {

struct PredictOptions {
  Index steps = 25;                                        ///< of the sampler
  double dose = std::numeric_limits<double>::quiet_NaN();  ///< of the perturbation; NaN: unknown
  double residual = 20;  ///< counts of a gene at which the control cells are believed as much as the decoder: see
                         ///< shifted_gene_scales; larger trusts the decoder; infinite: it alone
};

namespace detail {

/// What predict and fit_response_correction have in common: control cells, their latents drawn from the posterior, and
/// the same after a perturbation, with the factors that the control cells show.
struct Predicted {
  LatentTable before, after;
  Annotation wanted;
  Categorical groups;
  Matrix<float> factors;  // (groups, G)

  Predicted(const Perturbation& model, const CellTable& control, const std::string& perturbation,
            const PredictOptions& o, Rng& rng)
      : before(encode(model.vae, control)), wanted(control.cell_columns) {
    const PerturbationOptions& m = model.options;
    Rng own = rng.fork();
    before.mean = before.drawn(own);
    before.deviation.resize(0, 0);
    wanted.set(m.condition, Categorical{{perturbation}, std::vector<int>(to_size(before.cells()), 0)});
    if (!m.dose.empty()) wanted.set(m.dose, std::vector<double>(to_size(before.cells()), o.dose));
    after = perturbed_latents(model, before, wanted, o.steps, rng);
    groups = m.group.empty() ? no_labels(before.cells()) : control.cell_columns.labels(m.group);
    const Index n = Index(groups.levels.size());
    factors = std::isfinite(o.residual)
                  ? shifted_gene_scales(model.vae, control, before, after, groups.codes, n, o.residual)
                  : Matrix<float>::Ones(n, model.vae.genes());
  }
};

}  // namespace detail

/// What fit_response_correction found for a condition, factors on the genes' means: at a dose, to the power of the dose
/// over the model's dose_scale; 1 where nothing was learned or the dose is unknown.      -> (1, G)
inline Matrix<double> response_at(const Perturbation& model, const std::string& condition, double dose) {
  const PerturbationOptions& m = model.options;
  const auto known = std::find(m.seen.begin(), m.seen.end(), condition);
  const double power = m.dose.empty() ? 1.0 : dose / double(m.dose_scale);
  if (known == m.seen.end() || !std::isfinite(power)) return Matrix<double>::Ones(1, model.vae.genes());
  return model.response.value.row(known - m.seen.begin()).cast<double>().array().pow(power).matrix();
}

/// What fit_response_correction found for a condition, factors on what its cells vary beyond Poisson noise; 1 where
/// nothing was learned.      -> (1, G)
inline Matrix<float> excess_under(const Perturbation& model, const std::string& condition) {
  const auto& seen = model.options.seen;
  const auto known = std::find(seen.begin(), seen.end(), condition);
  if (known == seen.end()) return Matrix<float>::Ones(1, model.vae.genes());
  return model.excess.value.row(known - seen.begin());
}

namespace detail {

/// Draws predicted cells group by group.     after (N, D), factors (groups, G), excess (1, G)
inline CellTable draw_groups(const Perturbation& model, const LatentTable& after, const Categorical& groups,
                             Matrix<float> factors, const Matrix<float>& excess, Rng& rng) {
  const Index n = Index(groups.levels.size());
  DrawOptions how{.strata = groups.codes, .groups = groups.codes, .factors = std::move(factors)};
  if (excess.minCoeff() < 1) {
    Matrix<double> told = expected_counts(model.vae, after, groups.codes, n);
    std::vector<double> library(to_size(n), 0.0);
    for (Index i = 0; i < after.cells(); ++i) library[to_size(groups.codes[to_size(i)])] += after.library[to_size(i)];
    for (Index g = 0; g < n; ++g) told.row(g) /= std::max(1.0, library[to_size(g)]);
    how.centre = told.cast<float>();
    how.excess = excess.replicate(n, 1);
  }
  return draw(model.vae, after, rng, how);
}

}  // namespace detail

/// Cells as a perturbation would leave them: one for each control cell, drawn from the likelihood with the control
/// cell's library size. obs: the columns of the control cells with the condition replaced, and `control_cell`.
/// control (N, G) -> (N, G)
inline CellTable predict(const Perturbation& model, const CellTable& control, const std::string& perturbation,
                         const PredictOptions& o, Rng& rng) {
  detail::Predicted p(model, control, perturbation, o, rng);
  p.wanted.set("control_cell", control.cell_names);
  p.after.cell_columns = std::move(p.wanted);
  for (std::string& name : p.after.cell_names) name += "_" + perturbation;
  p.factors.array().rowwise() *= response_at(model, perturbation, o.dose).row(0).cast<float>().array();
  return detail::draw_groups(model, p.after, p.groups, std::move(p.factors), excess_under(model, perturbation), rng);
}

}  // namespace latentcell
