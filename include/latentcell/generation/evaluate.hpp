#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <latentcell/latent/cell_likelihood.hpp>
#include <latentcell/latent/reconstruction_correlation.hpp>
#include <latentcell/data/align_genes.hpp>
#include <latentcell/evaluate/evaluate_generation.hpp>
#include <latentcell/evaluate/gene_set_scores.hpp>
#include <latentcell/evaluate/score_table.hpp>
#include <latentcell/generation/composition.hpp>
#include <latentcell/generation/model.hpp>
#include <latentcell/latent/encode.hpp>

namespace LATENTCELL_NAMESPACE::generation {

/// How near generated cells come to held-out real ones.
struct Evaluation : evaluate::GenerationReport {
  CellLikelihood held_out_likelihood;              ///< of the autoencoder, nats per cell
  double held_out_reconstruction_correlation = 0;  ///< Pearson r of log1p(CP10K), mean over the cells
};

/// Adds what the model says of the held-out cells to a report on generated ones, as that of
/// evaluate::SampledEvaluation.
template <class Backbone>
Evaluation evaluate(const ModelOf<Backbone>& model, const evaluate::GenerationReport& report,
                    const CellTable& held_out) {
  Evaluation out{report, {}, 0};
  const CellTable aligned = align_genes(held_out, model.vae.gene_names).cells;
  const std::vector<int> batch_covariate = composition_of(model, aligned).batch_covariate;
  out.held_out_likelihood = cell_likelihood(model.vae, aligned, batch_covariate);
  out.held_out_reconstruction_correlation = reconstruction_correlation(model.vae, aligned, batch_covariate);
  return out;
}

/// Evaluates generated cells against held-out real ones, beside the baselines (a Gaussian and independent negative
/// binomials per label, the autoencoder's prior) and the ceiling (other held-out real cells).
/// cells: all with the model's label in obs; `prior` is what sample_prior returned for the composition of `generated`
/// Throws std::invalid_argument where too few cells or no genes are shared.
template <class Backbone>
Evaluation evaluate(const ModelOf<Backbone>& model, const evaluate::GenerationTables& cells,
                    const evaluate::EvaluateOptions& o = {}) {
  return evaluate(model, evaluate::evaluate_generation(cells, model.options.label, o), cells.held_out);
}

/// Returns what scores the marker genes of each label (at most 50, and a quarter of the genes); nothing where no label
/// has three markers.
/// train, held_out: with the obs column `label`
inline std::optional<evaluate::GeneSetEvaluator> marker_evaluator(const CellTable& train, const CellTable& held_out,
                                                                  const std::string& label, std::uint64_t seed = 0) {
  const std::vector<NamedGenes> sets =
      evaluate::marker_sets(train, train.obs(label), std::min<Index>(50, train.genes() / 4));
  const bool any = std::any_of(sets.begin(), sets.end(), [](const NamedGenes& set) { return set.genes.size() >= 3; });
  if (!any) return std::nullopt;
  return evaluate::GeneSetEvaluator(train, held_out, label, sets, {.seed = seed});
}

/// How scores of gene sets agree with those of held-out real cells.
struct GeneSetEvaluation {
  evaluate::ScoreTable scores;  ///< mean distance of the distributions, and agreement of the labels' means
  evaluate::ScoreTable ks;      ///< distance of the distributions of each set
};

/// Compares scores of gene sets in generated cells with those of held-out real cells.
inline GeneSetEvaluation evaluate_gene_sets(const evaluate::GeneSetEvaluator& sets,
                                            const evaluate::GenerationTables& cells) {
  using evaluate::Better;
  using evaluate::Role;
  std::vector<evaluate::Metric> of_sets;
  for (const std::string& name : sets.names()) of_sets.push_back({.name = name, .better = Better::lower});
  GeneSetEvaluation out{evaluate::ScoreTable({{.name = "mean KS", .better = Better::lower}, {"r of label means"}}),
                        evaluate::ScoreTable(of_sets)};
  const auto add = [&](const char* method, Role role, const evaluate::GeneSetAgreement& a) {
    out.scores.add(method, role, {a.mean_ks, a.of_labels});
    out.ks.add(method, role, a.ks);
  };
  add(evaluate::row::held_out, Role::ceiling, sets.ceiling());
  if (cells.prior != nullptr) add(evaluate::row::prior, Role::baseline, sets.of(*cells.prior));
  add(evaluate::row::generated, Role::model, sets.of(cells.generated));
  return out;
}

#ifdef LATENTCELL_INSTANCES
extern template Evaluation evaluate<ResidualMlp<float>>(const ModelOf<ResidualMlp<float>>&,
                                                        const evaluate::GenerationTables&,
                                                        const evaluate::EvaluateOptions&);
#endif

}  // namespace latentcell::generation
