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

/// Cells that label the query's in components.
struct LabelledTable {
  CellTable cells;  ///< in the model's genes
  std::vector<int> codes, batch_covariate;
  bool are_replay = false;
};

/// The reference's own cells that have a label, or the replay cells where there are none to be had.
template <class Backbone>
LabelledTable labelled_cells(const ModelOf<Backbone>& model, const ReplayCells& replay, const CellTable* own) {
  const auto& o = model.generator.options;
  if (own == nullptr) return {replay.cells, replay.composition.label, replay.composition.batch_covariate, true};
  const std::vector<int> codes = own->cell_columns.codes(o.label, o.levels),
                         levels = own->cell_columns.codes(o.batch_covariate, o.batch_covariate_levels);
  LabelledTable out;
  std::vector<Index> rows;
  for (std::size_t i = 0; i < codes.size(); ++i) {
    if (codes[i] < 0) continue;
    rows.push_back(Index(i));
    out.codes.push_back(codes[i]);
    out.batch_covariate.push_back(levels[i]);
  }
  LATENTCELL_REQUIRE(rows.size() > 1, "mapping::fit: ", rows.size(), " of the reference's own cells have a label in '",
                     o.label, "'; needs 2");
  if (*std::min_element(out.batch_covariate.begin(), out.batch_covariate.end()) < 0) out.batch_covariate.clear();
  out.cells = align_genes(own->select_cells(rows), model.generator.vae.gene_names).cells;
  return out;
}

/// Sizes the model, fits the components to labelled and query cells together, and what labels by them.
template <class Backbone>
void fit_components(ModelOf<Backbone>& model, const ReplayCells& replay, const LabelledTable& labelled,
                    const CellTable& query, Rng& rng) {
  Counts both = labelled.cells.counts;
  for (Index i = 0; i < query.cells(); ++i) both.push_row(query.counts.view(), i);
  const auto pca = kernel::LogPca::fit(both.view(), model.options.components, rng);
  model.resize(replay.cells.cells(), labelled.cells.cells(), pca.components());
  for (std::size_t i = 0; i < replay.composition.label.size(); ++i)
    model.replay_label.value(Index(i), 0) = float(replay.composition.label[i]);
  for (std::size_t i = 0; i < labelled.codes.size(); ++i)
    model.labelled_label.value(Index(i), 0) = float(labelled.codes[i]);
  model.component_mean.value.row(0) = pca.pca.mean;
  model.component_axes.value = pca.pca.components;
  model.labelled_components.value = pca.project(labelled.cells.counts.view());
  model.logistic.value = fit_logistic_labels(
      {model.labelled_components.value, labelled.codes, Index(model.generator.options.levels.size())});
}

/// Weighs the parts by what they say of held-out labelled cells, moved to where the query lies.
template <class Backbone>
void fit_part_weights(ModelOf<Backbone>& model, const ReplayCells& replay, const LabelledTable& labelled,
                      const CellTable& query) {
  const CellsInSpaces cells{encode(model.generator.vae, labelled.cells).mean, model.labelled_components.value},
      asked{encode(model.generator.vae, query).mean, components_of(model, query.counts.view())};
  const LabelHoldouts holdouts = hold_out_labels(labelled.codes, labelled.batch_covariate, model.options.seed);
  std::vector<Index> of_replay(replay.composition.label.size(), -1);
  for (std::size_t i = 0; i < of_replay.size(); ++i) {
    if (!holdouts.of_level.empty()) {
      const std::size_t level = std::size_t(replay.composition.batch_covariate[i]);
      if (level < holdouts.of_level.size()) of_replay[i] = holdouts.of_level[level];
    } else if (labelled.are_replay) {
      of_replay[i] = holdouts.of_cell[i];
    }
  }
  const Matrix<double> pooled = pooled_of(model, probabilities_of_parts(model, asked));
  const RowVector<double> share = pooled.colwise().mean();
  const LabelledPoints voters{model.replay_latent.value, replay.composition.label, share.size()};
  const HeldOutLabels found =
      held_out_labels({cells, labelled.codes, asked, pooled, voters, of_replay}, holdouts, model.options.neighbors);
  // The encoder was trained, and replay cells were generated, with labels of the cells held out here.
  const std::vector<char> optimistic = {1, 0, 0};
  const std::vector<double> weight = fit_pool_weights(
      {found.parts, found.codes, optimistic, {share.data(), share.data() + share.size()}}, model.options.pool);
  for (std::size_t p = 0; p < weight.size(); ++p) model.part_weight.value(0, Index(p)) = float(weight[p]);
}

