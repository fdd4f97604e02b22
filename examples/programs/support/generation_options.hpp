#pragma once

#include <string>
#include <vector>

#include "generator.hpp"

// The options of generate_cells.

namespace program {

struct GenerationSettings : Common, GeneratorSettings {
  std::string test_data, from, gene_sets, to_batch, corrected;
  std::vector<std::string> types, interpolate;
  Index genes = 0, count = 0, steps = 25;
  double holdout = 0, guidance = 1.1;
};

inline Json to_json(const GenerationSettings& s) {
  return {{"data", s.data.empty() ? "simulated" : s.data},
          {"layer", s.layer},
          {"generator", to_json(static_cast<const GeneratorSettings&>(s))},
          {"genes", s.genes},
          {"count", s.count},
          {"types", s.types},
          {"interpolate", s.interpolate},
          {"gene_sets", s.gene_sets},
          {"to_batch", s.to_batch},
          {"holdout", s.holdout},
          {"test_data", s.test_data},
          {"steps", s.steps},
          {"guidance", s.guidance},
          {"seed", s.seed},
          {"threads", lc::threads()},
          {"from", s.from}};
}

inline GenerationSettings parse_generation(int argc, char** argv) {
  GenerationSettings s;
  s.out = "generated.h5ad";
  CLI::App app(
      "Trains a latent flow on single-cell counts and generates cells.\nWithout --data it runs on simulated cells.");
  auto* data = add_common(app, s);
  app.add_option("--label", s.label, "obs column that generation is conditioned on")->capture_default_str();
  app.add_option("--batch", s.batch_covariate, "obs column of the batch covariate of the decoder");
  app.add_option("--genes", s.genes, "keep the most variable genes; 0 keeps all")->check(whole_number());
  app.add_option("--types", s.types, "generate only these labels, a comma between");
  app.add_option("--count", s.count, "cells to generate, of --interpolate paths; 0: as many as trained on, 100 paths")
      ->check(whole_number());
  app.add_option("--interpolate", s.interpolate,
                 "two labels, a comma between: generate paths of cells from the one to the other instead")
      ->expected(1, 2)
      ->excludes("--types")
      ->excludes("--plots");
  auto* hold = app.add_option("--holdout", s.holdout, "share of the cells to hold out of training, to evaluate with")
                   ->check(CLI::Range(0.0, 0.9));
  app.add_option("--test-data", s.test_data, "other real cells to evaluate with")->excludes(hold);
  add_generator(app, s);
  app.add_option("--steps", s.steps, "steps of the sampler")->capture_default_str()->check(CLI::Range(1, 10000));
  app.add_option("--guidance", s.guidance, "classifier-free guidance; 1 is none, above: more typical, less varied")
      ->capture_default_str();
  app.add_option(
      "--gene-sets", s.gene_sets,
      "GMT file of gene sets whose scores are compared with real cells'; the labels' markers where not given");
  auto* corrected = app.add_option("--corrected", s.corrected,
                                   "h5ad file for the cells of --data as of one level of the batch covariate");
  app.add_option("--to-batch", s.to_batch, "that level; the largest where not given")->needs(corrected);
  app.add_option("--from", s.from,
                 "generate from a saved model (a file, or a --checkpoint folder), without data or training")
      ->excludes(data)
      ->excludes(hold)
      ->excludes(corrected);
  parse(app, argc, argv);
  if (!s.corrected.empty() && s.batch_covariate.empty()) refuse(app, "--corrected needs --batch, an obs column");
  return s;
}

}  // namespace program
