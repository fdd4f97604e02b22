#pragma once

#include <algorithm>
#include <cmath>
#include <map>
#include <string>
#include <unordered_set>
#include <utility>
#include <vector>

#include <latentcell/data/align_genes.hpp>
#include <latentcell/kernel/log_normalize.hpp>
#include <latentcell/kernel/pca.hpp>
#include <latentcell/metric/neighbor_votes.hpp>
#include <latentcell/generation/predict.hpp>
#include <latentcell/latent/encode.hpp>
#include <latentcell/train/fit_cells.hpp>

namespace latentcell::mapping {

struct TransferOptions {
  Index replay = 2000;          ///< cells the model is asked to remember; more hold it closer to what it knew
  Index min_cells = 30;         ///< of them at least so many of each label
  int rounds = 3;               ///< of training and labelling anew
  Index steps = 400;            ///< training steps in a round; more follow the new cells further
  Index batch = 64;             ///< cells in a minibatch
  float learning_rate = 3e-4f;  ///< peak of each round
  float dropout = 0.3f;         ///< of that training, as kl_weight and count_thinning: what VaeOptions says of them
  float kl_weight = 0.5f;
  float count_thinning = 0.7f;
  Index neighbors = 15;   ///< remembered cells that vote on a label, in the latent and in components each
  Index components = 30;  ///< principal components of remembered and new cells together, the second vote's
  std::uint64_t seed = 0;
};

/// New cells on a trained model.
template <class Backbone>
struct MappedCells {
  generation::ModelOf<Backbone> model;  ///< in the shared genes, with the new cells as one batch more
  LatentTable cells = {};               ///< the new cells' latents
  LatentTable remembered = {};          ///< latents of the cells the model remembered, with their labels
  std::vector<int> label = {};          ///< (N) of the model's levels
  std::vector<double> confidence = {};  ///< (N) share of the votes for it
  std::vector<double> distance = {};    ///< (N) to the nearest remembered cells, 1 as they lie among each other; well
                                        ///< above 1: the model knows no such cells
  Index missing = 0;                    ///< genes of the model that the new cells do not have
  Index extra = 0;                      ///< genes of the new cells that the model does not know
};

namespace detail {

/// Copies what one model has learned into another of the same parts with fewer genes and one more batch: of a shorter
/// dimension the entries named by `kept`, of a longer one all, and behind them the mean of the last `batches`, which
/// are the batches' own.
template <class Model>
void copy_shared_parameters(const Model& from, Model& to, const std::vector<Index>& kept, Index batches) {
  std::vector<const Matrix<float>*> source;
  visit_state(from, [&](std::string_view, const auto& p) { source.push_back(&p.value); });
  std::size_t at = 0;
  visit_state(to, [&](std::string_view, auto& p) {
    const Matrix<float>& old = *source[at++];
    const bool fewer_rows = p.value.rows() < old.rows(), fewer_cols = p.value.cols() < old.cols();
    for (Index i = 0; i < p.value.rows(); ++i) {
      const Index row = fewer_rows ? kept[to_size(i)] : i;
      double of_batches = 0;
      for (Index j = old.cols() - batches; j < old.cols() && p.value.cols() > old.cols(); ++j)
        of_batches += double(old(row, j)) / double(batches);
      for (Index j = 0; j < p.value.cols(); ++j) {
        const Index col = fewer_cols ? kept[to_size(j)] : j;
        p.value(i, j) = col < old.cols() ? old(row, col) : float(of_batches);
      }
    }
  });
}

/// The model for some of its genes and one batch more, named `batch`.
template <class Backbone>
generation::ModelOf<Backbone> with_new_batch(const generation::ModelOf<Backbone>& model, const std::vector<Index>& kept,
                                             const std::string& batch, const TransferOptions& how) {
  generation::OptionsOf<Backbone> o = model.options;
  o.vae.dropout = how.dropout;
  o.vae.kl_weight = how.kl_weight;
  o.vae.count_thinning = how.count_thinning;
  LATENTCELL_REQUIRE(o.likelihood.dispersion != Dispersion::gene_batch,
                     "transfer: a model with dispersions per gene and batch knows none for a new batch; train with "
                     "Dispersion::gene_cell or Dispersion::gene");
  if (o.batch_levels.empty()) {
    o.batch = "data_set";
    o.batch_levels = {"trained on"};
  }
  LATENTCELL_REQUIRE(std::find(o.batch_levels.begin(), o.batch_levels.end(), batch) == o.batch_levels.end(),
                     "transfer: the model has a batch '", batch, "' already; name the new cells otherwise");
  o.batch_levels.push_back(batch);
  o.vae.genes = Index(kept.size());
  o.vae.batches = Index(o.batch_levels.size());
  Rng rng(0);
  generation::ModelOf<Backbone> out(o, rng);
  copy_shared_parameters(model.vae, out.vae, kept, model.options.vae.batches);
  copy_shared_parameters(model.flow, out.flow, kept, 0);
  for (std::size_t k = 0; k < kept.size(); ++k)
    out.gene_scale.value.col(Index(k)) = model.gene_scale.value.col(kept[k]);
  for (const Index g : kept) out.vae.gene_names.push_back(model.vae.gene_names[to_size(g)]);
  return out;
}

/// Labels and batches of cells to remember.
struct ReplayCells {
  std::vector<int> label, batch;
};

/// `count` cells in the training cells' mix, and at least `least` of each label that was trained on.
inline ReplayCells choose_replay(const std::vector<int>& label, const std::vector<int>& batch, Index count, Index least,
                                 Rng& rng) {
  std::map<int, std::vector<int>> batches;  // of the training cells of each label
  double labelled = 0;
  for (std::size_t i = 0; i < label.size(); ++i) {
    if (label[i] < 0) continue;
    batches[label[i]].push_back(batch[i]);
    labelled += 1;
  }
  LATENTCELL_REQUIRE(labelled > 0, "transfer: the model has no labels");
  ReplayCells out;
  for (const auto& [code, of_cells] : batches) {
    const Index n = std::max(least, Index(std::lround(double(of_cells.size()) / labelled * double(count))));
    for (Index i = 0; i < n; ++i) {
      out.label.push_back(code);
      out.batch.push_back(of_cells[std::size_t(rng.below(of_cells.size()))]);
    }
  }
  return out;
}

/// ReplayCells and new cells in principal components of log1p(CP10K) of both together.
struct BothInComponents {
  Matrix<float> remembered, fresh;  // (R, K), (N, K)

