#pragma once

#include <latentcell/latent/latent_flow.hpp>
#include <latentcell/train/fit_cells.hpp>

namespace latentcell {

/// Trains a latent flow on encoded cells. Goes on after the epochs that `state` has seen.
template <class Backbone, class Condition, class PathType, class... Hooks>
void fit_from(TrainState<float>& state, LatentFlow<Backbone, Condition, PathType>& flow, const LatentTable& latents,
              const FitOptions& options, Hooks&&... hooks) {
  ValidationSplit split = validation_split(latents.cells(), options.validation, options.seed);
  LatentBatches train(latents, {.batch = options.batch, .rows = split.train});
  const Matrix<float> known = read_conditions(flow.condition, latents.cell_columns);
  Matrix<float> here;
  const auto loss = [&](Tape<float>& tape, const LatentBatch& batch, const StepInfo&) {
    here.resize(batch.size(), known.cols());
    for (Index b = 0; b < batch.size(); ++b) here.row(b) = known.row(batch.cell[to_size(b)]);
    return std::as_const(flow).loss(tape, batch.z, ConstView<float>(here.data(), here.rows(), here.cols()));
  };
  if (state.history.epochs.empty()) flow.start(latents);
  if (split.watch.empty()) {
    fit_with(flow, train, static_cast<LatentBatches*>(nullptr), loss, options, state, hooks...);
  } else {
    LatentBatches watch(latents, {.batch = options.batch, .rows = split.watch});
    fit_with(flow, train, &watch, loss, options, state, hooks...);
  }
}

/// The same from the start, giving the history.
template <class Backbone, class Condition, class PathType, class... Hooks>
History fit(LatentFlow<Backbone, Condition, PathType>& flow, const LatentTable& latents, const FitOptions& options = {},
            Hooks&&... hooks) {
  TrainState<float> state;
  fit_from(state, flow, latents, options, hooks...);
  return state.history;
}

}  // namespace latentcell
