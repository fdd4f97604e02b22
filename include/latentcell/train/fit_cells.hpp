#pragma once

#include <utility>

#include <latentcell/data/latent_table.hpp>
#include <latentcell/data/minibatch.hpp>
#include <latentcell/data/split.hpp>
#include <latentcell/data/streamed_table.hpp>
#include <latentcell/train/fit.hpp>

namespace LATENTCELL_NAMESPACE {

/// A model that learns from cells: initialize_from_data takes moments, of CountRows, which may be read in passes, or of
/// CountsView, which are all in memory; loss(tape, batch, share of the run) gives a (1, 1) Var.
template <class M>
concept CellModel = requires(M model, const M same, Tape<typename M::Scalar>& tape, const CellBatch& batch,
                             const CountsView& counts) {
  model.initialize_from_data(counts);
  {same.loss(tape, batch, 0.5)};
  { same.genes() } -> std::convertible_to<Index>;
};

/// A model that learns from cells that need not be in memory.
template <class M>
concept StreamableCellModel = CellModel<M> && requires(M model, const CountRows& counts) {
  model.initialize_from_data(counts);
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

/// Lanes of a streamed epoch of so many cells: one for each minibatch of a step, where the memory does not hold all
/// cells but a block for each lane; so ranks, which share the minibatches, read only the windows of their own.
inline Index streamed_lanes(const StreamedTable& cells, Index rows, int accumulate, const StreamOptions& stream) {
  const double nonzeros = cells.counts.nonzeros_per_row();
  const double fit = 0.9 * double(stream.memory) / bytes_per_cell(nonzeros);
  if (double(rows) <= fit) return stream.lanes;
  for (Index lanes = accumulate; lanes > stream.lanes; --lanes) {
    const bool holds_blocks = fit / 2 / double(lanes) >= double(stream.block) && lanes * stream.block <= rows;
    if (accumulate % lanes == 0 && holds_blocks) return lanes;
  }
  return stream.lanes;
}

/// Minibatches of a table for training and validation, and the rows of each.
template <CellSource Source = CellBatches>
struct CellTrainingData {
  ValidationSplit split;
  TrainingData<Source> data;
};
/// cells: must outlive the minibatches. Of a streamed table both share its memory.
template <class Model, TableOfCells Cells>
auto cell_training_data(const Model& model, const Cells& cells, const CellCovariates& covariates,
                        const FitOptions& options) {
  const ValidationSplit split = validation_split(cells.cells(), options.validation, options.seed);
  CellBatchesOptions source{.batch = options.batch,
                            .rows = split.train,
                            .batch_covariate = covariates.batch_covariate,
                            .labels = covariates.label};
  if constexpr (requires { model.options.count_thinning; }) source.count_thinning = model.options.count_thinning;
  const auto batches = [&](const std::vector<Index>& rows, [[maybe_unused]] Index lanes) {
    source.rows = rows;
    if constexpr (std::same_as<Cells, StreamedTable>) {
      StreamOptions stream = cells.stream;
      const double share = double(rows.size()) / double(cells.cells());
      stream.memory = std::max(Index(4096), Index(share * double(stream.memory)));
      stream.lanes = std::min(stream.lanes, lanes);
      if (lanes > 1) stream.lanes = streamed_lanes(cells, Index(rows.size()), options.accumulate, stream);
      return StreamedBatches(cells.counts, source, stream);
    } else {
      return batches_over(cells, source);
    }
  };
  CellTrainingData<decltype(batches(split.train, 1))> out{split, {batches(split.train, cells.cells())}};
  if (!split.validation.empty()) {
    source.count_thinning = 1;
    out.data.validation.emplace(batches(split.validation, 1));  // in order
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

namespace detail {

/// As fit of a table, in memory or streamed.
template <class Model, TableOfCells Cells, class... StateAndHooks>
History fit_table(Model& model, const Cells& cells, const CellCovariates& covariates, const FitOptions& options,
                  StateAndHooks&&... state_and_hooks) {
  using T = typename Model::Scalar;
  LATENTCELL_REQUIRE(cells.genes() == model.genes(), "fit: cells with ", cells.genes(), " genes but the model has ",
                     model.genes());
  auto source = cell_training_data(model, cells, covariates, options);
  const auto loss = [&](Tape<T>& tape, const CellBatch& batch, const StepInfo& at) {
    return std::as_const(model).loss(tape, batch, at.share());
  };
  return with_state<T>(
      [&](TrainState<T>& state, auto&... hooks) {
        if (!state.begun()) {
          const CountRows train = CountRows(cells.counts).select_rows(source.split.train);
          if constexpr (StreamableCellModel<Model>) {
            model.initialize_from_data(train);
          } else {
            Counts memory;
            model.initialize_from_data(train.gather(memory));
          }
          if constexpr (requires { model.gene_names; }) model.gene_names = header_of(cells).gene_names;
        }
        fit_with(model, std::move(source.data), loss, options, state, hooks...);
      },
      state_and_hooks...);
}

}  // namespace detail

/// Trains an autoencoder on a table's counts and returns the history.
/// fit(model, cells, [covariates,] options, [state,] hooks...): with a TrainState the run continues at its
/// position, without one it begins.
template <CellModel Model, class... StateAndHooks>
requires(StateOrHook<StateAndHooks, typename Model::Scalar, Model>&&...) History
    fit(Model& model, const CellTable& cells, const CellCovariates& covariates, const FitOptions& options,
        StateAndHooks&&... state_and_hooks) {
  return detail::fit_table(model, cells, covariates, options, state_and_hooks...);
}
template <CellModel Model, class... StateAndHooks>
requires(StateOrHook<StateAndHooks, typename Model::Scalar, Model>&&...) History
    fit(Model& model, const CellTable& cells, const FitOptions& options = {}, StateAndHooks&&... state_and_hooks) {
  return fit(model, cells, CellCovariates{}, options, state_and_hooks...);
}

/// The same of cells that are read while it trains, in the memory that `cells.stream` promises. Where that holds all
/// cells, the result is the same to the bit as in memory.
template <StreamableCellModel Model, class... StateAndHooks>
requires(StateOrHook<StateAndHooks, typename Model::Scalar, Model>&&...) History
    fit(Model& model, const StreamedTable& cells, const CellCovariates& covariates, const FitOptions& options,
        StateAndHooks&&... state_and_hooks) {
  return detail::fit_table(model, cells, covariates, options, state_and_hooks...);
}

}  // namespace latentcell
