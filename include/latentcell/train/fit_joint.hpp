#pragma once

#include <utility>
#include <vector>

#include <latentcell/autoencoder/joint_vae.hpp>
#include <latentcell/train/fit_cells.hpp>

namespace latentcell {

/// Trains a joint autoencoder on all cells that have any of its modalities. Goes on after the epochs that `state` has
/// seen.     cells: one modality for each part of the model, of the same cells
template <class T, class... Hooks>
void fit_from(TrainState<T>& state, JointVae<T>& model, const std::vector<Modality>& cells, const FitOptions& options,
              Hooks&&... hooks) {
  LATENTCELL_REQUIRE(cells.size() == model.parts.size(), "fit: ", cells.size(), " modalities but the model has ",
                     model.parts.size());
  const auto seen = [&](const std::vector<Index>& rows) {
    std::vector<Index> out;
    for (const Index i : rows) {
      bool any = false;
      for (const Modality& m : cells) any = any || m.measured[to_size(i)] != 0;
      if (any) out.push_back(i);
    }
    return out;
  };
  const WatchSplit split = watch_split(cells.front().cells(), options.validation, options.seed);
  JointBatchesOptions source{.batch = options.batch, .rows = seen(split.train)};
  LATENTCELL_REQUIRE(!source.rows.empty(), "fit: no cell has any of the modalities");
  for (const JointPartOptions& part : model.options.parts) source.input_share.push_back(part.input_share);
  JointBatches train(cells, source);
  if (state.history.epochs.empty()) {
    std::vector<Modality> these;
    for (const Modality& m : cells) these.push_back(select_cells(m, source.rows));
    model.start(these);
  }
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
template <class T, class... Hooks>
History fit(JointVae<T>& model, const std::vector<Modality>& cells, const FitOptions& options = {}, Hooks&&... hooks) {
  TrainState<T> state;
  fit_from(state, model, cells, options, hooks...);
  return state.history;
}

}  // namespace latentcell
