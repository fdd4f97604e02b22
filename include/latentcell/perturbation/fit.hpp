#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <latentcell/generation/calibrate_dispersion.hpp>
#include <latentcell/perturbation/cross_fit_folds.hpp>
#include <latentcell/perturbation/fit_correction.hpp>
#include <latentcell/perturbation/fit_flow.hpp>
#include <latentcell/train/epochs_for_steps.hpp>
#include <latentcell/train/fit_cells.hpp>
#include <latentcell/train/stages.hpp>

namespace LATENTCELL_NAMESPACE::perturbation {

/// Settings of `fit`. The seed of `autoencoder` is `seed`, that of `flow` is `seed + 1`.
struct TrainingOptions {
  int autoencoder_epochs = 0;  ///< 0: about 1,700 steps, between 8 and 200 epochs
  int flow_epochs = 0;         ///< 0: about 3,000 steps, between 16 and 1,600 epochs
  FitOptions autoencoder{.batch = 64, .learning_rate = 1e-3f};
  FitOptions flow{.batch = 128, .learning_rate = 5e-4f, .ema = 0.999f};
  Index cross_fit = 4;  ///< further models for the response correction, each without the perturbed cells of a fold of
                        ///< the groups; 0: residuals in-sample, a fifth of the time. Larger: nearer to a new group.
  PredictOptions prediction = {};  ///< of the response correction; dose is unused
  std::uint64_t seed = 0;

  static void visit(auto& self, auto&& f) {
    f("autoencoder_epochs", self.autoencoder_epochs, at_least(0));
    f("flow_epochs", self.flow_epochs, at_least(0));
    f("autoencoder", self.autoencoder);
    f("flow", self.flow);
    f("cross_fit", self.cross_fit, at_least(0));
    f("prediction", self.prediction);
    f("seed", self.seed);
  }
};

/// Returns the settings of both stages for these cells: epochs and seeds filled in.
inline TrainingOptions training_for(const CellTable& cells, const Options& columns, TrainingOptions o = {}) {
  const Categorical condition = cells.obs(columns.condition);
  const Index perturbed = cells.cells() - condition.count(condition.code_of(columns.control));
  o.autoencoder.epochs =
      o.autoencoder_epochs > 0
          ? o.autoencoder_epochs
          : epochs_for_steps(cells.cells(), o.autoencoder.batch, {.steps = 1700, .min_epochs = 8, .max_epochs = 200});
  o.flow.epochs = o.flow_epochs > 0 ? o.flow_epochs
                                    : epochs_for_steps(perturbed, o.flow.batch,
                                                       {.steps = 3000, .min_epochs = 16, .max_epochs = 1600});
  o.autoencoder.seed = o.seed;
  o.flow.seed = o.seed + 1;
  return o;
}

namespace detail {

inline constexpr std::uint64_t calibration_stream = 11, correction_stream = 12, fold_stream = 13;

/// Trains the autoencoder, calibrates its dispersions, encodes and trains the flow. The stages' names end in `suffix`.
inline FitStatus fit_stages(Model& model, const CellTable& cells, const TrainingOptions& options,
                            const std::string& suffix, Stages& stages) {
  const TrainingOptions o = training_for(cells, model.options, options);
  model.vae.gene_names = cells.gene_names;
  if (stages.run<float>("autoencoder" + suffix, o.autoencoder, model.vae, [&](auto& state, auto&&... hooks) {
        latentcell::fit(model.vae, cells, o.autoencoder, state, hooks...);
      }) == FitStatus::interrupted)
    return FitStatus::interrupted;
  stages.announce("calibrating dispersions and encoding the cells");
  Rng rng(o.seed, calibration_stream);
  generation::calibrate_dispersion(model.vae, cells, {}, rng);
  const LatentTable latents = encode(model.vae, cells);
  return stages.run<float>("flow" + suffix, o.flow, model.flow,
                           [&](auto& state, auto&&... hooks) { fit_flow(state, model, latents, o.flow, hooks...); });
}

/// What each cross-fit model is trained without; the models are still to be filled in.
inline std::vector<CrossFitModel> folds_of(const Model& model, const CellTable& cells, const TrainingOptions& o) {
  std::vector<CrossFitModel> out;
  for (const auto& groups : cross_fit_folds(cells, model.options, o.cross_fit)) out.push_back({nullptr, groups});
  if (!out.empty()) return out;
  Rng rng(o.seed, fold_stream);
  for (const auto& rows : cross_fit_cells(cells, model.options, o.cross_fit, rng))
    out.push_back({nullptr, group_labels(cells.cell_columns, model.options).levels, rows});
  return out;
}

/// Returns an untrained model with the options, the vocabulary and the given embeddings of another.
inline Model untrained_like(const Model& model, std::uint64_t seed) {
  Rng rng(seed);
  const Param<float>& embeddings = model.embeddings();
  return {model.options, model.vocabulary, embeddings.frozen ? embeddings.value : Matrix<float>(), rng};
}

}  // namespace detail

/// Trains everything: the autoencoder ("autoencoder"), its dispersions, the latents, the flow ("flow"), the same for
/// each cross-fit model ("autoencoder_cross_fit_1", ...), and the response correction from their residuals: each fold
/// leaves out groups (cross_fit_folds) or, of one group alone, cells (cross_fit_cells). Without folds the residuals are
/// the model's own. Resumes and checkpoints by stage as `stages` says. Returns
/// FitStatus::interrupted where a signal or a hook stopped a stage; the model is then not usable.
///
/// cells (N, G): control and perturbed cells, with the model's columns
inline FitStatus fit(Model& model, const CellTable& cells, const TrainingOptions& options, Stages& stages) {
  constexpr std::uint64_t seeds_per_fold = 100;
  check_options("perturbation::fit", options);
  std::vector<CrossFitModel> models = detail::folds_of(model, cells, options);
  const TrainingOptions planned = training_for(cells, model.options, options);
  for (std::size_t k = 0; k <= models.size(); ++k) {
    const std::string suffix = k == 0 ? "" : text("_cross_fit_", k);
    stages.plan("autoencoder" + suffix, planned.autoencoder, cells.cells(), model.vae);
    stages.plan("flow" + suffix, planned.flow, cells.cells(), model.flow);
  }
  if (detail::fit_stages(model, cells, options, "", stages) == FitStatus::interrupted) return FitStatus::interrupted;
  std::vector<Model> trained;
  trained.reserve(models.size());  // CrossFitModel holds addresses
  for (CrossFitModel& fold : models) {
    TrainingOptions of_fold = options;
    of_fold.seed = options.seed + seeds_per_fold * (trained.size() + 1);
    trained.push_back(detail::untrained_like(model, of_fold.seed));
    fold.model = &trained.back();
    if (detail::fit_stages(
            trained.back(),
            fold.cells.empty() ? without_treated(cells, model.options, fold.groups) : without_cells(cells, fold.cells),
            of_fold, text("_cross_fit_", trained.size()), stages) == FitStatus::interrupted)
      return FitStatus::interrupted;
  }
  stages.announce("correcting the response of the genes");
  if (models.empty()) models = in_sample(model, cells);
  Rng rng(options.seed, detail::correction_stream);
  fit_response_correction(model, models, cells, options.prediction, rng);
  return FitStatus::finished;
}

/// The same in memory, without checkpoints.
inline FitStatus fit(Model& model, const CellTable& cells, const TrainingOptions& options = {}) {
  Stages stages;
  return fit(model, cells, options, stages);
}

}  // namespace latentcell::perturbation
