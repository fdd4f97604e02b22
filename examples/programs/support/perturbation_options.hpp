#pragma once

#include <cmath>
#include <string>

#include <latentcell/data/simulate.hpp>
#include <latentcell/io/read_gene_embeddings.hpp>
#include <latentcell/perturbation/dataset.hpp>
#include <latentcell/perturbation/fit.hpp>

#include "options.hpp"
#include "read.hpp"
#include "report.hpp"

// Command-line options of predict_perturbation.

namespace program {

struct PerturbationSettings : Common {
  lc::perturbation::DatasetOptions dataset;
  lc::perturbation::TrainingOptions training;
  std::string embeddings, from;
  double at_dose = std::nan("");
  lc::Index latent = 20, generate = 0;
};

inline PerturbationSettings parse_perturbation(int argc, char** argv) {
  PerturbationSettings s;
  s.out = "predicted.h5ad";
  lc::perturbation::Options& m = s.dataset.model;
  m.group = "cell_type";
  CLI::App app(
      "Predicts cells after a perturbation from control cells of groups that were never perturbed.\n"
      "Without --data it runs on simulated cells.");
  auto* data = add_common(app, s);
  auto* from = app.add_option("--from", s.from, "saved model (a file, or a --checkpoint folder): predict only");
  const auto trained = [&](const char* name, auto& value, const char* help) {  // fixed by a saved model
    return app.add_option(name, value, help)->excludes(from)->capture_default_str();
  };
  trained("--condition", m.condition, "obs column of the perturbation");
  trained("--control", m.control, "its level of unperturbed cells");
  trained("--group", m.group, "obs column of cell types or other groups");
  trained("--holdout", s.dataset.holdout, "groups whose perturbed cells are held out and evaluate the prediction");
  trained("--dose", m.dose, "obs column of doses");
  trained("--genes", s.dataset.genes, "most variable genes to keep; 0: all in 10 cells or more")->check(whole_number());
  trained("--gene-embeddings", s.embeddings,
          "table with a row per gene, name and numbers, for untrained --perturbation");
  trained("--cross-fit", s.training.cross_fit,
          "further models, each without the perturbed cells of a fold of the "
          "groups, that measure the error for new groups; 0: none, a fifth of the time")
      ->check(CLI::Range(0, 100));
  app.add_option("--target", s.dataset.targets, "groups to predict; else those never perturbed");
  app.add_option("--perturbation", s.dataset.conditions, "to predict, also combinations A+B; else all trained ones");
  trained("--joint", s.dataset.joint, "character between the names of a combination in the data, as in A+B");
  app.add_option("--perturbation-genes", s.dataset.perturbation_genes,
                 "obs column of the perturbed genes, joined by '+'; else the condition's own name");
  app.add_option("--at-dose", s.at_dose, "dose to predict; else the largest of the training cells");
  app.add_option("--latent", s.latent, "dimensions of the latent")->capture_default_str()->check(CLI::Range(2, 512));
  app.add_option("--steps", s.training.prediction.steps, "of the sampler")->check(CLI::Range(1, 10000));
  app.add_option("--autoencoder-epochs", s.training.autoencoder_epochs, "0: by the number of cells")
      ->check(whole_number());
  app.add_option("--flow-epochs", s.training.flow_epochs, "0: by the number of cells")->check(whole_number());
  app.add_option("--generate", s.generate, "new control cells per group to predict from; 0: the measured ones")
      ->check(whole_number());
  parse(app, argc, argv);
  if (!s.from.empty() && data->empty() == (s.generate == 0))
    refuse(app, data->empty() ? "--from needs --data, the control cells, or --generate"
                              : "--from takes control cells from --data or --generate, not both");
  m.vae.latent = m.backbone.latent = s.latent;
  s.training.seed = s.seed;
  return s;
}

/// Reads the data, or simulates them, and prepares them; prints what is left out.
inline lc::perturbation::Dataset load_dataset(const PerturbationSettings& s) {
  lc::perturbation::DatasetOptions options = s.dataset;
  if (!s.embeddings.empty()) {
    lc::io::GeneEmbeddings given = lc::io::read_gene_embeddings(s.embeddings);
    options.embeddings = {std::move(given.genes), std::move(given.values)};
  }
  if (s.data.empty() && options.holdout.empty()) options.holdout = {"type_2"};
  if (!std::isnan(s.at_dose) && options.model.dose.empty())
    lc::throw_runtime("--at-dose needs the column of doses (--dose)");
  lc::Rng rng(s.seed);
  const lc::SimulateOptions simulated{.cells = 3000, .types = 6, .type_skew = 0.3, .perturbations = 1};
  lc::CellTable cells = s.data.empty() ? lc::simulate(simulated, rng) : read_cells(s, s.data);
  const lc::perturbation::Options& m = options.model;
  const auto levels = [&](const std::string& column) {
    return column.empty() ? std::vector<std::string>{} : labels_of(cells, column, "--group or --condition").levels;
  };
  options.targets = split_levels(options.targets, levels(m.group));
  options.holdout = split_levels(options.holdout, levels(m.group));
  options.conditions = split_levels(options.conditions, levels(m.condition));
  lc::perturbation::Dataset out = lc::perturbation::make_dataset(std::move(cells), options);
  for (const std::string& note : out.notes) print_line("note: " + note);
  return out;
}

/// Settings of a run, for its report.
inline Json to_json(const PerturbationSettings& s) {
  const lc::perturbation::Options& m = s.dataset.model;
  return {{"data", s.data.empty() ? "simulated" : s.data},
          {"condition", m.condition},
          {"control", m.control},
          {"group", m.group},
          {"dose", m.dose},
          {"target", s.dataset.targets},
          {"holdout", s.dataset.holdout},
          {"perturbation", s.dataset.conditions},
          {"perturbation_genes", s.dataset.perturbation_genes},
          {"gene_embeddings", s.embeddings},
          {"genes", s.dataset.genes},
          {"joint", std::string(1, s.dataset.joint)},
          {"latent", s.latent},
          {"steps", s.training.prediction.steps},
          {"cross_fit", s.training.cross_fit},
          {"generate", s.generate},
          {"seed", s.seed},
          {"threads", lc::threads()},
          {"from", s.from}};
}

/// What the trained stages depend on: a run with other values cannot resume them.
inline Json identity(const PerturbationSettings& s) {
  const lc::perturbation::Options& m = s.dataset.model;
  return {{"data", files_of({s.data})},
          {"condition", m.condition},
          {"control", m.control},
          {"group", m.group},
          {"holdout", s.dataset.holdout},
          {"perturbation_genes", s.dataset.perturbation_genes},
          {"gene_embeddings", files_of({s.embeddings})},
          {"dose", m.dose},
          {"genes", s.dataset.genes},
          {"cross_fit", s.training.cross_fit}};
}

}  // namespace program
