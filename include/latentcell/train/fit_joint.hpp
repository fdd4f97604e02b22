#pragma once

#include <utility>
#include <vector>

#include <latentcell/data/joint_batches.hpp>
#include <latentcell/train/fit_cells.hpp>

namespace LATENTCELL_NAMESPACE {

/// A model of cells with several modalities, such as JointVae.
template <class M>
concept JointModel = requires(M model, const M same, Tape<typename M::Scalar>& tape, const JointBatch& batch,
                              const std::vector<Counts>& measured, const std::vector<std::string>& names) {
  model.initialize_from_data(measured);
  model.name_features(Index(0), names);
  {same.loss(tape, batch, 0.5)};
  { same.modalities() } -> std::convertible_to<Index>;
};

/// Trains a joint model on all cells that have any of its modalities and returns the history.
/// fit(model, cells, options, [state,] hooks...): with a TrainState the run continues at its position.
/// cells: one modality for each part of the model, of the same cells
template <JointModel Model, class... StateAndHooks>
requires(StateOrHook<StateAndHooks, typename Model::Scalar, Model>&&...) History
    fit(Model& model, const std::vector<Modality>& cells, const FitOptions& options = {},
        StateAndHooks&&... state_and_hooks) {
  using T = typename Model::Scalar;
  LATENTCELL_REQUIRE(Index(cells.size()) == model.modalities(), "fit: ", cells.size(), " modalities but the model has ",
                     model.modalities());
  const auto measured_rows = [&](const std::vector<Index>& rows) {
    std::vector<Index> out;
    for (const Index i : rows) {
      bool any = false;
      for (const Modality& m : cells) any = any || m.measured[to_size(i)] != 0;
      if (any) out.push_back(i);
    }
    return out;
  };
  const ValidationSplit split = validation_split(cells.front().cells(), options.validation, options.seed);
  JointBatchesOptions source{.batch = options.batch, .rows = measured_rows(split.train)};
  LATENTCELL_REQUIRE(!source.rows.empty(), "fit: no cell has any of the modalities");
  for (const auto& part : model.options.parts) source.count_thinning.push_back(part.count_thinning);
  TrainingData<JointBatches> data{JointBatches(cells, source)};
  const std::vector<Index> validation = measured_rows(split.validation);
  if (!validation.empty()) {
    data.validation.emplace(cells, JointBatchesOptions{.batch = options.batch, .rows = validation});
  }
  const auto start = [&] {
    std::vector<Counts> measured;
    for (const Modality& m : cells) {
      std::vector<Index> rows;
      for (const Index i : source.rows) {
        if (m.measured[to_size(i)]) rows.push_back(i);
      }
      measured.push_back(select_rows(m.counts, rows));
    }
    model.initialize_from_data(measured);
  };
  const auto loss = [&](Tape<T>& tape, const JointBatch& batch, const StepInfo& at) {
    return std::as_const(model).loss(tape, batch, at.share());
  };
  for (std::size_t m = 0; m < cells.size(); ++m) model.name_features(Index(m), cells[m].features);
  return with_state<T>(
      [&](TrainState<T>& state, auto&... hooks) {
        if (!state.begun()) start();
        fit_with(model, std::move(data), loss, options, state, hooks...);
      },
      state_and_hooks...);
}

}  // namespace latentcell
