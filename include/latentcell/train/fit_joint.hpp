#pragma once

#include <utility>
#include <vector>

#include <latentcell/data/joint_batches.hpp>
#include <latentcell/train/fit_cells.hpp>

namespace latentcell {

/// A model that learns from cells measured in several ways, such as JointVae.
template <class M>
concept JointModel = requires(M model, const M same, Tape<typename M::Scalar>& tape, const JointBatch& batch,
                              const std::vector<Counts>& measured, const std::vector<std::string>& names) {
  model.start(measured);
  model.name_features(Index(0), names);
  {same.loss(tape, batch, 0.5)};
  { same.modalities() } -> std::convertible_to<Index>;
};

/// Trains a joint model on all cells that have any of its modalities. Goes on after the epochs that `state` has seen.
/// cells: one modality for each part of the model, of the same cells
template <JointModel Model, class... Hooks>
void fit_from(TrainState<typename Model::Scalar>& state, Model& model, const std::vector<Modality>& cells,
              const FitOptions& options, Hooks&&... hooks) {
  using T = typename Model::Scalar;
  LATENTCELL_REQUIRE(Index(cells.size()) == model.modalities(), "fit: ", cells.size(), " modalities but the model has ",
                     model.modalities());
  const auto seen = [&](const std::vector<Index>& rows) {
    std::vector<Index> out;
    for (const Index i : rows) {
      bool any = false;
      for (const Modality& m : cells) any = any || m.measured[to_size(i)] != 0;
      if (any) out.push_back(i);
    }
    return out;
  };
  const ValidationSplit split = validation_split(cells.front().cells(), options.validation, options.seed);
  JointBatchesOptions source{.batch = options.batch, .rows = seen(split.train)};
  LATENTCELL_REQUIRE(!source.rows.empty(), "fit: no cell has any of the modalities");
  for (const auto& part : model.options.parts) source.count_thinning.push_back(part.count_thinning);
  JointBatches train(cells, source);
  std::vector<Counts> measured;
  for (std::size_t m = 0; m < cells.size(); ++m) {
    model.name_features(Index(m), cells[m].features);
    std::vector<Index> rows;
    for (const Index i : source.rows) {
      if (cells[m].measured[to_size(i)]) rows.push_back(i);
    }
    if (state.history.epochs.empty()) measured.push_back(select_rows(cells[m].counts, rows));
  }
  if (state.history.epochs.empty()) model.start(measured);
  const auto loss = [&](Tape<T>& tape, const JointBatch& batch, const StepInfo& at) {
    return std::as_const(model).loss(tape, batch, at.share());
  };
  const std::vector<Index> watched = seen(split.watch);
  if (watched.empty()) {
    fit_with(model, train, static_cast<JointBatches*>(nullptr), loss, options, state, hooks...);
  } else {
    JointBatches watch(cells, {.batch = options.batch, .rows = watched});
    fit_with(model, train, &watch, loss, options, state, hooks...);
  }
}

/// The same from the start, giving the history.
template <JointModel Model, class... Hooks>
History fit(Model& model, const std::vector<Modality>& cells, const FitOptions& options = {}, Hooks&&... hooks) {
  TrainState<typename Model::Scalar> state;
  fit_from(state, model, cells, options, hooks...);
  return state.history;
}

}  // namespace latentcell