/// Records the composition of the reference and, as its last level, of the query with the labels found.
template <class Backbone>
void record_query(ModelOf<Backbone>& model, const generation::ModelOf<Backbone>& reference,
                  const std::vector<int>& found) {
  auto [label, batch_covariate] = reference.training_labels();
  if (reference.options.batch_covariate_levels.empty()) batch_covariate.assign(label.size(), 0);
  label.insert(label.end(), found.begin(), found.end());
  const int new_level = int(model.generator.options.batch_covariate_levels.size()) - 1;
  batch_covariate.insert(batch_covariate.end(), found.size(), new_level);
  model.generator.record_composition(label, batch_covariate);
}

/// The training of round `round`, in `per_epoch` minibatches each epoch.
inline FitOptions round_training(const Options& o, int round, Index per_epoch) {
  return {.epochs = int(std::max<Index>(1, (o.steps + per_epoch / 2) / per_epoch)),
          .batch = o.batch,
          .learning_rate = o.learning_rate,
          .seed = o.seed + std::uint64_t(round)};
}

}  // namespace detail

/// Adapts a trained generator to query cells, so that `predict` labels them. In place of the reference's cells it uses
/// generated ones (generative replay, Shin et al., "Continual learning with deep generative replay", 2017). In each
/// round, stage "mapping_1" and so on, the query is labelled. Then the autoencoder is trained on replay and query cells
/// together, the query as a level of the batch covariate, as in scArches (Lotfollahi et al. 2022). Because the batch
/// covariate explains what differs between the data sets, the latent does not. At last the parts that a label is pooled
/// from are weighed on held-out labelled cells.
///
/// reference: the generator that `model` was constructed from; cells: the query; own: the reference's cells with their
/// labels in obs, which label by their components in place of replay cells; null where there are none
///
/// Throws std::invalid_argument for a query without cells, a reference without labels, and a model that was fitted
/// before: its encoder is adapted already.
template <class Backbone>
FitStatus fit(ModelOf<Backbone>& model, const generation::ModelOf<Backbone>& reference, const CellTable& cells,
              Stages& stages, const CellTable* own = nullptr) {
  const Options& o = model.options;
  LATENTCELL_REQUIRE(cells.cells() >= 1, "mapping::fit: there are no cells");
  LATENTCELL_REQUIRE(model.replay_label.value.size() == 0,
                     "mapping::fit: the model was fitted before; construct it anew from the reference");
  auto& vae = model.generator.vae;
  const CellTable query = align_genes(cells, vae.gene_names).cells;
  stages.announce("generating replay cells");
  Rng rng(o.seed, detail::mapping_stream);
  const detail::ReplayCells replay = detail::start_replay(model, reference, rng);
  const detail::LabelledTable labelled = detail::labelled_cells(model, replay, own);
  detail::fit_components(model, replay, labelled, query, rng);
  Counts both = replay.cells.counts;
  for (Index i = 0; i < query.cells(); ++i) both.push_row(query.counts.view(), i);
  const Index n = replay.cells.cells();
  const int new_level = int(model.generator.options.batch_covariate_levels.size()) - 1;
  CellCovariates covariates{.batch_covariate = replay.composition.batch_covariate, .label = replay.composition.label};
  covariates.batch_covariate.resize(to_size(both.rows()), new_level);
  covariates.label.resize(to_size(both.rows()));
  const auto label_query = [&] {
    model.replay_latent.value = encode(vae, replay.cells).mean;
    const std::vector<int> label = predict(model, query).label;
    std::copy(label.begin(), label.end(), covariates.label.begin() + n);
  };
  stages.announce("labelling");
  label_query();
  for (int round = 0; round < o.rounds; ++round) stages.plan(text("mapping_", round + 1), 1);
  for (int round = 0; round < o.rounds; ++round) {
    const FitOptions training = detail::round_training(o, round, std::max<Index>(1, both.rows() / o.batch));
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
  detail::fit_part_weights(model, replay, labelled, query);
  label_query();
  detail::record_query(model, reference, {covariates.label.begin() + n, covariates.label.end()});
  return FitStatus::finished;
}

/// The same in memory, without checkpoints.
template <class Backbone>
FitStatus fit(ModelOf<Backbone>& model, const generation::ModelOf<Backbone>& reference, const CellTable& cells,
              const CellTable* own = nullptr) {
  Stages stages;
  return fit(model, reference, cells, stages, own);
}

}  // namespace latentcell::mapping
