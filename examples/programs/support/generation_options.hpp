#pragma once

#include <string>
#include <vector>

#include <latentcell/evaluate/sampled.hpp>

#include "generator.hpp"

// The options of generate_cells.

namespace program {

struct GenerationSettings : Common, GeneratorSettings, StreamSettings {
  std::string test_data, from, gene_sets, to_batch, corrected;
  std::vector<std::string> types, interpolate;
  Index genes = 0, count = 0, steps = 25, shards = 0, sampled_above = 50000;
  double holdout = 0, guidance = 1.1;
  lc::evaluate::SampledOptions sampled;
};

inline GenerationSettings parse_generation(int argc, char** argv) {
  const About about{
      "generate_cells",
      "Trains a latent flow on single-cell counts and generates cells.\nWithout --data it runs on simulated cells.",
      {"generate_cells --data pbmc.h5ad --label cell_type --holdout 0.5 --checkpoint model --report report.json",
       "generate_cells --from model --types naive,memory --count 500 --out more.h5ad"},
      per_stage({{"--between", "use --interpolate"}})};
  GenerationSettings s;
  s.out = "generated.h5ad";
  CLI::App app;
  auto* data = add_streamed_input(app, s, s);
  app.add_option("--label", s.label, "obs column that generation is conditioned on");
  app.add_option("--batch", s.batch_covariate, "obs column of the batch covariate of the decoder");
  app.add_option("--genes", s.genes, "keep the most variable genes; 0: all")->check(whole_number());
  add_generator(app, s);
  begin_group(app, group::prediction);
  auto* from = app.add_option(
      "--from", s.from, "generate from a saved model (a file, or a --checkpoint folder), without data or training");
  app.add_option("--types", s.types, "generate only these labels, a comma between");
  app.add_option("--count", s.count, "cells to generate, of --interpolate paths; 0: as many as trained on, 100 paths")
      ->check(whole_number());
  app.add_option("--interpolate", s.interpolate,
                 "two labels, a comma between: generate paths of cells from the one to the other instead")
      ->expected(1, 2)
      ->excludes("--types");
  app.add_option("--steps", s.steps, "steps of the sampler")->check(CLI::Range(1, 10000));
  app.add_option("--guidance", s.guidance, "classifier-free guidance; 1: none, above: more typical, less varied");
  auto* corrected = app.add_option("--corrected", s.corrected,
                                   "h5ad file for the cells of --data as of one level of the batch covariate");
  app.add_option("--to-batch", s.to_batch, "that level; the largest where not given")->needs(corrected);
  auto* shards = app.add_option("--shards", s.shards,
                                "write --out as a folder of files of so many cells, in the memory of one; 0: one file")
                     ->check(whole_number());
  begin_group(app, group::evaluation);
  auto* hold = app.add_option("--holdout", s.holdout, "share of the cells to hold out of training, to evaluate with")
                   ->type_name("SHARE")
                   ->check(CLI::Range(0.0, 0.9));
  app.add_option("--test-data", s.test_data, "other real cells to evaluate with")->excludes(hold);
  app.add_option("--gene-sets", s.gene_sets,
                 "GMT file of gene sets whose scores are compared; the labels' markers where not given");
  app.add_option("--sampled-above", s.sampled_above, "more generated cells are evaluated by draws of 5,000")
      ->check(whole_number());
  add_member(app, "--sampled-draws", s.sampled, s.sampled.draws, "that they are evaluated by; larger: smaller errors");
  add_output_and_run(app, s);
  app.get_option("--interpolate")->excludes("--plots")->excludes(shards);
  app.get_option("--stream")->excludes(corrected);
  from->excludes(data)->excludes(hold)->excludes(corrected);
  parse(app, s, about, argc, argv);
  check_streamed_input(about, s, s);
  if (s.data.empty() && s.from.empty() && s.test_data.empty() && s.holdout == 0)
    set_for_simulated(s, "holdout", s.holdout, 0.5);
  s.out_is_folder = s.shards > 0;
  if (s.out_is_folder && app.get_option("--out")->count() == 0) s.settings["out"] = s.out = "generated";
  if (s.out_is_folder && s.out.ends_with(".h5ad"))
    refuse(about, "--out: with --shards it is a folder, not an h5ad file");
  if (!s.corrected.empty() && s.batch_covariate.empty()) refuse(about, "--corrected needs --batch, an obs column");
  return s;
}

/// Takes --types and --interpolate apart; returns the codes of the former.
inline std::vector<int> codes_of_types(GenerationSettings& s, const lc::generation::Options& o) {
  if (!s.interpolate.empty()) {
    (void)level_codes(s, "--interpolate", s.interpolate, o);
    if (s.interpolate.size() != 2)
      lc::throw_runtime("--interpolate: needs two labels, a comma between, got ", s.interpolate.size());
  }
  return level_codes(s, "--types", s.types, o);
}

}  // namespace program
