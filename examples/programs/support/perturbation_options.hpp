#pragma once

#include <cmath>
#include <string>

#include <latentcell/data/simulate.hpp>
#include <latentcell/io/read_gene_embeddings.hpp>
#include <latentcell/perturbation/dataset.hpp>
#include <latentcell/perturbation/fit.hpp>

#include "generator.hpp"

// Command-line options of predict_perturbation.

namespace program {

struct PerturbationSettings : Common {
  lc::perturbation::DatasetOptions dataset;
  lc::perturbation::TrainingOptions training;
  std::string embeddings, from, gene_sets, tables;
  double at_dose = std::nan("");
  lc::Index generate = 0;
};

/// Adds what a saved model has fixed; returned, so that --from can exclude it.
inline std::vector<CLI::Option*> add_training(CLI::App& app, PerturbationSettings& s) {
  begin_group(app, group::training);
  lc::perturbation::Options& m = s.dataset.model;
  lc::perturbation::TrainingOptions& t = s.training;
  return {
      app.add_option("--genes", s.dataset.genes, "most variable genes to keep; 0: all in 10 cells or more")
          ->check(whole_number()),
      app.add_option("--gene-embeddings", s.embeddings,
                     "table with a row per gene, name and numbers, for untrained --perturbation"),
      add_member(app, "--cross-fit", t, t.cross_fit,
                 "further models, each without the perturbed cells of a fold of the groups, that measure the error for "
                 "new groups; 0: none, a fifth of the time"),
      add_member(app, "--autoencoder-epochs", t, t.autoencoder_epochs, "0: by the number of cells"),
      add_member(app, "--flow-epochs", t, t.flow_epochs, "0: by the number of cells"),
      add_member(app, "--latent", m.vae, m.vae.latent, "dimensions of the latent"),
      add_member(app, "--hidden", m.vae, m.vae.hidden, "widths of the encoder, a comma between")->delimiter(','),
      add_member(app, "--dropout", m.vae, m.vae.dropout, "of the autoencoder; larger: stronger regularisation"),
      add_member(app, "--kl-weight", m.vae, m.vae.kl_weight, "of the KL term; smaller: sharper cells"),
      add_member(app, "--count-thinning", m.vae, m.vae.count_thinning, "share of the counts that the encoder is given"),
      add_member(app, "--autoencoder-learning-rate", t.autoencoder, t.autoencoder.learning_rate,
                 "a third where the loss jumps or is nan"),
      add_member(app, "--flow-learning-rate", t.flow, t.flow.learning_rate, "likewise"),
      add_member(app, "--autoencoder-batch-size", t.autoencoder, t.autoencoder.batch, "cells in a minibatch"),
      add_member(app, "--flow-batch-size", t.flow, t.flow.batch, "cells in a minibatch")};
}

inline PerturbationSettings parse_perturbation(int argc, char** argv) {
  const About about{"predict_perturbation",
                    "Predicts cells after a perturbation from control cells of groups that were never perturbed.\n"
                    "Without --data it runs on simulated cells.",
                    {"predict_perturbation --data pbmc.h5ad --condition condition --control CTRL --holdout \"CD14 "
                     "Mono\" --tables out",
                     "predict_perturbation --from model --data controls.h5ad --perturbation IFNB --gene-sets "
                     "hallmark.gmt --tables out"},
                    per_stage({{"--group", "use --label, the obs column of cell types or other groups"}})};
  PerturbationSettings s;
  s.out = "predicted.h5ad";
  lc::perturbation::Options& m = s.dataset.model;
  m.group = "cell_type";
  CLI::App app;
  auto* data = add_input(app, s);
  std::vector<CLI::Option*> trained = {
      app.add_option("--condition", m.condition, "obs column of the perturbation"),
      app.add_option("--control", m.control, "its level of unperturbed cells"),
      app.add_option("--label", m.group, "obs column of cell types or other groups"),
      app.add_option("--dose", m.dose, "obs column of doses"),
      app.add_option("--perturbation-genes", s.dataset.perturbation_genes,
                     "obs column of the perturbed genes, joined by '+'; else the condition's own name"),
      app.add_option("--joint", s.dataset.joint,
                     "character between the names of a combination in the data, as in A+B")};
  const auto training = add_training(app, s);
  begin_group(app, group::prediction);
  auto* from = app.add_option("--from", s.from, "saved model (a file, or a --checkpoint folder): predict only");
  app.add_option("--target", s.dataset.targets, "groups to predict; else those never perturbed");
  app.add_option("--perturbation", s.dataset.conditions, "to predict, also combinations A+B; else all trained ones");
  app.add_option("--at-dose", s.at_dose, "dose to predict; else the largest of the training cells");
  app.add_option("--generate", s.generate, "new control cells per group to predict from; 0: the measured ones")
      ->check(whole_number());
  app.add_option("--steps", s.training.prediction.steps, "steps of the sampler")->check(CLI::Range(1, 10000));
  begin_group(app, group::evaluation);
  trained.push_back(app.add_option("--holdout", s.dataset.holdout,
                                   "levels of --label whose perturbed cells are held out and evaluate the prediction")
                        ->type_name("LEVELS"));
  begin_group(app, group::output);
  auto* tables = app.add_option("--tables", s.tables, "folder for CSV tables of genes and gene sets by their change");
  app.add_option("--gene-sets", s.gene_sets, "GMT file of gene sets, such as pathways, for --tables")->needs(tables);
  add_output_and_run(app, s);
  for (const auto& options : {trained, training}) {
    for (CLI::Option* option : options) from->excludes(option);
  }
  parse(app, s, about, argc, argv);
  if (!s.from.empty() && data->empty() == (s.generate == 0))
    refuse(about, data->empty() ? "--from needs --data, the control cells, or --generate"
                                : "--from takes control cells from --data or --generate, not both");
  if (s.data.empty() && s.from.empty() && s.dataset.holdout.empty())
    set_for_simulated(s, "holdout", s.dataset.holdout, {"type_2"});
  m.backbone.latent = m.vae.latent;
  s.training.seed = s.seed;
  return s;
}

/// Reads the data, or simulates them, and prepares them; takes lists of levels apart; prints what is left out.
inline lc::perturbation::Dataset load_dataset(PerturbationSettings& s) {
  const lc::perturbation::Options& m = s.dataset.model;
  if (!std::isnan(s.at_dose) && m.dose.empty()) lc::throw_runtime("--at-dose needs the column of doses (--dose)");
  lc::Rng rng(s.seed);
  const lc::SimulateOptions simulated{.cells = 3000, .types = 6, .type_skew = 0.3, .perturbations = 1};
  lc::CellTable cells = s.data.empty() ? lc::simulate(simulated, rng) : read_cells(s, s.data);
  const auto split = [&](const char* option, std::vector<std::string>& list, const std::string& column) {
    if (!column.empty()) split_levels(s, option, list, labels_of(cells, column, "--label or --condition").levels);
  };
  split("--target", s.dataset.targets, m.group);
  split("--holdout", s.dataset.holdout, m.group);
  split("--perturbation", s.dataset.conditions, m.condition);
  lc::perturbation::DatasetOptions options = s.dataset;
  if (!s.embeddings.empty()) {
    lc::io::GeneEmbeddings given = lc::io::read_gene_embeddings(s.embeddings);
    options.embeddings = {std::move(given.genes), std::move(given.values)};
  }
  lc::perturbation::Dataset out = lc::perturbation::make_dataset(std::move(cells), options);
  for (const std::string& note : out.notes) print_line("note: " + note);
  return out;
}

/// What a saved model is to predict: what --perturbation names, else all that it was trained on.
inline std::vector<std::string> conditions_of(PerturbationSettings& s, const lc::perturbation::Model& model) {
  const std::vector<std::string>& trained = model.vocabulary.trained_conditions;
  split_levels(s, "--perturbation", s.dataset.conditions, trained);
  const std::vector<std::string> named =
      lc::perturbation::canonical_conditions(s.dataset.conditions, model.options.control);
  for (const std::string& condition : named) model.vocabulary.require(condition);
  if (!std::isnan(s.at_dose) && model.options.dose.empty()) lc::throw_runtime("--at-dose: the model has no dose");
  return named.empty() ? trained : named;
}

/// The groups that each model of cross-fitting leaves out; says where there are too few.
inline std::vector<std::vector<std::string>> cross_fit_folds(const PerturbationSettings& s,
                                                             const lc::perturbation::Dataset& data) {
  auto folds = lc::perturbation::cross_fit_folds(data.train, data.options, s.training.cross_fit);
  if (folds.empty() && s.training.cross_fit > 0)
    print_line(
        "note: fewer than two groups have 20 control and 20 perturbed cells: errors are measured in left-out cells, "
        "which says nothing of how groups differ");
  return folds;
}

/// Ends the run now where its stages are of other data or settings.
inline void check_resumable(const PerturbationSettings& s) {
  check_resumable(s, {{"data", files_of({s.data})}, {"gene_embeddings_file", files_of({s.embeddings})}},
                  {"condition", "control", "label", "holdout", "perturbation_genes", "joint", "dose"});
}

}  // namespace program
