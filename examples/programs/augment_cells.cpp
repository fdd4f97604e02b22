// Brings the rare labels of a data set up to a number of cells with generated ones, and evaluates, on held-out cells,
// whether classifiers learn anything from them.

#include <algorithm>
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
  program::TrainTest d = program::hold_out(std::move(all), s.label, s.holdout, rng);
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

// How cells are added: as asked for, or as left-out training cells say.
gen::AugmentOptions augmentation(const Settings& s, const gen::Options& model, const lc::CellTable& train,
                                 program::Report& report) {
  gen::AugmentOptions o{
      .min_cells = s.min_cells, .steps = s.steps, .pseudo_count = s.pseudo_count, .guidance = float(s.guidance)};
  if (const auto method = lc::enum_value<gen::AugmentMethod>(s.method)) o.method = *method;
  if (s.method != "auto" || !s.from.empty()) return o;
  program::doing("choosing how cells are added, in left-out training cells");
  const gen::AugmentationChoice choice =
      gen::choose_augmentation(model, train, {.augment = o, .training = s.GeneratorSettings::training, .seed = s.seed});
  print_line(gen::describe(choice));
  report["choice"] = gen::describe(choice);
  o.method = choice.candidates[choice.best].method;
  o.fill = choice.candidates[choice.best].fill;
  return o;
}

// Writes real and generated cells in one table, marked in obs "generated".
void write(const Settings& s, const lc::CellTable& input, lc::CellTable generated, const program::Report& report) {
  lc::CellTable real = input;
  program::mark_cells(real, "generated", 0);
  program::keep_embedding(real, "X_latentcell");
  program::mark_cells(generated, "generated", 1);
  print_line(lc::text("wrote ", real.cells(), " real and ", generated.cells(), " generated cells to ", s.out));
  lc::append_cells(real, generated);
  program::write_cells(s.out, real, report.provenance(), &input);
}

// Prints what labels lack; whether any does.
bool print_deficit(const gen::LabelDeficit& lacks, const std::vector<std::string>& levels) {
  for (std::size_t l = 0; l < levels.size(); ++l) {
    if (lacks.deficit[l] > 0)
      print_line(lc::text("  ", levels[l], ": ", lacks.cells[l], " cells, lacks ", lacks.deficit[l]));
  }
  return std::any_of(lacks.deficit.begin(), lacks.deficit.end(), [](Index n) { return n > 0; });
}

int run(const Settings& s) {
  program::begin(s, {s.from});
  lc::Rng rng(s.seed), draws(s.seed, program::generation_stream);
  program::Report report("augment_cells", s);
  program::TrainTest d = load(s, rng);
  std::optional<gen::Model> model;
  if (s.from.empty()) {
    program::check_resumable(s, {{"data", program::files_of({s.data})}}, {"label", "batch", "holdout"});
    auto trained = program::train_generator(s, s, d.train, report, rng);
    if (!trained) return program::exit_interrupted();
    model = std::move(trained->model);
  } else {
    model = saved_model(s, d);
  }
  const std::vector<std::string>& levels = model->options.levels;
  const std::vector<int> codes = d.train.cell_columns.codes(s.label, levels);
  if (std::all_of(codes.begin(), codes.end(), [](int c) { return c < 0; }))
    lc::throw_runtime("no cell has a label in '", s.label, "' that the model has");
  const gen::LabelDeficit lacks = gen::label_deficit(codes, Index(levels.size()), s.min_cells);
  const bool has_deficit = print_deficit(lacks, levels);
  const gen::AugmentOptions how =
      has_deficit ? augmentation(s, model->options, d.train, report) : gen::AugmentOptions{.min_cells = s.min_cells};
  program::training_begins();
  program::doing("generating cells");
  const lc::CellTable generated = gen::augment(*model, d.train, draws, how);
  report["method"] = lc::enum_name(how.method);
  report["min_cells"] = lacks.min_cells;
  report["training_cells"] = d.train.cells();
  report["generated_cells"] = generated.cells();
  if (generated.cells() == 0)
    print_line(!has_deficit         ? "note: every label has as many cells already; nothing is added"
               : s.method == "auto" ? "note: nothing is added: nothing helps classifiers of left-out training cells"
                                    : "note: nothing is added, as --method none asks");
  write(s, d.train, generated, report);
  plots::AugmentationF1 f1;
  if (d.test && has_deficit) {
    const std::vector<int> test_codes = d.test->cell_columns.codes(s.label, levels),
                           generated_codes = generated.cell_columns.codes(s.label, levels);
    std::vector<int> added;  // of the baselines: up to what was asked for
    for (std::size_t l = 0; l < levels.size(); ++l) added.insert(added.end(), lc::to_size(lacks.deficit[l]), int(l));
    program::doing("evaluating with classifiers");
    const gen::AugmentationEvaluation e =
        gen::evaluate_augmentation({d.train, codes}, {*d.test, test_codes}, {generated, generated_codes}, levels,
                                   {.added = added, .seed = s.seed});
    print_line(lc::text("classifiers of ", s.label, " evaluated with ", d.test->cells(),
                        " held-out cells; rare: the labels that were added to"));
    report["scores"] = report.scored(e.scores);
    report["label_f1_logistic"] = program::to_json(e.label_f1_logistic);
    report["label_f1_forest"] = program::to_json(e.label_f1_forest);
    f1.cells = e.held_out_cells;
    for (const auto& row : e.label_f1_logistic.rows()) f1.scores.push_back({row.method, row.values});
  }
  if (!s.plots.empty() && generated.cells() > 0)
    plots::augmentation(s.plots, {d.train, generated, s.label, levels}, f1);
  report.finish(s, d.test ? "not evaluated: nothing was added" : "not evaluated: no cells were held out (--holdout)");
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  return program::guarded("augment_cells", [&] { return run(program::parse_augmentation(argc, argv)); });
}
