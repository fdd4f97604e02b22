#pragma once

#include <utility>

#include <latentcell/data/latent_table.hpp>
#include <latentcell/data/minibatch.hpp>
#include <latentcell/data/split.hpp>
#include <latentcell/train/fit.hpp>

namespace LATENTCELL_NAMESPACE {

/// A model that learns from cells: initialize_from_data(counts) takes moments, loss(tape, batch, share of the run)
/// gives a (1, 1) Var.
template <class M>
concept CellModel = requires(M model, const M same, Tape<typename M::Scalar>& tape, const CellBatch& batch,
                             const CountsView& counts) {
  model.initialize_from_data(counts);
  {same.loss(tape, batch, 0.5)};
  { same.genes() } -> std::convertible_to<Index>;
};

/// Rows for training and for validation, a random share of the cells.
struct ValidationSplit {
  std::vector<Index> train, validation;
};
inline ValidationSplit validation_split(Index cells, float share, std::uint64_t seed) {
  LATENTCELL_REQUIRE(share >= 0 && share < 1, "fit: the share kept out must lie in [0, 1), got ", share);
  std::vector<Index> order(to_size(cells));
  std::iota(order.begin(), order.end(), Index(0));
  Rng rng(seed, 3);
  shuffle(std::span<Index>(order), rng);
  const Index out = Index(double(share) * double(cells));
  ValidationSplit split{{order.begin() + out, order.end()}, {order.begin(), order.begin() + out}};
  std::sort(split.train.begin(), split.train.end());
  std::sort(split.validation.begin(), split.validation.end());
  return split;
}

/// Covariates of the cells besides their counts; empty where unknown.
struct CellCovariates {
  std::vector<int> batch_covariate = {};  ///< (N) code of each cell, -1 where unknown
  std::vector<int> label = {};            ///< (N) label of each cell, -1 where unknown
};

/// Minibatches of a table for training and validation, and the rows of each.
struct CellTrainingData {
  ValidationSplit split;
  TrainingData<CellBatches> data;
};
template <class Model>
CellTrainingData cell_training_data(const Model& model, const CellTable& cells, const CellCovariates& covariates,
                                    const FitOptions& options) {
  const ValidationSplit split = validation_split(cells.cells(), options.validation, options.seed);
  CellBatchesOptions source{.batch = options.batch,
                            .rows = split.train,
                            .batch_covariate = covariates.batch_covariate,
                            .labels = covariates.label};
  if constexpr (requires { model.options.count_thinning; }) source.count_thinning = model.options.count_thinning;
  CellTrainingData out{split, {CellBatches(cells, source)}};
  if (!split.validation.empty()) {
    source.rows = split.validation;
    source.count_thinning = 1;
    out.data.validation.emplace(cells, source);
  }
  return out;
}

/// Returns minibatches of latents for training and validation. The table must outlive them.
inline TrainingData<LatentBatches> latent_training_data(const LatentTable& latents, const FitOptions& options) {
  const ValidationSplit split = validation_split(latents.cells(), options.validation, options.seed);
  TrainingData<LatentBatches> out{LatentBatches(latents, {.batch = options.batch, .rows = split.train})};
  if (!split.validation.empty()) {
    out.validation.emplace(latents, LatentBatchesOptions{.batch = options.batch, .rows = split.validation});
  }
  return out;
}

/// Trains an autoencoder on a table's counts and returns the history.
/// fit(model, cells, [covariates,] options, [state,] hooks...): with a TrainState the run continues at its
/// position, without one it begins.
template <CellModel Model, class... StateAndHooks>
requires(StateOrHook<StateAndHooks, typename Model::Scalar, Model>&&...) History
    fit(Model& model, const CellTable& cells, const CellCovariates& covariates, const FitOptions& options,
        StateAndHooks&&... state_and_hooks) {
  using T = typename Model::Scalar;
  LATENTCELL_REQUIRE(cells.genes() == model.genes(), "fit: cells with ", cells.genes(), " genes but the model has ",
                     model.genes());
  CellTrainingData source = cell_training_data(model, cells, covariates, options);
  const auto loss = [&](Tape<T>& tape, const CellBatch& batch, const StepInfo& at) {
    return std::as_const(model).loss(tape, batch, at.share());
  };
  return with_state<T>(
      [&](TrainState<T>& state, auto&... hooks) {
        if (!state.begun()) {
          model.initialize_from_data(select_rows(cells.counts, source.split.train));
          if constexpr (requires { model.gene_names; }) model.gene_names = cells.gene_names;
        }
        fit_with(model, std::move(source.data), loss, options, state, hooks...);
      },
      state_and_hooks...);
}
template <CellModel Model, class... StateAndHooks>
requires(StateOrHook<StateAndHooks, typename Model::Scalar, Model>&&...) History
    fit(Model& model, const CellTable& cells, const FitOptions& options = {}, StateAndHooks&&... state_and_hooks) {
  return fit(model, cells, CellCovariates{}, options, state_and_hooks...);
}

}  // namespace latentcell