  BothInComponents(const Counts& old_counts, const Counts& new_counts, Index components, Rng& rng) {
    const Counts known = kernel::log_normalize(old_counts.view()), asked = kernel::log_normalize(new_counts.view());
    Counts all = known;
    for (Index i = 0; i < asked.rows(); ++i) all.push_row(asked.view(), i);
    const Index k = std::min({components, all.rows() - 1, all.cols()});
    const kernel::Pca<float> pca = kernel::fit_pca(all.view(), {.components = k}, rng);
    remembered = kernel::project(pca, known.view());
    fresh = kernel::project(pca, asked.view());
  }
};

/// Lets an encoder that is shown some of the genes only take the others for what they usually are: their mean input
/// goes to the first layer's bias, and cells are scaled to the counts that the shared genes usually have.
/// whole: cells in all genes that `from` knows
template <class Autoencoder>
void impute_missing_genes(const Autoencoder& from, Autoencoder& to, const CellTable& whole,
                          const std::vector<Index>& kept) {
  const CountsView counts = whole.counts.view();
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
  double all = 0, shared = 0;
  for (const double x : total) all += x;
  for (const Index g : kept) {
    shared += total[to_size(g)];
    input[to_size(g)] = 0;
  }
  if (all <= 0 || shared <= 0) return;
  to.reference.value(0, 0) = typename Autoencoder::Scalar(reference * shared / all);
  for (Index g = 0; g < from.genes(); ++g) {
    if (input[to_size(g)] == 0) continue;
    for (Index j = 0; j < to.first.bias.value.cols(); ++j)
      to.first.bias.value(0, j) += typename Autoencoder::Scalar(input[to_size(g)]) * from.first.weight.value(g, j);
  }
}

}  // namespace detail

/// Brings new cells, of other genes and another batch, onto a trained model and labels them. Nothing but the model is
/// needed: it remembers its training cells by generating some (generative replay, Shin et al., "Continual learning with
/// deep generative replay", 2017). The autoencoder is trained a little further on remembered and new cells together,
/// the new ones as a batch of their own, so that what differs between the data sets goes to the batch and not to the
/// latent (as scArches, Lotfollahi et al. 2022, without the old cells); the new cells' labels for its prior are those
/// found so far. Labels are the vote of the nearest remembered cells in the latent and of those in principal components
/// of both: the first err where the latent has not brought the data sets together, the second where they differ most.
/// Genes that are not shared are left out of the result. Throws std::invalid_argument where none is.
template <class Backbone>
MappedCells<Backbone> transfer(const generation::ModelOf<Backbone>& model, const CellTable& cells,
                               const std::string& batch, const TransferOptions& options = {}) {
  const auto& o = options;
  LATENTCELL_REQUIRE(
      o.replay >= 1 && o.min_cells >= 1 && o.rounds >= 0 && o.steps >= 1 && o.neighbors >= 1 && o.components >= 1,
      "transfer: replay ", o.replay, ", min_cells ", o.min_cells, ", steps ", o.steps, ", neighbors ", o.neighbors,
      " and components ", o.components, " must be at least 1, rounds ", o.rounds, " at least 0");
  LATENTCELL_REQUIRE(cells.cells() >= 1, "transfer: there are no cells");
  const AlignedGenes aligned = align_genes(cells, model.vae.gene_names);
  const std::unordered_set<std::string_view> have(cells.gene_names.begin(), cells.gene_names.end());
  std::vector<Index> kept;
  for (Index g = 0; g < model.vae.genes(); ++g) {
    if (have.count(model.vae.gene_names[to_size(g)]) > 0) kept.push_back(g);
  }
  Rng rng(o.seed, 21);
  MappedCells<Backbone> out{
      .model = detail::with_new_batch(model, kept, batch, o), .missing = aligned.missing, .extra = aligned.extra};
  auto& vae = out.model.vae;
  const CellTable target = aligned.cells.select_genes(kept);

  const auto [trained, trained_batch] = model.training_labels();
  const bool batched = !model.options.batch_levels.empty();
  const detail::ReplayCells recalled = detail::choose_replay(trained, trained_batch, o.replay, o.min_cells, rng);
  const std::vector<int>& codes = recalled.label;
  const LatentTable latents =
      model.flow.generate({.cells = labelled(model.options.label, {model.options.levels, codes}), .steps = 25}, rng);
  const CellTable whole = generation::sample_counts(model, latents, rng, batched ? recalled.batch : std::vector<int>{});
  detail::impute_missing_genes(model.vae, vae, whole, kept);
  const CellTable remembered = whole.select_genes(kept);

  // Of each new cell and label, the share of the nearest remembered cells that have it.
  const Index levels = Index(model.options.levels.size());
  const auto shares = [&](const kernel::Neighbors& near) { return metric::neighbor_shares(near, codes, levels); };
  const Index k = std::min(o.neighbors, remembered.cells() - 1);
  const detail::BothInComponents both_in(remembered.counts, target.counts, o.components, rng);
  const Matrix<double> by_components =
      shares(kernel::nearest_neighbors(view(both_in.fresh), view(both_in.remembered), k));

  // The new cells' votes, with the latent as it is now.
  const auto label_cells = [&] {
    out.remembered = encode(vae, remembered);
    out.cells = encode(vae, target);
    const ConstView<float> among(out.remembered.mean.data(), out.remembered.cells(), vae.latent());
    const kernel::Neighbors own = kernel::nearest_neighbors(among, k);
    std::vector<double> usual;
    for (Index i = 0; i < own.distance.rows(); ++i) usual.push_back(own.distance.row(i).mean());
    std::nth_element(usual.begin(), usual.begin() + Index(usual.size()) / 2, usual.end());
    const double unit = std::max(1e-12, usual[usual.size() / 2]);
    const kernel::Neighbors near =
        kernel::nearest_neighbors(ConstView<float>(out.cells.mean.data(), out.cells.cells(), vae.latent()), among, k);
    metric::NeighborVotes votes = metric::most_votes(0.5 * (shares(near) + by_components));
    out.label = std::move(votes.label);
    out.confidence = std::move(votes.agreement);
    out.distance.clear();
    for (Index i = 0; i < target.cells(); ++i) out.distance.push_back(near.distance.row(i).mean() / unit);
  };
  label_cells();

  Counts both = remembered.counts;
  for (Index i = 0; i < target.cells(); ++i) both.push_row(target.counts.view(), i);
  const int new_batch = int(out.model.options.batch_levels.size()) - 1;
  CellCovariates known{.batch = batched ? recalled.batch : std::vector<int>(codes.size(), 0), .label = codes};
  known.batch.resize(to_size(both.rows()), new_batch);
  known.label.resize(to_size(both.rows()));
  const Index per_epoch = std::max<Index>(1, both.rows() / o.batch);
  for (int round = 0; round < o.rounds; ++round) {
    std::copy(out.label.begin(), out.label.end(), known.label.begin() + Index(codes.size()));
    CellBatches train(
        both,
        {.batch = o.batch, .codes = known.batch, .count_thinning = vae.options.count_thinning, .labels = known.label});
    TrainState<float> state;
    fit_with(
        vae, TrainingData{std::move(train)},
        [&](Tape<float>& tape, const CellBatch& b, const StepInfo&) { return std::as_const(vae).loss(tape, b, 1.0); },
        {.epochs = int(std::max<Index>(1, (o.steps + per_epoch / 2) / per_epoch)),
         .batch = o.batch,
         .learning_rate = o.learning_rate,
         .seed = o.seed + std::uint64_t(round)},
        state);
    label_cells();
  }
  out.remembered.cell_columns = labelled(model.options.label, {model.options.levels, codes});
  std::vector<int> label = trained, of_batch = batched ? trained_batch : std::vector<int>(trained.size(), 0);
  label.insert(label.end(), out.label.begin(), out.label.end());
  of_batch.insert(of_batch.end(), out.label.size(), new_batch);
  out.model.record_composition(label, of_batch);
  return out;
}

}  // namespace latentcell::mapping
