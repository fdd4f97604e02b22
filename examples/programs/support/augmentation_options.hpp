#pragma once

#include <string>

#include "generator.hpp"

// The options of augment_cells.

namespace program {

struct AugmentationSettings : Common, GeneratorSettings {
  std::string from, method = "auto";
  Index min_cells = 0, steps = 25;
  double holdout = -1, guidance = 1.1, pseudo_count = 2;
};

inline AugmentationSettings parse_augmentation(int argc, char** argv) {
  AugmentationSettings s;
  s.out = "augmented.h5ad";
  CLI::App app(
      "Adds generated cells to the rare labels of single-cell counts.\nWithout --data it runs on simulated cells.");
  add_common(app, s);
  app.add_option("--label", s.label, "obs column whose rare labels get cells")->capture_default_str();
  app.add_option("--batch", s.batch_covariate, "obs column of the batch covariate of the decoder");
  app.add_option("--min-cells", s.min_cells,
                 "real and generated cells that every label shall have; 0: as many as the median label")
      ->check(whole_number());
  app.add_option("--method", s.method,
                 "where cells come from: generated, mixed (of two real cells), copies, none; auto: what helps "
                 "classifiers most in left-out training cells, three more trainings; generated where --from is given")
      ->capture_default_str()
      ->check(CLI::IsMember({"auto", "generated", "mixed", "copies", "none"}));
  auto* hold = app.add_option("--holdout", s.holdout,
                              "share of the cells to hold out, to evaluate with; 0: none; a half of simulated cells, "
                              "else none, where not given")
                   ->check(CLI::Range(0.0, 0.9));
  app.add_option("--steps", s.steps, "steps of the sampler")->capture_default_str()->check(CLI::Range(1, 10000));
  app.add_option("--guidance", s.guidance, "classifier-free guidance; 1 is none")->capture_default_str();
  app.add_option("--pseudo-count", s.pseudo_count,
                 "counts of a gene in a label at which real cells and model weigh the same; larger: the model is "
                 "corrected less")
      ->capture_default_str()
      ->check(CLI::PositiveNumber);
  const auto training = add_generator(app, s);
  auto* from = app.add_option("--from", s.from,
                              "augment with a saved model (a file, or a --checkpoint folder of this program or of "
                              "generate_cells), without training")
                   ->excludes(hold);
  for (CLI::Option* option : training) from->excludes(option);
  parse(app, argc, argv);
  return s;
}

inline Json to_json(const AugmentationSettings& s) {
  return {{"data", s.data.empty() ? "simulated" : s.data},
          {"layer", s.layer},
          {"generator", to_json(static_cast<const GeneratorSettings&>(s))},
          {"min_cells", s.min_cells},
          {"method", s.method},
          {"holdout", s.holdout},
          {"steps", s.steps},
          {"guidance", s.guidance},
          {"pseudo_count", s.pseudo_count},
          {"seed", s.seed},
          {"threads", lc::threads()},
          {"from", s.from}};
}

}  // namespace program
