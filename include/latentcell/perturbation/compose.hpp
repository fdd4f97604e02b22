#pragma once

#include <algorithm>
#include <cmath>
#include <string>
#include <utility>
#include <vector>

#include <latentcell/kernel/ridge.hpp>
#include <latentcell/perturbation/predict_with_flow.hpp>

namespace LATENTCELL_NAMESPACE::perturbation {

struct ComposeOptions {
  double ridge = 0.01;  ///< penalty on the weights of trained perturbations, in units of the embeddings' mean square,
                        ///< above 0. Larger: smaller predicted changes.

  static void visit(auto& self, auto&& f) { f("ridge", self.ridge, above(0)); }
};

/// A perturbation as a weighted sum of trained conditions.
using PerturbationSum = std::vector<std::pair<std::string, double>>;

namespace detail {

// Adds the trained single perturbations, weighted so that their embeddings sum to that of an untrained one.
inline void add_regression(const Model& model, Index untrained, const ComposeOptions& o, PerturbationSum& to) {
  const std::vector<std::string>& names = model.vocabulary.single_perturbations;
  const Matrix<double> table = model.embeddings().value.cast<double>();
  std::vector<Index> trained;
  for (const std::string& condition : model.vocabulary.trained_conditions) {
    const auto at = std::find(names.begin(), names.end(), condition);
    if (at != names.end()) trained.push_back(Index(at - names.begin()));
  }
  const Index n = Index(trained.size());
  LATENTCELL_REQUIRE(n > 0, "perturbation_sum: no single perturbation was trained, so '", names[to_size(untrained)],
                     "' cannot be composed");
  Matrix<double> basis(table.cols(), n);
  for (Index k = 0; k < n; ++k) basis.col(k) = table.row(trained[to_size(k)]).transpose();
  const double penalty = o.ridge * double(table.cols()) * table.array().square().mean();
  const Matrix<double> weights = kernel::ridge(basis, table.row(untrained).transpose(), penalty);
  for (Index k = 0; k < n; ++k) to.emplace_back(names[to_size(trained[to_size(k)])], weights(k, 0));
}

/// Accumulates the terms of a sum: latents add up, and so do the groups' log gene means.
class SumPrediction {
 public:
  explicit SumPrediction(const Model& model)
      : overdispersion(Matrix<float>::Ones(1, model.vae.genes())), model_(model) {}

  void add(LatentPrediction p, const std::string& condition, double dose, double weight) {
    if (base_.size() == 0) begin(p);
    const Matrix<double> mean = predicted_means(model_, p, condition, dose);
    log_mean_.array() += weight * (mean.array().max(1e-9).log() - base_.array().max(1e-9).log());
    after.mean += float(weight) * (p.after.mean - p.before.mean);
    if (weight != 0) overdispersion = overdispersion.cwiseMin(overdispersion_scale(model_, condition));
  }

  /// Returns the factors that bring the decoded means at the summed latents to the summed log means, up to a factor
  /// per group, which sample_prediction removes.   -> (groups, G)
  Matrix<float> gene_scale() const { return scale_to(model_, after, groups.codes, mean()); }
  /// Expected counts before and after.   -> (groups, G)
  const Matrix<double>& base() const { return base_; }
  Matrix<double> mean() const { return log_mean_.array().exp(); }

  LatentTable before, after;
  Annotation obs;
  Categorical groups;
  Matrix<float> overdispersion;  // (1, G) the smallest of the terms'

 private:
  void begin(const LatentPrediction& p) {
    before = after = p.before;
    groups = p.groups;
    obs = p.obs;
    base_ = p.base;
    log_mean_ = base_.array().max(1e-9).log();
  }

  const Model& model_;
  Matrix<double> base_, log_mean_;  // (groups, G)
};

}  // namespace detail

/// Returns the trained conditions that a perturbation is composed of: itself where it was trained, else each single
/// perturbation of the combination. One that was never trained alone is replaced by trained ones, weighted by ridge
/// regression of its embedding on theirs. Because learned embeddings of untrained perturbations are arbitrary,
/// without given embeddings such a perturbation is returned unchanged. Throws std::invalid_argument for a name outside
/// the vocabulary.
inline PerturbationSum perturbation_sum(const Model& model, const std::string& condition,
                                        const ComposeOptions& o = {}) {
  check_options("perturbation_sum", o);
  const std::vector<std::string>&names = model.vocabulary.single_perturbations,
        &trained = model.vocabulary.trained_conditions;
  const auto is_trained = [&](const std::string& name) { return std::count(trained.begin(), trained.end(), name) > 0; };
  if (is_trained(condition)) return {{condition, 1.0}};
  model.vocabulary.require(condition);
  PerturbationSum out;
  for (const std::string& name : joined_names(condition)) {
    const auto at = std::find(names.begin(), names.end(), name);
    if (is_trained(name)) {
      out.emplace_back(name, 1.0);
    } else if (model.embeddings().frozen) {
      detail::add_regression(model, Index(at - names.begin()), o, out);
    } else {
      return {{condition, 1.0}};
    }
  }
  return out;
}

/// Predicts cells after a weighted sum of perturbations. Each cell's latent moves by the weighted sum of displacements.
/// Each group's gene means are the control cells' times the product of the fold changes, each to the power of its
/// weight. The variance beyond Poisson noise of decoded cells takes the smallest factor of the terms. One term of
/// weight 1 gives predict_with_flow up to rounding. Columns and cell names are those of predict_with_flow, under
/// `name`.
///
/// o.dose: of each term.      control (N, G) -> (N, G)
inline CellTable predict_sum(const Model& model, const CellTable& control, const PerturbationSum& sum,
                             const std::string& name, const PredictOptions& o, Rng& rng) {
  LATENTCELL_REQUIRE(!sum.empty(), "predict_sum: '", name, "' has no terms, at least 1 is needed");
  LATENTCELL_REQUIRE(std::isfinite(o.pseudo_count), "predict_sum: pseudo_count must be finite, got ", o.pseudo_count);
  const Rng shared = rng.fork();  // every term starts from the same latents
  detail::SumPrediction total(model);
  for (const auto& [condition, weight] : sum) {
    Rng own = shared;
    total.add(LatentPrediction(model, control, condition, o, own), condition, o.dose, weight);
  }
  LATENTCELL_REQUIRE(total.mean().allFinite(), "predict_sum: the changes of '", name,
                     "' at this dose are beyond all numbers");
  const bool decoded = model.mixture_choice().mixture.cells == CellSampling::decoded;
  Matrix<float> gene_scale = decoded ? total.gene_scale() : Matrix<float>();
  total.obs.set(model.options.condition, Categorical{{name}, std::vector<int>(to_size(total.after.cells()), 0)});
  name_prediction(total.after, std::move(total.obs), name);
  if (!decoded)
    return counterfactual_prediction(model, control,
                                     {total.before, total.after, total.groups, total.base(), total.mean()}, rng);
  return sample_prediction(model, total.after,
                           {std::move(total.groups), std::move(gene_scale), std::move(total.overdispersion)}, rng);
}

}  // namespace latentcell::perturbation
