#pragma once

#include <latentcell/latent/latent_flow.hpp>
#include <latentcell/train/fit_cells.hpp>

namespace LATENTCELL_NAMESPACE {

/// Trains a latent flow on encoded cells and returns the history.
/// fit(flow, latents, options, [state,] hooks...): with a TrainState the run continues at its position.
/// A table without annotation trains an unconditional flow, one without library sizes a flow that generates none.
template <class Backbone, class Condition, class PathType, class... StateAndHooks>
History fit(LatentFlow<Backbone, Condition, PathType>& flow, const LatentTable& latents, const FitOptions& options = {},
            StateAndHooks&&... state_and_hooks) {
  using T = typename Backbone::Scalar;
  latents.check();
  TrainingData<LatentBatches> data = latent_training_data(latents, options);
  const Matrix<float> conditions = read_conditions(flow.condition, latents.cell_columns, latents.cells());
  Matrix<float> here;
  Matrix<T> z;  // outlives the backward pass of its minibatch, as does `here`
  const auto loss = [&](Tape<T>& tape, const LatentBatch& batch, const StepInfo&) {
    here.resize(batch.size(), conditions.cols());
    for (Index b = 0; b < batch.size(); ++b) here.row(b) = conditions.row(batch.cell[to_size(b)]);
    z = batch.z.template cast<T>();
    return std::as_const(flow).loss(tape, tape.constant(ConstView<T>(z.data(), z.rows(), z.cols())),
                                    ConstView<float>(here.data(), here.rows(), here.cols()));
  };
  return with_state<T>(
      [&](TrainState<T>& state, auto&... hooks) {
        if (!state.begun()) flow.start(latents);
        fit_with(flow, std::move(data), loss, options, state, hooks...);
      },
      state_and_hooks...);
}

}  // namespace latentcell
