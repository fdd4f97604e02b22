#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include <latentcell/generation/calibrate_gene_means.hpp>
#include <latentcell/generation/options_for.hpp>
#include <latentcell/generation/predict.hpp>
#include <latentcell/latent/encode.hpp>
#include <latentcell/latent/fit_flow.hpp>
#include <latentcell/perturbation/model.hpp>
#include <latentcell/train/epochs_for_steps.hpp>
#include <latentcell/train/stages.hpp>

// New control cells of a group, as input of predict: together they are cells of a group and a condition that were never
// measured together.

namespace LATENTCELL_NAMESPACE::perturbation {

/// Returns an untrained generator of control cells by group that shares the model's autoencoder; see
/// fit_control_generator.
///
/// controls: cells under the model's control, with its group column
inline generation::Model control_generator(const Model& model, const CellTable& controls, Rng& rng) {
  const Options& p = model.options;
  LATENTCELL_REQUIRE(!p.group.empty(), "control_generator: the model has no group column to generate by");
  generation::Options o;
  o.label = p.group;
  o = generation::options_for(controls, std::move(o));
  o.vae = p.vae;
  o.likelihood = p.likelihood;
  o.backbone.latent = p.vae.latent;
  generation::Model generator(o, rng);
  generator.vae = model.vae;
  generator.record_composition(controls.cell_columns.codes(o.label, o.levels));
  return generator;
}

/// Settings of `fit_control_generator`. The seed of `flow` is `seed + 2`.
struct ControlTrainingOptions {
  int epochs = 0;  ///< 0: about 3,200 steps, between 16 and 800 epochs
  FitOptions flow{.batch = 128, .learning_rate = 5e-4f, .ema = 0.999f};
  std::uint64_t seed = 0;

  static void visit(auto& self, auto&& f) {
    f("epochs", self.epochs, at_least(0));
    f("flow", self.flow);
    f("seed", self.seed);
  }
};

/// Trains the flow of a control_generator (stage "controls") and calibrates its gene means. Returns
/// FitStatus::interrupted where a signal or a hook stopped the stage; the generator is then not usable.
///
/// controls (N, G): those of control_generator
inline FitStatus fit_control_generator(generation::Model& generator, const CellTable& controls,
                                       const ControlTrainingOptions& options, Rng& rng, Stages& stages) {
  check_options("fit_control_generator", options);
  FitOptions o = options.flow;
  o.epochs = options.epochs > 0
                 ? options.epochs
                 : epochs_for_steps(controls.cells(), o.batch, {.steps = 3200, .min_epochs = 16, .max_epochs = 800});
  o.seed = options.seed + 2;
  stages.announce("encoding the control cells");
  const LatentTable latents = encode(generator.vae, controls);
  if (stages.run<float>("controls", o, generator.flow, [&](auto& state, auto&&... hooks) {
        latentcell::fit(generator.flow, latents, o, state, hooks...);
      }) == FitStatus::interrupted)
    return FitStatus::interrupted;
  stages.announce("calibrating gene means");
  generation::calibrate_gene_means(generator, controls, rng);
  return FitStatus::finished;
}

/// Samples new control cells, `count` per group.
///
/// groups: levels of the generator's label -> counts (groups * count, G), with group, condition and control_cell in obs
inline CellTable generate_controls(const generation::Model& generator, const Options& o,
                                   const std::vector<std::string>& groups, Index count, Rng& rng,
                                   const SampleOptions& sampling = {.steps = 25, .guidance = 1.1f}) {
  LATENTCELL_REQUIRE(count >= 1, "generate_controls: count must be at least 1, got ", count);
  const Categorical levels{generator.options.levels, {}};
  std::vector<int> codes;
  for (const std::string& group : groups) codes.insert(codes.end(), to_size(count), levels.code_of(group));
  SampleOptions query = sampling;
  query.cells = labelled(generator.options.label, {generator.options.levels, codes});
  CellTable out = sample_counts(generator, generator.flow.generate(query, rng), rng);
  out.cell_columns.set(o.condition, Categorical{{o.control}, std::vector<int>(codes.size(), 0)});
  out.cell_columns.set("control_cell", out.cell_names);
  return out;
}

}  // namespace latentcell::perturbation
