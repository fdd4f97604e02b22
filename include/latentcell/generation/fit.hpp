#pragma once

#include <cstdint>
#include <vector>

#include <latentcell/core/options.hpp>
#include <latentcell/generation/calibrate_dispersion.hpp>
#include <latentcell/generation/calibrate_gene_means.hpp>
#include <latentcell/generation/model.hpp>
#include <latentcell/latent/encode_by_ranks.hpp>
#include <latentcell/latent/fit_flow.hpp>
#include <latentcell/train/epochs_for_steps.hpp>
#include <latentcell/train/fit_cells.hpp>
#include <latentcell/train/stages.hpp>

namespace LATENTCELL_NAMESPACE::generation {

/// Settings of `fit`. The seed of `autoencoder` is `seed`, that of `flow` is `seed + 1`.
struct TrainingOptions {
  int autoencoder_epochs = 0;  ///< 0: about 1,700 steps, between 8 and 200 epochs
  int flow_epochs = 0;         ///< 0: about 3,200 steps, between 16 and 800 epochs
  FitOptions autoencoder{.batch = 64, .learning_rate = 1e-3f};
  FitOptions flow{.batch = 128, .learning_rate = 5e-4f, .ema = 0.999f};
  CalibrateGeneMeansOptions gene_means = {};
  std::uint64_t seed = 0;

  static void visit(auto& self, auto&& f) {
    f("autoencoder_epochs", self.autoencoder_epochs, at_least(0));
    f("flow_epochs", self.flow_epochs, at_least(0));
    f("autoencoder", self.autoencoder);
    f("flow", self.flow);
    f("gene_means", self.gene_means);
    f("seed", self.seed);
  }
};

namespace detail {

inline constexpr std::uint64_t calibration_stream = 11;

}  // namespace detail

/// Returns the settings of both stages for a number of cells: epochs and seeds filled in.
inline TrainingOptions training_for(Index cells, TrainingOptions o = {}) {
  check_options("generation::fit", o);
  const auto epochs = [&](int given, Index batch, const StepTarget& target) {
    return given > 0 ? given : epochs_for_steps(cells, batch, target);
  };
  o.autoencoder.epochs =
      epochs(o.autoencoder_epochs, o.autoencoder.batch, {.steps = 1700, .min_epochs = 8, .max_epochs = 200});
  o.flow.epochs = epochs(o.flow_epochs, o.flow.batch, {.steps = 3200, .min_epochs = 16, .max_epochs = 800});
  o.autoencoder.seed = o.seed;
  o.flow.seed = o.seed + 1;
  return o;
}

/// Trains both stages and their corrections: the autoencoder ("autoencoder"), its dispersions, the latents, the flow
/// ("flow"), the composition and the gene means. Resumes and checkpoints by stage as `stages` says.
/// cells (N, G): with the model's columns of label and batch covariate; missing values are unknown. In memory or
/// streamed: the result is the same to the bit where the memory of the stream holds all cells.
/// Returns FitStatus::interrupted where a signal or a hook stopped a stage; the model is then not usable.
template <class Backbone, TableOfCells Cells>
FitStatus fit(ModelOf<Backbone>& model, const Cells& cells, const TrainingOptions& options, Stages& stages) {
  const Annotation& obs = header_of(cells).cell_columns;
  const TrainingOptions o = training_for(cells.cells(), options);
  const CellCovariates covariates{
      .batch_covariate = model.options.batch_covariate.empty()
                             ? std::vector<int>{}
                             : obs.codes(model.options.batch_covariate, model.options.batch_covariate_levels),
      .label = obs.codes(model.options.label, model.options.levels)};
  model.record_composition(covariates.label, covariates.batch_covariate);
  model.vae.gene_names = header_of(cells).gene_names;
  stages.plan("autoencoder", o.autoencoder, cells.cells(), model.vae);
  stages.plan("flow", o.flow, cells.cells(), model.flow);
  if (stages.run<float>("autoencoder", o.autoencoder, model.vae, [&](auto& state, auto&&... hooks) {
        latentcell::fit(model.vae, cells, covariates, o.autoencoder, state, hooks...);
      }) == FitStatus::interrupted)
    return FitStatus::interrupted;
  stages.announce("calibrating dispersions and encoding the cells");
  Rng rng(o.seed, detail::calibration_stream);
  calibrate_dispersion(model.vae, cells, covariates.batch_covariate, rng);
  const LatentTable latents = encode(model.vae, cells, stages.options().team);
  if (stages.run<float>("flow", o.flow, model.flow, [&](auto& state, auto&&... hooks) {
        latentcell::fit(model.flow, latents, o.flow, state, hooks...);
      }) == FitStatus::interrupted)
    return FitStatus::interrupted;
  stages.announce("calibrating gene means");
  calibrate_gene_means(model, cells, rng, o.gene_means);
  return FitStatus::finished;
}

/// The same in memory, without checkpoints.
template <class Backbone, TableOfCells Cells>
FitStatus fit(ModelOf<Backbone>& model, const Cells& cells, const TrainingOptions& options = {}) {
  Stages stages;
  return fit(model, cells, options, stages);
}

#ifdef LATENTCELL_INSTANCES
extern template FitStatus fit<ResidualMlp<float>, CellTable>(ModelOf<ResidualMlp<float>>&, const CellTable&,
                                                             const TrainingOptions&, Stages&);
#endif

}  // namespace latentcell::generation
