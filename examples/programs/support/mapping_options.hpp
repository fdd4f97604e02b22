#pragma once

#include <string>

#include <latentcell/mapping/evaluate.hpp>

#include "generator.hpp"

// The options of transfer_labels, and its report.

namespace program {

struct MappingSettings : Common, GeneratorSettings {
  std::string from, reference, truth, name;
  lc::mapping::Options mapping;
};

inline Json to_json(const MappingSettings& s) {
  return {{"data", s.data.empty() ? "simulated" : s.data},
          {"layer", s.layer},
          {"from", s.from},
          {"reference", s.reference},
          {"truth", s.truth},
          {"generator", to_json(static_cast<const GeneratorSettings&>(s))},
          {"rounds", s.mapping.rounds},
          {"steps", s.mapping.steps},
          {"neighbors", s.mapping.neighbors},
          {"seed", s.seed},
          {"threads", lc::threads()}};
}

inline MappingSettings parse_mapping(int argc, char** argv) {
  MappingSettings s;
  s.out = "labelled.h5ad";
  CLI::App app(
      "Labels the cells of --data by a generator trained on other cells: a saved one (--from), or one trained on\n"
      "--reference. Without any of these it runs on simulated cells.");
  auto* data = add_common(app, s);
  auto* from = app.add_option(
      "--from", s.from, "saved model (a file, or a --checkpoint folder of generate_cells): no other cells needed");
  auto* reference = app.add_option("--reference", s.reference,
                                   "labelled cells: to train on without --from, and for the baselines with --truth");
  app.add_option("--label", s.label, "obs column of the reference's labels")->capture_default_str();
  app.add_option("--batch", s.batch_covariate, "obs column of the reference's batch covariate");
  app.add_option("--truth", s.truth,
                 "obs column of --data with labels of the same names: to evaluate with, never learned from");
  app.add_option("--name", s.name, "the new level of the batch covariate; the file's name where not given");
  app.add_option("--rounds", s.mapping.rounds, "of training further and labelling anew; 0: the model as it is")
      ->capture_default_str()
      ->check(CLI::Range(0, 100));
  app.add_option("--steps", s.mapping.steps, "training steps in a round")
      ->capture_default_str()
      ->check(CLI::Range(1, 1000000));
  app.add_option("--neighbors", s.mapping.neighbors,
                 "replay cells that vote on a label, in the latent and in principal components each")
      ->capture_default_str()
      ->check(CLI::Range(1, 1000));
  for (CLI::Option* option : add_generator(app, s)) from->excludes(option);
  from->needs(data);
  reference->needs(data);
  parse(app, argc, argv);
  s.mapping.seed = s.seed;
  s.obs_of = s.reference;
  return s;
}

/// Prints and reports the evaluation of labels.
inline void add_evaluation(Json& report, const lc::mapping::Evaluation& e) {
  add_scores(report, "scores", e.scores);
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
