#pragma once

#include <latentcell/perturbation/model.hpp>
#include <latentcell/generation/predict.hpp>

// Cells of a combination that nobody measured, a group under a condition it was never seen in: new control cells of the
// group from a flow in the model's own latent, then carried along by predict() or predict_unseen().

namespace latentcell {

/// A generator of control cells by group, with the model's own autoencoder; its flow is to be trained on the latents of
/// `controls`, then calibrate_gene_means(generator, controls, rng).
/// controls: cells under the model's control, with its group column
inline generation::Model control_generator(const Perturbation& model, const CellTable& controls, Rng& rng) {
  const PerturbationOptions& p = model.options;
  LATENTCELL_REQUIRE(!p.group.empty(), "control_generator: the model has no column of groups to generate by");
  const Categorical group = controls.obs(p.group);
  generation::Options o;
  o.vae = p.vae;
  o.likelihood = p.likelihood;
  o.label = p.group;
  for (std::size_t l = 0; l < group.levels.size(); ++l) {
    if (group.count(int(l)) > 0) o.levels.push_back(group.levels[l]);
  }
  LATENTCELL_REQUIRE(!o.levels.empty(), "control_generator: no cell has a group in column '", p.group, "'");
  o.backbone.latent = p.vae.latent;
  o.backbone.width = 192;
  o.backbone.depth = 2;
  generation::Model generator(o, rng);
  generator.vae = model.vae;
  generator.record_composition(controls.cell_columns.codes(o.label, o.levels));
  return generator;
}

/// New control cells, the same number of each group.
/// groups: levels of the generator's label -> counts (groups * count, G), with group and condition in obs
inline CellTable generate_controls(const generation::Model& generator, const PerturbationOptions& o,
                                   const std::vector<std::string>& groups, Index count, Rng& rng,
                                   const SampleOptions& how = {.steps = 25, .guidance = 1.1f}) {
  LATENTCELL_REQUIRE(count >= 1, "generate_controls: count must be at least 1, got ", count);
  const Categorical levels{generator.options.levels, {}};
  std::vector<int> codes;
  for (const std::string& group : groups) codes.insert(codes.end(), to_size(count), levels.code(group));
  SampleOptions wanted = how;
  wanted.cells = labelled(generator.options.label, {generator.options.levels, codes});
  CellTable out = generation::sample_counts(generator, generator.flow.generate(wanted, rng), rng);
  out.cell_columns.set(o.condition, Categorical{{o.control}, std::vector<int>(codes.size(), 0)});
  out.cell_columns.set("control_cell", out.cell_names);
  return out;
}

}  // namespace latentcell
