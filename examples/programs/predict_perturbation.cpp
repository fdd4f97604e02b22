// Predicts the perturbed state of groups of cells that were observed only in control. Trains on the groups that were
// perturbed, and writes one predicted cell per control cell and perturbation to an h5ad file.

#include <cmath>
#include <string>
#include <vector>

#include <latentcell/data/append_cells.hpp>
#include <latentcell/generation/io.hpp>
#include <latentcell/perturbation/perturbation.hpp>

#include "support/plot/evaluated_perturbations.hpp"
#include "support/perturbation_options.hpp"
#include "support/perturbation_tables.hpp"
#include "support/stages.hpp"
#include "support/write.hpp"

namespace lc = latentcell;
namespace perturbation = lc::perturbation;
using lc::CellTable;
using program::print_line;
using Settings = program::PerturbationSettings;

namespace {

constexpr std::uint64_t prediction_stream = 9, generator_stream = 14, generation_stream = 15, evaluation_stream = 31;
constexpr const char* generator_name = "/control_generator.safetensors";

CellTable generate(const Settings& s, const lc::generation::Model& generator, const perturbation::Options& o,
                   const std::vector<std::string>& groups) {
  lc::Rng rng(s.seed, generation_stream);
  return perturbation::generate_controls(generator, o, groups, s.generate, rng,
                                         {.steps = s.training.prediction.steps, .guidance = 1.1f});
}

// Predicts every condition for the control cells and writes them; new control cells are written too.
CellTable predict(const Settings& s, const perturbation::Model& model, const CellTable& controls,
                  const perturbation::Dataset& data, program::ChangeTables& tables, const program::Report& report) {
  program::training_begins();
  lc::Rng rng(s.seed, prediction_stream);
  perturbation::PredictOptions o = s.training.prediction;
  o.dose = std::isnan(s.at_dose) ? double(model.options.dose_scale) : s.at_dose;
  CellTable out;
  for (const std::string& condition : data.conditions) {
    program::doing("predicting '" + data.name_in_data(condition) + "'");
    CellTable cells = perturbation::predict(model, controls, condition, o, rng);
    tables.add(controls, cells, data.name_in_data(condition));
    cells.cell_columns.set(model.options.condition, lc::Categorical{{data.name_in_data(condition)},
                                                                    std::vector<int>(lc::to_size(cells.cells()), 0)});
    lc::append_cells(out, cells);
  }
  program::mark_cells(out, "predicted", 1);
  if (s.generate > 0) {
    CellTable new_controls = controls;
    program::mark_cells(new_controls, "predicted", 0);
    lc::append_cells(out, new_controls);
  }
  program::write_cells(s.out, out, report.provenance(), &controls);
  print_line(lc::text("wrote ", out.cells(), " cells to ", s.out));
  return out;
}

// Scores each held-out group and condition beside baselines and ceiling.
void evaluate(const Settings& s, const perturbation::Model& model, const perturbation::Dataset& data,
              const CellTable& predicted, program::Report& report) {
  report["evaluated"] = program::Json::array();
  for (const auto& [key, truth] : data.truth) {
    const std::string &group = key.first, &name = data.name_in_data(key.second);
    const bool is_predicted = std::count(data.conditions.begin(), data.conditions.end(), key.second) > 0;
    if (!is_predicted || truth.cells() < 4) {
      print_line(lc::text("note: '", group, "' under '", name, "' is not evaluated: ", truth.cells(), " true cells",
                          is_predicted ? "" : ", not predicted"));
      continue;
    }
    const CellTable cells = perturbation::select_condition(predicted, model.options, name, {group});
    program::doing("evaluating '" + group + "'");
    lc::Rng rng(s.seed, evaluation_stream);
    print_line(lc::text("'", group, "' under '", name, "', compared with ", truth.cells(), " held-out cells"));
    program::Json one{
        {"group", group}, {"condition", name}, {"true_cells", truth.cells()}, {"control_cells", cells.cells()}};
    one["scores"] = report.scored(perturbation::evaluate(model, data.train, {truth, group, key.second}, cells, rng));
    report["evaluated"].push_back(one);
  }
}

int predict_with_saved_model(Settings& s, program::Report& report) {
  const perturbation::Model model = perturbation::load(program::model_file(s.from));
  const perturbation::Options& o = model.options;
  perturbation::Dataset names;
  names.conditions = program::conditions_of(s, model);
  program::ChangeTables tables(s, o, model.vae.gene_names, report);
  CellTable controls;
  if (s.generate > 0) {
    const lc::generation::Model generator = lc::generation::load(s.from + generator_name);
    program::split_levels(s, "--target", s.dataset.targets, generator.options.levels);
    controls = generate(s, generator, o, s.dataset.targets.empty() ? generator.options.levels : s.dataset.targets);
  } else {
    const CellTable cells = program::in_genes_of(program::read_cells(s, s.data), model.vae.gene_names, s.data);
    program::split_levels(s, "--target", s.dataset.targets, perturbation::group_labels(cells.cell_columns, o).levels);
    controls = perturbation::select_condition(cells, o, o.control, s.dataset.targets);
  }
  (void)predict(s, model, controls, names, tables, report);
  report.finish(s, "not evaluated: a saved model was given control cells alone");
  return 0;
}

int run(Settings s) {
  program::begin(s, {s.embeddings, s.gene_sets, s.from});
  program::Report report("predict_perturbation", s);
  if (!s.from.empty()) return predict_with_saved_model(s, report);
  const perturbation::Dataset data = program::load_dataset(s);
  program::ChangeTables tables(s, data.options, data.train.gene_names, report);
  program::check_resumable(s);
  report["training_cells"] = data.train.cells();
  report["training_genes"] = data.train.genes();
  report["cross_fit"] = program::cross_fit_folds(s, data);
  lc::Rng rng(s.seed), generator_rng(s.seed, generator_stream);
  perturbation::Model model(data.options, data.vocabulary, data.embeddings, rng);
  lc::Stages stages = program::make_stages(s, model, data.train);
  if (s.generate > 0) stages.plan("controls", 3200.0 * 128.0 * double(lc::parameter_count(model.flow)));
  if (perturbation::fit(model, data.train, s.training, stages) == lc::FitStatus::interrupted)
    return program::exit_interrupted();
  program::save_checkpoint(s, model);
  report["mixture"] = perturbation::describe(model.mixture_choice());
  print_line(perturbation::describe(model.mixture_choice()));
  CellTable controls = perturbation::select_condition(data.train, data.options, data.options.control,
                                                      s.generate > 0 ? std::vector<std::string>{} : data.targets);
  if (s.generate > 0) {
    lc::generation::Model generator = perturbation::control_generator(model, controls, generator_rng);
    if (perturbation::fit_control_generator(generator, controls, {.seed = s.seed}, generator_rng, stages) ==
        lc::FitStatus::interrupted)
      return program::exit_interrupted();
    program::save_checkpoint(s, generator, generator_name);
    controls = generate(s, generator, data.options, data.targets);
  }
  report.add_stages(s, stages);
  const CellTable cells = predict(s, model, controls, data, tables, report);
  evaluate(s, model, data, cells, report);
  report.finish(s);
  if (!s.plots.empty()) plots::evaluated(s.plots, model.options, data, cells, report["evaluated"]);
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  const Settings settings = program::parse_perturbation(argc, argv);
  return program::guarded("predict_perturbation", [&] { return run(settings); });
}
