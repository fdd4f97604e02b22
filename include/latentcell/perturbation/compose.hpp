#pragma once

#include <algorithm>
#include <cmath>
#include <string>
#include <utility>
#include <vector>

#include <latentcell/kernel/cholesky.hpp>
#include <latentcell/perturbation/predict.hpp>

namespace latentcell {

struct ComposeOptions {
  double ridge = 0.01;  ///< of the weights that make an unseen part of seen ones, in units of the embeddings' mean
                        ///< square; larger: smaller changes
};

/// A perturbation as a weighted sum of ones that were seen.
using PerturbationSum = std::vector<std::pair<std::string, double>>;

namespace detail {

// Weights of the single parts seen whose embeddings add up to one of a part that was not.
inline void add_likeness(const Perturbation& model, Index part, const ComposeOptions& o, PerturbationSum& to) {
  const auto& m = model.options;
  const Matrix<double> table = model.embeddings().value.cast<double>();
  std::vector<Index> known;
  for (const std::string& name : m.seen) {
    const auto at = std::find(m.parts.begin(), m.parts.end(), name);
    if (at != m.parts.end()) known.push_back(Index(at - m.parts.begin()));
  }
  const Index n = Index(known.size());
  LATENTCELL_REQUIRE(n > 0, "compose: no single part was seen from which '", m.parts[to_size(part)], "' could be made");
  Matrix<double> seen(n, table.cols());
  for (Index k = 0; k < n; ++k) seen.row(k) = table.row(known[to_size(k)]);
  Matrix<double> gram(n, n), weights(n, 1);
  for (Index i = 0; i < n; ++i) {
    for (Index j = 0; j < n; ++j) gram(i, j) = seen.row(i).dot(seen.row(j));
    gram(i, i) += o.ridge * double(table.cols()) * table.array().square().mean();
    weights(i, 0) = seen.row(i).dot(table.row(part));
  }
  kernel::cholesky_solve(gram, weights);
  for (Index k = 0; k < n; ++k) to.emplace_back(m.parts[to_size(known[to_size(k)])], weights(k, 0));
}

}  // namespace detail

/// What a perturbation is made of: itself where it was seen; else each of its parts, and for a part never seen alone
/// the ones that were, weighted so that their embeddings add up to its own (ridge regression). That takes embeddings
/// that were given: learned ones of a part never seen alone say nothing of it, and the perturbation is then left to
/// the flow, as itself. Throws std::invalid_argument for a part that the model does not know.
inline PerturbationSum perturbation_sum(const Perturbation& model, const std::string& perturbation,
                                        const ComposeOptions& o = {}) {
  const auto& m = model.options;
  if (std::count(m.seen.begin(), m.seen.end(), perturbation) > 0) return {{perturbation, 1.0}};
  PerturbationSum out;
  for (const std::string& name : joined_names(perturbation)) {
    const auto part = std::find(m.parts.begin(), m.parts.end(), name);
    LATENTCELL_REQUIRE(part != m.parts.end(), "compose: '", name, "' of '", perturbation, "' is none of the ",
                       m.parts.size(), " parts that the model knows");
    if (std::count(m.seen.begin(), m.seen.end(), name) > 0) {
      out.emplace_back(name, 1.0);
    } else if (model.embeddings().frozen) {
      detail::add_likeness(model, Index(part - m.parts.begin()), o, out);
    } else {
      return {{perturbation, 1.0}};
    }
  }
  return out;
}

/// Cells after a sum of perturbations: each cell's latent moves by the weighted sum of the movements, and the means of
/// each group are the control cells' times the product of the changes, each to the power of its weight; what cells vary
/// beyond Poisson noise takes the smallest of the terms' factors. With one term of weight 1 it is predict but for
/// rounding. Columns and names as those of predict, under the given name.
/// o.dose: of each term.      control (N, G) -> (N, G)
inline CellTable predict_sum(const Perturbation& model, const CellTable& control, const PerturbationSum& sum,
                             const std::string& name, const PredictOptions& o, Rng& rng) {
  LATENTCELL_REQUIRE(!sum.empty(), "predict_sum: '", name, "' is a sum of nothing");
  LATENTCELL_REQUIRE(std::isfinite(o.residual), "predict_sum: residual must be finite, got ", o.residual);
  const auto& m = model.options;
  const Rng same = rng.fork();  // each term starts from the same latents
  LatentTable after;
  Matrix<double> base, logs;
  Matrix<float> excess = Matrix<float>::Ones(1, model.vae.genes());
  Categorical groups;
  Annotation wanted;
  for (const auto& [term, weight] : sum) {
    Rng own = same;
    const detail::Predicted p(model, control, term, o, own);
    const Index n = Index(p.groups.levels.size());
    if (base.size() == 0) {
      after = p.before;
      groups = p.groups;
      wanted = p.wanted;
      const Matrix<double> was = detail::expected_counts(model.vae, p.before, groups.codes, n);
      const Matrix<double> seen = detail::GroupMoments(control.counts.view(), groups.codes, n).total;
      base = (was.array() * (seen.array() + o.residual) / (was.array() + o.residual)).matrix();
      logs = base.array().max(1e-9).log();
    }
    Matrix<double> to = detail::expected_counts(model.vae, p.after, groups.codes, n);
    to.array() *= p.factors.cast<double>().array();
    to.array().rowwise() *= response_at(model, term, o.dose).row(0).array();
    logs.array() += weight * (to.array().max(1e-9).log() - base.array().max(1e-9).log());
    after.mean += float(weight) * (p.after.mean - p.before.mean);
    if (weight != 0) excess = excess.cwiseMin(excess_under(model, term));
  }
  const Index n = Index(groups.levels.size());
  const Matrix<double> decoded = detail::expected_counts(model.vae, after, groups.codes, n);
  Matrix<double> told = logs.array().exp();
  for (Index g = 0; g < n; ++g) {
    if (told.row(g).sum() > 0) told.row(g) *= decoded.row(g).sum() / told.row(g).sum();
  }
  Matrix<float> factors = (told.array().max(1e-9) / decoded.array().max(1e-9)).cast<float>();
  wanted.set(m.condition, Categorical{{name}, std::vector<int>(to_size(after.cells()), 0)});
  wanted.set("control_cell", control.cell_names);
  after.cell_columns = std::move(wanted);
  for (std::string& cell : after.cell_names) cell += "_" + name;
  return detail::draw_groups(model, after, groups, std::move(factors), excess, rng);
}

/// The prediction for a perturbation that may never have been seen: predict for one that was, at a dose up to
/// `dose_scale`; predict_sum of its parts for another, and beyond that dose the changes at it, to the power of the
/// dose over it.      control (N, G) -> (N, G)
inline CellTable predict_unseen(const Perturbation& model, const CellTable& control, const std::string& perturbation,
                                const PredictOptions& o, Rng& rng, const ComposeOptions& compose = {}) {
  const auto& m = model.options;
  PerturbationSum sum = perturbation_sum(model, perturbation, compose);
  const double most = double(m.dose_scale);
  const bool beyond = !m.dose.empty() && o.dose > most;
  if (!beyond && sum.size() == 1 && sum[0].first == perturbation) return predict(model, control, perturbation, o, rng);
  PredictOptions at = o;
  if (beyond) {
    at.dose = most;
    for (auto& [term, weight] : sum) weight *= o.dose / most;
  }
  CellTable out = predict_sum(model, control, sum, perturbation, at, rng);
  if (beyond) out.cell_columns.set(m.dose, std::vector<double>(to_size(out.cells()), o.dose));
  return out;
}

}  // namespace latentcell
