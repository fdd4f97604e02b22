// Brings the rare labels of a data set up to a number of cells with generated ones, and tells, on cells held out,
// whether a classifier learns anything from them.

#include <cmath>
#include <cstdio>
#include <optional>

#include <latentcell/data/append_cells.hpp>
#include <latentcell/data/simulate.hpp>
#include <latentcell/io/h5ad.hpp>
#include <latentcell/generation/evaluate_augmentation.hpp>

#include "support/augmentation_plots.hpp"
#include "support/generator.hpp"

namespace lc = latentcell;
using lc::Index;
using program::Json;
using program::now;
using program::say;

namespace {

struct Settings : program::Common, program::GeneratorSettings {
  std::string from;
  Index least = 0, steps = 25;
  double holdback = -1, guidance = 1.1, residual = 2;
};

Settings parse(int argc, char** argv) {
  Settings s;
  s.out = "augmented.h5ad";
  CLI::App app(
      "Adds generated cells to the rare labels of single-cell counts.\nWithout --data it runs on simulated cells.");
  program::add_common(app, s);
  app.add_option("--label", s.label, "obs column whose rare labels get cells")->capture_default_str();
  app.add_option("--batch", s.batch, "obs column of batches, told to the decoder");
  app.add_option("--least", s.least,
                 "cells that every label is to have, real and generated; 0: as many as the middle label has")
      ->check(CLI::Range(0, 1000000000));
  auto* hold = app.add_option("--holdback", s.holdback,
                              "share of the cells to keep out of everything and judge by; 0: none; a half of simulated "
                              "cells, else none, where not given")
                   ->check(CLI::Range(0.0, 0.9));
  app.add_option("--steps", s.steps, "steps of the sampler")->capture_default_str()->check(CLI::Range(1, 10000));
  app.add_option("--guidance", s.guidance, "classifier-free guidance; 1 is none")->capture_default_str();
  app.add_option("--residual", s.residual,
                 "counts of a gene in a label at which real cells correct the model half; larger trusts the model")
      ->capture_default_str()
      ->check(CLI::PositiveNumber);
  const auto own = program::add_generator(app, s);
  auto* from = app.add_option("--from", s.from,
                              "augment with a saved model (a file, or a --checkpoint folder of this program or of "
                              "generate_cells), without training")
                   ->excludes(hold);
  for (CLI::Option* option : own) from->excludes(option);
  program::parse(app, argc, argv);
  return s;
}

struct Data {
  lc::CellTable train;
  std::optional<lc::CellTable> held;
};

Data load(const Settings& s, lc::Rng& rng) {
  Data d;
  // Simulated: types from common to one in a hundred.
  lc::CellTable all =
      s.data.empty() ? lc::simulate({.cells = 3000, .types = 8, .type_skew = 1.8}, rng) : program::read(s, s.data);
  const lc::Categorical labels =
      program::labels_of(all, s.label, "--label", s.data.empty() ? "simulated cells" : s.data);
  const double share = s.holdback >= 0 ? s.holdback : s.data.empty() && s.from.empty() ? 0.5 : 0.0;
  if (share > 0) {
    program::HeldBack parts = program::hold_back(all, labels, share, rng);
    d.train = std::move(parts.train);
    d.held = std::move(parts.held);
  } else {
    d.train = std::move(all);
  }
  program::note_oddities(d.train, s.label);
  return d;
}

// Real and generated cells in one table, told apart by obs "generated".
lc::CellTable together(const Settings& s, lc::CellTable real, lc::CellTable made) {
  real.cell_columns.set("generated", std::vector<double>(lc::to_size(real.cells()), 0.0));
  made.cell_columns.set("generated", std::vector<double>(lc::to_size(made.cells()), 1.0));
  lc::append_cells(real, made);
  real.strings["latentcell"] = {lc::text("version ", lc::version), lc::text("seed ", s.seed),
                                lc::text("steps ", s.steps), lc::text("guidance ", s.guidance)};
  return real;
}

void print(const std::vector<lc::generation::AugmentationScores>& scores) {
  say("                                 logistic regression        random forest");
  say("                               F1 rare  F1 all   right    F1 rare  F1 all   right");
  for (const lc::generation::AugmentationScores& s : scores) {
    char line[200];
    std::snprintf(line, sizeof line, "  %-28s %7.3f %7.3f %7.3f   %7.3f %7.3f %7.3f", s.name.c_str(), s.rare_logistic,
                  s.logistic.macro_f1, s.logistic.accuracy, s.rare_forest, s.forest.macro_f1, s.forest.accuracy);
    say(line);
  }
}

Json to_json(const lc::generation::AugmentationScores& s, const std::vector<std::string>& levels) {
  Json each = Json::object();
  for (std::size_t l = 0; l < levels.size(); ++l) {
    each[levels[l]] = {
        {"held_out_cells", s.logistic.cells[l]}, {"f1_logistic", s.logistic.f1[l]}, {"f1_forest", s.forest.f1[l]}};
  }
  return {{"f1_rare_logistic", s.rare_logistic},
          {"f1_macro_logistic", s.logistic.macro_f1},
          {"accuracy_logistic", s.logistic.accuracy},
          {"f1_rare_forest", s.rare_forest},
          {"f1_macro_forest", s.forest.macro_f1},
          {"accuracy_forest", s.forest.accuracy},
          {"labels", each}};
}

int run(const Settings& s) {
  program::begin(s);
  lc::Rng rng(s.seed);
  Json report;
  report["program"] = lc::text("augment_cells ", lc::version);
  report["settings"] = {{"data", s.data.empty() ? "simulated" : s.data},
                        {"layer", s.layer},
                        {"generator", program::to_json(static_cast<const program::GeneratorSettings&>(s))},
                        {"least", s.least},
                        {"holdback", s.holdback},
                        {"steps", s.steps},
                        {"guidance", s.guidance},
                        {"residual", s.residual},
                        {"seed", s.seed},
                        {"threads", lc::threads()},
                        {"from", s.from}};
  Data d = load(s, rng);
  if (s.from.empty())
    program::same_run(
        s, {{"data", program::files_of({s.data})}, {"label", s.label}, {"batch", s.batch}, {"holdback", s.holdback}});
  std::optional<lc::generation::Model> model;
  if (s.from.empty()) {
    const lc::generation::Options o = program::model_options(s, d.train);
    report["model"] = program::to_json(o);
    auto trained = program::train_generator(s, s, d.train, o, report, rng);
    if (!trained) return program::stopped(s);
    model = std::move(trained->model);
  } else {
    model = lc::generation::load(program::model_file(s.from));
    if (model->options.label != s.label)
      lc::throw_runtime(s.from, ": generates by '", model->options.label, "', not by '", s.label,
                        "' (--label chooses)");
    d.train = program::in_genes_of(d.train, model->vae.gene_names, s.data.empty() ? "simulated cells" : s.data);
  }
  lc::Rng draws(s.seed, 7);
  const std::vector<std::string>& levels = model->options.levels;
  const std::vector<int> codes = d.train.cell_columns.codes(s.label, levels);
  if (std::all_of(codes.begin(), codes.end(), [](int c) { return c < 0; }))
    lc::throw_runtime("no cell has a label in '", s.label, "' that the model knows");
  const lc::generation::LabelDeficit lacks = lc::generation::label_deficit(codes, Index(levels.size()), s.least);
  for (std::size_t l = 0; l < levels.size(); ++l) {
    if (lacks.deficit[l] > 0)
      say(lc::text("  ", levels[l], ": ", lacks.cells[l], " cells, ", lacks.deficit[l], " added"));
  }
  const lc::CellTable made = lc::generation::augment(
      *model, d.train, draws,
      {.min_cells = lacks.min_cells, .steps = s.steps, .pseudo_count = s.residual, .guidance = float(s.guidance)});
  report["least"] = lacks.min_cells;
  report["training_cells"] = d.train.cells();
  report["generated_cells"] = made.cells();
  if (made.cells() == 0) say("note: every label has as many cells already; nothing is added");
  lc::io::write_h5ad(s.out, together(s, d.train, made));
  say(lc::text("wrote ", d.train.cells(), " real and ", made.cells(), " generated cells to ", s.out));
  std::vector<lc::generation::AugmentationScores> scores;
  if (d.held && made.cells() > 0) {
    const double start = now();
    scores = lc::generation::evaluate_augmentation(d.train, codes, *d.held, d.held->cell_columns.codes(s.label, levels),
                                                   made, made.cell_columns.codes(s.label, levels), Index(levels.size()),
                                                   {.seed = s.seed});
    say(lc::text("classifiers of ", s.label, " judged by ", d.held->cells(),
                 " cells kept out; rare: the labels that were added to"));
    print(scores);
    for (const lc::generation::AugmentationScores& row : scores) report["scores"][row.name] = to_json(row, levels);
    report["judge_seconds"] = now() - start;
  } else if (!d.held) {
    say("no verdict: no cells were kept out of training (--holdback keeps some)");
    report["verdict"] = "none: no cells were kept out of training";
  }
  report["peak_memory_mb"] = program::peak_memory_mb();
  program::write_report(s.report, report);
  if (!s.plots.empty() && made.cells() > 0) plots::draw_augmentation(s.plots, d.train, made, s.label, levels, scores);
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  const Settings settings = parse(argc, argv);
  return program::guarded("augment_cells", [&] { return run(settings); });
}
