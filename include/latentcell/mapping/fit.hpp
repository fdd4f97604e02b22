#pragma once

#include <algorithm>
#include <cmath>
#include <map>
#include <utility>
#include <vector>

#include <latentcell/generation/predict.hpp>
#include <latentcell/mapping/model.hpp>
#include <latentcell/mapping/predict.hpp>
#include <latentcell/train/fit_cells.hpp>
#include <latentcell/train/stages.hpp>

namespace LATENTCELL_NAMESPACE::mapping {

namespace detail {

inline constexpr std::uint64_t mapping_stream = 21;
inline constexpr Index replay_sampler_steps = 25;

/// `count` labels in the proportions of the training cells, and at least `min_cells` of each that was trained on; each
/// with the batch covariate of a random training cell of its label.
inline generation::Composition choose_replay(const generation::Composition& training, Index count, Index min_cells,
                                             Rng& rng) {
  std::map<int, std::vector<int>> levels;  // of the training cells of each label
  double with_label = 0;
  for (std::size_t i = 0; i < training.label.size(); ++i) {
    if (training.label[i] < 0) continue;
    levels[training.label[i]].push_back(training.batch_covariate[i]);
    with_label += 1;
  }
  LATENTCELL_REQUIRE(with_label > 0, "mapping::fit: the reference has no labels");
  generation::Composition out;
  for (const auto& [code, of_cells] : levels) {
    const Index n = std::max(min_cells, Index(std::lround(double(of_cells.size()) / with_label * double(count))));
    for (Index i = 0; i < n; ++i) {
      out.label.push_back(code);
      out.batch_covariate.push_back(of_cells[std::size_t(rng.below(of_cells.size()))]);
    }
  }
  return out;
}

/// Replaces genes that the narrowed encoder does not have by their mean input: it is added to the first layer's bias,
/// and cells are scaled to the counts that the shared genes have on average.
///
/// cells: in all genes of `from`; shared: rows of those that `to` has
template <class Autoencoder>
void impute_missing_genes(const Autoencoder& from, Autoencoder& to, const CellTable& cells,
                          const std::vector<Index>& shared) {
  const CountsView counts = cells.counts.view();
  std::vector<double> input(to_size(from.genes()), 0.0), total(to_size(from.genes()), 0.0);
  const double reference = double(from.reference.value(0, 0));
  for (Index i = 0; i < counts.rows; ++i) {
    const double scale = reference / std::max(1.0, counts.row_sum(i));
    for (std::size_t k = 0; k < counts.row_columns(i).size(); ++k) {
      const std::size_t g = to_size(counts.row_columns(i)[k]);
      const double x = double(counts.row_values(i)[k]);
      input[g] += std::log1p(x * scale) / double(counts.rows);
      total[g] += x;
    }
  }
  double of_all = 0, of_shared = 0;
  for (const double x : total) of_all += x;
  for (const Index g : shared) {
    of_shared += total[to_size(g)];
    input[to_size(g)] = 0;
  }
  if (of_all <= 0 || of_shared <= 0) return;
  to.reference.value(0, 0) = typename Autoencoder::Scalar(reference * of_shared / of_all);
  for (Index g = 0; g < from.genes(); ++g) {
    if (input[to_size(g)] == 0) continue;
    for (Index j = 0; j < to.first.bias.value.cols(); ++j)
      to.first.bias.value(0, j) += typename Autoencoder::Scalar(input[to_size(g)]) * from.first.weight.value(g, j);
  }
}

/// Replay cells in the shared genes, with their labels and batch covariate.
struct ReplayCells {
  generation::Composition composition;
  CellTable cells;
};

/// Generates replay cells from the reference, and adapts the narrowed encoder to its missing genes.
template <class Backbone>
ReplayCells start_replay(ModelOf<Backbone>& model, const generation::ModelOf<Backbone>& reference, Rng& rng) {
  const auto [label, batch_covariate] = reference.training_labels();
  ReplayCells out{choose_replay({label, batch_covariate}, model.options.replay, model.options.min_cells, rng), {}};
  const std::vector<int>& codes = out.composition.label;
  const LatentTable z = reference.flow.generate(
      {.cells = labelled(reference.options.label, {reference.options.levels, codes}), .steps = replay_sampler_steps},
      rng);
  const bool has_batch_covariate = !reference.options.batch_covariate_levels.empty();
  const CellTable all = generation::sample_counts(
      reference, z, rng, has_batch_covariate ? out.composition.batch_covariate : std::vector<int>{});
  if (!has_batch_covariate) out.composition.batch_covariate.assign(codes.size(), 0);
  const std::vector<Index> shared = shared_rows(reference.vae.gene_names, model.generator.vae.gene_names);
  impute_missing_genes(reference.vae, model.generator.vae, all, shared);
  out.cells = all.select_genes(shared);
  return out;
}

}  // namespace detail

/// Adapts a trained generator to query cells, so that `predict` labels them. In place of the reference's cells it uses
/// generated ones (generative replay, Shin et al., "Continual learning with deep generative replay", 2017). In each
/// round, stage "mapping_1" and so on, the query is labelled. Then the autoencoder is trained on replay and query cells
/// together, the query as a level of the batch covariate, as in scArches (Lotfollahi et al. 2022). Because the batch
/// covariate explains what differs between the data sets, the latent does not.
///
/// reference: the generator that `model` was constructed from; cells: the query
///
/// Throws std::invalid_argument for a query without cells, a reference without labels, and a model that was fitted
/// before: its encoder is adapted already.
template <class Backbone>
FitStatus fit(ModelOf<Backbone>& model, const generation::ModelOf<Backbone>& reference, const CellTable& cells,
              Stages& stages) {
  const Options& o = model.options;
  LATENTCELL_REQUIRE(cells.cells() >= 1, "mapping::fit: there are no cells");
  LATENTCELL_REQUIRE(model.replay_label.value.size() == 0,
                     "mapping::fit: the model was fitted before; construct it anew from the reference");
  auto& vae = model.generator.vae;
  const CellTable query = align_genes(cells, vae.gene_names).cells;
  stages.announce("generating replay cells");
  Rng rng(o.seed, detail::mapping_stream);
  const detail::ReplayCells replay = detail::start_replay(model, reference, rng);
  Counts both = replay.cells.counts;
  for (Index i = 0; i < query.cells(); ++i) both.push_row(query.counts.view(), i);
  const auto pca = kernel::LogPca::fit(both.view(), o.components, rng);
  const Index n = replay.cells.cells();
  model.resize(n, pca.components());
  for (Index i = 0; i < n; ++i) model.replay_label.value(i, 0) = float(replay.composition.label[to_size(i)]);
  model.component_mean.value.row(0) = pca.pca.mean;
  model.component_axes.value = pca.pca.components;
  model.replay_components.value = pca.project(replay.cells.counts.view());

  const int new_level = int(model.generator.options.batch_covariate_levels.size()) - 1;
  CellCovariates covariates{.batch_covariate = replay.composition.batch_covariate, .label = replay.composition.label};
  covariates.batch_covariate.resize(to_size(both.rows()), new_level);
  covariates.label.resize(to_size(both.rows()));
  const Index per_epoch = std::max<Index>(1, both.rows() / o.batch);
  const auto label_query = [&] {
    model.replay_latent.value = encode(vae, replay.cells).mean;
    const std::vector<int> label = predict(model, query).label;
    std::copy(label.begin(), label.end(), covariates.label.begin() + n);
  };
  stages.announce("labelling");
  label_query();
  for (int round = 0; round < o.rounds; ++round) stages.plan(text("mapping_", round + 1), 1);
  for (int round = 0; round < o.rounds; ++round) {
    const FitOptions training{.epochs = int(std::max<Index>(1, (o.steps + per_epoch / 2) / per_epoch)),
                              .batch = o.batch,
                              .learning_rate = o.learning_rate,
                              .seed = o.seed + std::uint64_t(round)};
    const CellBatchesOptions source{.batch = o.batch,
                                    .batch_covariate = covariates.batch_covariate,
                                    .count_thinning = vae.options.count_thinning,
                                    .labels = covariates.label};
    const auto loss = [&](Tape<float>& tape, const CellBatch& b, const StepInfo&) {
      return std::as_const(vae).loss(tape, b, 1.0);
    };
    if (stages.run<float>(text("mapping_", round + 1), training, vae, [&](auto& state, auto&&... hooks) {
          fit_with(vae, TrainingData{CellBatches(both, source)}, loss, training, state, hooks...);
        }) == FitStatus::interrupted)
      return FitStatus::interrupted;
    label_query();
  }
  auto [label, batch_covariate] = reference.training_labels();
  if (reference.options.batch_covariate_levels.empty()) batch_covariate.assign(label.size(), 0);
  label.insert(label.end(), covariates.label.begin() + n, covariates.label.end());
  batch_covariate.insert(batch_covariate.end(), to_size(query.cells()), new_level);
  model.generator.record_composition(label, batch_covariate);
  return FitStatus::finished;
}

/// The same in memory, without checkpoints.
template <class Backbone>
FitStatus fit(ModelOf<Backbone>& model, const generation::ModelOf<Backbone>& reference, const CellTable& cells) {
  Stages stages;
  return fit(model, reference, cells, stages);
}

}  // namespace latentcell::mapping
