// Brings the rare labels of a data set up to a number of cells with generated ones, and evaluates, on held-out cells,
// whether classifiers learn anything from them.

#include <optional>

#include <latentcell/data/append_cells.hpp>
#include <latentcell/data/simulate.hpp>
#include <latentcell/generation/generation.hpp>

#include "support/augmentation_options.hpp"
#include "support/plot/augmentation.hpp"
#include "support/write.hpp"

namespace lc = latentcell;
namespace gen = lc::generation;
using lc::Index;
using program::print_line;
using Settings = program::AugmentationSettings;

namespace {

program::TrainTest load(const Settings& s, lc::Rng& rng) {
  // Simulated: types from common to one in a hundred.
  lc::CellTable all = s.data.empty() ? lc::simulate({.cells = 3000, .types = 8, .type_skew = 1.8}, rng)
                                     : program::read_cells(s, s.data);
  (void)program::labels_of(all, s.label, "--label", s.data.empty() ? "simulated cells" : s.data);
  const double share = s.holdout >= 0 ? s.holdout : s.data.empty() && s.from.empty() ? 0.5 : 0.0;
  program::TrainTest d = program::hold_out(std::move(all), s.label, share, rng);
  program::note_oddities(d.train, s.label);
  return d;
}

// A saved model, with the cells brought to its genes.
gen::Model saved_model(const Settings& s, program::TrainTest& d) {
  gen::Model model = gen::load(program::model_file(s.from));
  if (model.options.label != s.label)
    lc::throw_runtime(s.from, ": generates by '", model.options.label, "', not by '", s.label, "' (--label chooses)");
  d.train = program::in_genes_of(d.train, model.vae.gene_names, s.data.empty() ? "simulated cells" : s.data);
  return model;
}

// Writes real and generated cells in one table, marked in obs "generated".
void write(const Settings& s, const lc::CellTable& input, lc::CellTable generated, const program::Json& report) {
  lc::CellTable real = input;
  program::mark_cells(real, "generated", 0);
  program::keep_embedding(real, "X_latentcell");
  program::mark_cells(generated, "generated", 1);
  print_line(lc::text("wrote ", real.cells(), " real and ", generated.cells(), " generated cells to ", s.out));
  lc::append_cells(real, generated);
  program::write_cells(s.out, real, report, &input);
}

int run(const Settings& s) {
  program::begin(s, {s.from});
  lc::Rng rng(s.seed), draws(s.seed, program::generation_stream);
  program::Json report = {{"program", lc::text("augment_cells ", lc::version)}, {"settings", program::to_json(s)}};
  program::TrainTest d = load(s, rng);
  std::optional<gen::Model> model;
  if (s.from.empty()) {
    program::check_resumable(s, {{"data", program::files_of({s.data})},
                                 {"label", s.label},
                                 {"batch", s.batch_covariate},
                                 {"holdout", s.holdout}});
    auto trained = program::train_generator(s, s, d.train, report, rng);
    if (!trained) return program::exit_interrupted(s);
    model = std::move(trained->model);
  } else {
    model = saved_model(s, d);
  }
  const std::vector<std::string>& levels = model->options.levels;
  const std::vector<int> codes = d.train.cell_columns.codes(s.label, levels);
  if (std::all_of(codes.begin(), codes.end(), [](int c) { return c < 0; }))
    lc::throw_runtime("no cell has a label in '", s.label, "' that the model has");
  const gen::LabelDeficit lacks = gen::label_deficit(codes, Index(levels.size()), s.min_cells);
  for (std::size_t l = 0; l < levels.size(); ++l) {
    if (lacks.deficit[l] > 0)
      print_line(lc::text("  ", levels[l], ": ", lacks.cells[l], " cells, ", lacks.deficit[l], " added"));
  }
  const lc::CellTable generated = gen::augment(
      *model, d.train, draws,
      {.min_cells = lacks.min_cells, .steps = s.steps, .pseudo_count = s.pseudo_count, .guidance = float(s.guidance)});
  report["min_cells"] = lacks.min_cells;
  report["training_cells"] = d.train.cells();
  report["generated_cells"] = generated.cells();
  if (generated.cells() == 0) print_line("note: every label has as many cells already; nothing is added");
  write(s, d.train, generated, report);
  plots::AugmentationF1 f1;
  if (d.test && generated.cells() > 0) {
    const std::vector<int> test_codes = d.test->cell_columns.codes(s.label, levels),
                           generated_codes = generated.cell_columns.codes(s.label, levels);
    const gen::AugmentationEvaluation e = gen::evaluate_augmentation(
        {d.train, codes}, {*d.test, test_codes}, {generated, generated_codes}, levels, {.seed = s.seed});
    print_line(lc::text("classifiers of ", s.label, " evaluated with ", d.test->cells(),
                        " held-out cells; rare: the labels that were added to"));
    program::add_scores(report, "scores", e.scores);
    report["label_f1_logistic"] = program::to_json(e.label_f1_logistic);
    report["label_f1_forest"] = program::to_json(e.label_f1_forest);
    f1.cells = e.held_out_cells;
    for (const auto& row : e.label_f1_logistic.rows()) f1.scores.push_back({row.method, row.values});
  } else if (!d.test) {
    print_line("not evaluated: no cells were held out of training (--holdout)");
  }
  report["peak_memory_mb"] = program::peak_memory_mb();
  program::write_report(s.report, report);
  if (!s.plots.empty() && generated.cells() > 0)
    plots::augmentation(s.plots, {d.train, generated, s.label, levels}, f1);
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  return program::guarded("augment_cells", [&] { return run(program::parse_augmentation(argc, argv)); });
}
