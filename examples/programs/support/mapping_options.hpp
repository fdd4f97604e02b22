#pragma once

#include <string>

#include <latentcell/mapping/evaluate.hpp>

#include "generator.hpp"

// The options of transfer_labels, and its report.

namespace program {

struct MappingSettings : Common, GeneratorSettings {
  std::string from, reference, truth, name, holdout;
  lc::mapping::Options mapping;
};

inline MappingSettings parse_mapping(int argc, char** argv) {
  const About about{
      "transfer_labels",
      "Labels the cells of --data by a generator trained on other cells: a saved one (--from), or one trained on\n"
      "--reference. Without any of these it runs on simulated cells.",
      {"transfer_labels --from model --data new.h5ad --out labelled.h5ad",
       "transfer_labels --reference atlas.h5ad --label cell_type --batch donor --holdout donor_3 --report report.json"},
      per_stage({{"--steps", "use --training-steps; elsewhere --steps is of a sampler"}})};
  MappingSettings s;
  s.out = "labelled.h5ad";
  lc::mapping::Options& m = s.mapping;
  CLI::App app;
  auto* data = add_input(app, s);
  auto* reference = app.add_option("--reference", s.reference,
                                   "labelled cells: to train on without --from, and for the baselines with --truth");
  app.add_option("--label", s.label, "obs column of the reference's labels");
  app.add_option("--batch", s.batch_covariate, "obs column of the reference's batch covariate");
  app.add_option("--name", s.name, "the new level of the batch covariate; the file's name where not given");
  const auto training = add_generator(app, s);
  add_member(app, "--rounds", m, m.rounds, "of training further and labelling anew; 0: the model as it is");
  add_member(app, "--training-steps", m, m.steps, "training steps in a round");
  begin_group(app, group::prediction);
  auto* from = app.add_option(
      "--from", s.from, "saved model (a file, or a --checkpoint folder of generate_cells): no other cells needed");
  add_member(app, "--neighbors", m, m.neighbors,
             "cells that vote on a label, in the latent and in principal components each");
  begin_group(app, group::evaluation);
  auto* truth = app.add_option(
      "--truth", s.truth, "obs column of --data with labels of the same names: to evaluate with, never learned from");
  auto* hold = app.add_option("--holdout", s.holdout,
                              "a level of --batch of the --reference: its cells are held out, labelled in place of "
                              "--data, and the labels evaluated")
                   ->type_name("LEVELS");
  add_output_and_run(app, s);
  for (CLI::Option* option : training) from->excludes(option);
  from->needs(data);
  hold->needs(reference)->needs("--batch")->excludes(data)->excludes(from)->excludes(truth);
  parse(app, s, about, argc, argv);
  if (!s.reference.empty() && s.data.empty() && s.holdout.empty())
    refuse(about, "--reference requires --data, the cells to label, or --holdout");
  m.seed = s.seed;
  s.obs_of = s.reference;
  return s;
}

/// Prints and reports what labels are pooled from.
inline void add_parts(Report& report, const std::vector<double>& shares) {
  std::string words;
  for (std::size_t p = 0; p < shares.size(); ++p) {
    const std::string name(lc::mapping::label_parts[p]);
    report["parts"].push_back({{"name", name}, {"share", shares[p]}});
    if (shares[p] > 0) words += lc::text(words.empty() ? "" : ", ", std::lround(100 * shares[p]), " % ", name);
  }
  print_line("labels are pooled from " + words + " (weights by held-out labelled cells)");
}

/// Prints and reports the evaluation of labels.
inline void add_evaluation(Report& report, const lc::mapping::Evaluation& e) {
  report["scores"] = report.scored(e.scores);
  report["label_f1"] = to_json(e.label_f1);
  report["evaluated_cells"] = e.cells;
  if (e.unknown_cells == 0) return;
  print_line(lc::text(e.unknown_cells,
                      " cells have labels that the reference does not have: not evaluated; the AUC of their distance "
                      "against the others' is ",
                      e.unknown_auc));
  report["unknown_labels"] = {{"cells", e.unknown_cells}, {"auc_of_distance", number(e.unknown_auc)}};
}

}  // namespace program
