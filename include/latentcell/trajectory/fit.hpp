#pragma once

#include <utility>
#include <vector>

#include <latentcell/train/epochs_for_steps.hpp>
#include <latentcell/train/fit_cells.hpp>
#include <latentcell/train/stages.hpp>
#include <latentcell/trajectory/encode.hpp>
#include <latentcell/trajectory/fit_mixture.hpp>
#include <latentcell/trajectory/fit_velocity.hpp>

namespace LATENTCELL_NAMESPACE::trajectory {

struct TrainingOptions {
  FitOptions autoencoder = {.epochs = 0, .batch = 64, .learning_rate = 1e-3f};  ///< epochs: 0 chooses by the cells
  /// Epochs: 0 chooses by the dimensions. Paths are not split, so validation and patience are refused.
  FitOptions velocity = {.epochs = 0, .batch = 256, .learning_rate = 1e-3f, .ema = 0.999f};
  MixtureOptions mixture = {};  ///< choice of what predicts the cells between snapshots

  static void visit(auto& self, auto&& f) {
    f("autoencoder", self.autoencoder);
    f("velocity", self.velocity);
    f("mixture", self.mixture);
  }
};

/// Returns the settings of the velocity: epochs filled in.
inline FitOptions velocity_options(const Model& model, const TrainingOptions& options) {
  FitOptions out = options.velocity;
  if (out.epochs == 0) out.epochs = model.latent() > Options::many_dimensions ? 30 : 20;
  return out;
}

/// Tells `stages` of the stages "velocity" and those of fit_mixture.   time: of the training cells
inline void plan_velocity(const Model& model, const std::vector<double>& time, const TrainingOptions& options,
                          Stages& stages) {
  const FitOptions velocity = velocity_options(model, options);
  stages.plan("velocity", velocity, model.options.paths.pairs, model.velocity);
  plan_mixture(model, time, velocity, options.mixture, stages);
}

/// Trains a model on points of an embedding or other latents: a stage "velocity", then those of fit_mixture.
/// latents (N, D) with the obs column of times
inline FitStatus fit(Model& model, const LatentTable& latents, const TrainingOptions& options, Stages& stages) {
  const FitOptions velocity = velocity_options(model, check_options("trajectory::fit", options));
  plan_velocity(model, read_times(latents.cell_columns, model.options.time), options, stages);
  const FitStatus status = stages.run<float>(
      "velocity", velocity, model.velocity,
      [&](TrainState<float>& state, auto&&... hooks) { fit_velocity(model, latents, velocity, state, hooks...); });
  if (status == FitStatus::interrupted) return status;
  return fit_mixture(model, latents, velocity, options.mixture, stages);
}

/// Trains a model on snapshots: with counts a stage "decoder" first, from the principal components back to counts.
inline FitStatus fit(Model& model, const Snapshots& cells, const TrainingOptions& options, Stages& stages) {
  check_options("trajectory::fit", options);
  check_velocity_options(options.velocity);  // before the decoder is trained
  if (model.autoencoder && cells.counts) {
    FitOptions decoder = options.autoencoder;
    if (decoder.epochs == 0) decoder.epochs = epochs_for_steps(cells.cells(), decoder.batch, {.steps = 1500});
    model.autoencoder->gene_names = cells.counts->gene_names;  // a resumed stage that is finished restores none
    stages.plan("decoder", decoder, cells.cells(), *model.autoencoder);
    plan_velocity(model, cells.times(model.options.time), options, stages);
    const auto train = [&](TrainState<float>& state, auto&&... hooks) {
      latentcell::fit(*model.autoencoder, *cells.counts, CellCovariates{}, decoder, state, hooks...);
    };
    if (stages.run<float>("decoder", decoder, *model.autoencoder, train) == FitStatus::interrupted)
      return FitStatus::interrupted;
  }
  stages.announce("encoding the cells");
  return fit(model, encode(model, cells), options, stages);
}

/// The same in memory.
template <class Cells>
void fit(Model& model, const Cells& cells, const TrainingOptions& options = {}) {
  Stages stages;
  (void)fit(model, cells, options, stages);
}

}  // namespace latentcell::trajectory
