#pragma once

#include <string>

#include "generator.hpp"

// The options of augment_cells.

namespace program {

struct AugmentationSettings : Common, GeneratorSettings {
  std::string from, method = "auto";
  Index min_cells = 0, steps = 25;
  double holdout = 0, guidance = 1.1, pseudo_count = 2;
};

inline AugmentationSettings parse_augmentation(int argc, char** argv) {
  const About about{
      "augment_cells",
      "Adds generated cells to the rare labels of single-cell counts.\nWithout --data it runs on simulated cells.",
      {"augment_cells --data pbmc.h5ad --label cell_type --out augmented.h5ad",
       "augment_cells --data pbmc.h5ad --label cell_type --holdout 0.5 --report report.json"},
      per_stage({{"--least", "use --min-cells"}, {"--residual", "use --pseudo-count"}})};
  AugmentationSettings s;
  s.out = "augmented.h5ad";
  CLI::App app;
  add_input(app, s);
  app.add_option("--label", s.label, "obs column whose rare labels get cells");
  app.add_option("--batch", s.batch_covariate, "obs column of the batch covariate of the decoder");
  const auto training = add_generator(app, s);
  begin_group(app, group::prediction);
  auto* from = app.add_option("--from", s.from,
                              "augment with a saved model (a file, or a --checkpoint folder of this program or of "
                              "generate_cells), without training");
  app.add_option("--min-cells", s.min_cells,
                 "real and generated cells that every label shall have; 0: as many as the median label")
      ->check(whole_number());
  app.add_option("--method", s.method,
                 "where cells come from: generated, mixed (of two real cells), copies, none; auto: what helps "
                 "classifiers most in left-out training cells, three more trainings; generated where --from is given")
      ->check(CLI::IsMember({"auto", "generated", "mixed", "copies", "none"}));
  app.add_option("--steps", s.steps, "steps of the sampler")->check(CLI::Range(1, 10000));
  app.add_option("--guidance", s.guidance, "classifier-free guidance; 1: none");
  app.add_option("--pseudo-count", s.pseudo_count,
                 "counts of a gene in a label at which real cells and model weigh the same; larger: the model is "
                 "corrected less")
      ->check(CLI::PositiveNumber);
  begin_group(app, group::evaluation);
  auto* hold = app.add_option("--holdout", s.holdout,
                              "share of the cells to hold out, to evaluate with; 0: none; a half of simulated cells, "
                              "else none, where not given")
                   ->type_name("SHARE")
                   ->check(CLI::Range(0.0, 0.9))
                   ->default_str("");
  add_output_and_run(app, s);
  from->excludes(hold);
  for (CLI::Option* option : training) from->excludes(option);
  parse(app, s, about, argc, argv);
  if (s.data.empty() && s.from.empty() && hold->empty()) set_for_simulated(s, "holdout", s.holdout, 0.5);
  return s;
}

}  // namespace program
