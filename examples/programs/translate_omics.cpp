// Predicts surface proteins of cells from RNA, with calibrated intervals, and RNA from proteins; gives all cells one
// latent, whatever was measured of them; evaluates on held-out cells.

#include <latentcell/data/append_cells.hpp>

#include "support/multiomics.hpp"

namespace lc = latentcell;
namespace mo = latentcell::multiomics;
using lc::Index;
using Settings = program::MultiomicsSettings;

namespace {

constexpr std::uint64_t prediction_stream = 10;

// Predicts cells with RNA alone by a saved model.
int predict_alone(const Settings& s, program::Report& report) {
  if (s.rna_only.empty()) lc::throw_runtime("--from needs cells to predict (--rna-only)");
  const mo::Model model = mo::load(program::model_file(s.from));
  lc::CellTable cells = program::read_cells(s, s.rna_only);
  program::in_genes_of(cells, model.sources.front().features(), s.rna_only);
  const mo::CellModalities modalities = mo::rna_only_modalities(model, cells);
  const lc::CellTable input = cells;
  program::training_begins();
  program::doing("predicting");
  lc::Rng rng(s.seed, prediction_stream);
  mo::add_predicted(cells, mo::translate(model, modalities.sources(), {.draws = s.ensemble.draws}, rng));
  if (model.joint) mo::add_joint(cells, *model.joint, modalities);
  program::write_predicted(s, std::move(cells), model.target.features(), report.provenance(), input);
  report.finish(s, "not evaluated: a saved model was given cells to predict alone");
  return 0;
}

mo::CrossValidationOptions options_of(const Settings& s, Index folds) {
  mo::CrossValidationOptions o{.folds = folds};
  o.model.ensemble.members = s.ensemble.members;
  o.model.ensemble.fold_seed = s.seed;
  o.model.components = s.ensemble.components;
  o.training.stage = "protein";
  o.training.members = s.ensemble.training;
  o.training.joint.epochs = s.ensemble.training.epochs;
  o.training.members.fit.seed = o.training.joint.fit.seed = s.seed;
  o.training.intervals.draws = s.ensemble.draws;
  o.training.stacking = s.stacking;
  o.notice = program::print_line;
  return o;
}

// How many folds are held out; throws where there would be nothing to do.
Index folds_of(const Settings& s, const mo::Dataset& data) {
  const Index folds = s.holdout;
  if (folds == 0 && !data.rna_only && data.rows(0).empty())
    lc::throw_runtime("every cell has '", s.keys.protein_key,
                      "': say which cells to predict (--rna-only) or how many folds to hold out (--holdout)");
  if (folds == 1) lc::throw_runtime("--holdout: one fold alone cannot be held out; give 2 or more, or 0");
  return folds;
}

// Whether proteins are learned from all cells; else the joint model alone.
bool predicts_rest(const Settings& s, const mo::Dataset& data) {
  return data.rna_only || !data.rows(0).empty() || !s.checkpoint.empty();
}

// Trains on all cells and appends the predicted ones; the joint model alone where there is none to predict.
lc::FitStatus predict_rest(const Settings& s, const mo::Dataset& data, const mo::CrossValidationOptions& o,
                           lc::Stages& stages, lc::CellTable& out) {
  const std::vector<Index> with = data.rows(1), without = data.rows(0);
  std::vector<Index> all(lc::to_size(data.cells.cells()));
  std::iota(all.begin(), all.end(), Index(0));
  const std::vector<std::string> genes = mo::detected_genes(data, all);
  const mo::CellModalities cells = mo::select_modalities(data, all, genes), everyone = mo::with_rna_only(cells, data),
                           measured = mo::select_modalities(data, with, genes);
  program::print_line(lc::text("training on ", all.size(), " cells, ", genes.size(), " genes, ",
                               data.protein.features.size(), " proteins"));
  if (!predicts_rest(s, data)) {
    const auto joint = mo::fit_joint(everyone.all(), o.training.joint, stages);
    if (!joint) return lc::FitStatus::interrupted;
    mo::add_joint(out, *joint, measured);
    return lc::FitStatus::finished;
  }
  mo::Model model =
      mo::make_model(o.model, cells.protein, mo::CellModalities{everyone.rna, {}, cells.extra}.sources(), s.seed);
  const lc::FitStatus status = mo::fit(model, {cells.protein, cells.sources(), everyone.all()}, o.training, stages);
  if (status == lc::FitStatus::interrupted) return status;
  program::print_line("proteins: " + model.stacking.to_text());
  program::save_checkpoint(s, model);
  mo::add_joint(out, *model.joint, measured);
  program::doing("predicting");
  const auto append = [&](const lc::CellTable& of, const mo::CellModalities& modalities) {
    lc::Rng rng(s.seed, prediction_stream);
    lc::CellTable more = mo::predicted_cells(model, data, of, modalities, o.training.intervals, rng);
    if (out.cell_columns.has("held_out_fold"))
      more.cell_columns.set("held_out_fold", std::vector<double>(lc::to_size(more.cells()), std::nan("")));
    lc::append_cells(out, more);
  };
  if (!without.empty()) append(data.cells.select_cells(without), mo::select_modalities(data, without, genes));
  if (data.rna_only) append(*data.rna_only, mo::rna_only_modalities(model, *data.rna_only));
  return status;
}

int run(const Settings& s) {
  program::begin(s, {s.rna_only, s.from});
  lc::Rng rng(s.seed);
  program::Report report("translate_omics", s);
  if (!s.from.empty()) return predict_alone(s, report);
  const mo::Dataset data = program::read_dataset(s, rng);
  const mo::CrossValidationOptions o = options_of(s, folds_of(s, data));
  if (o.folds > 0) (void)mo::hold_out_folds(data, o.folds, s.seed);  // throws for too many, before files are written
  program::check_resumable(s, {{"data", program::files_of({s.data})}, {"rna_file", program::files_of({s.rna_only})}},
                           {"protein_key", "extra_modality"});
  program::check_memory(s, 0, data.cells);
  lc::Stages stages = program::make_stages(s);
  mo::plan_stages(o.training, predicts_rest(s, data) ? o.model.ensemble.members : 0, Index(data.rows(1).size()),
                  data.cells.cells() + (data.rna_only ? data.rna_only->cells() : 0), stages);
  std::optional<mo::CrossValidation> held_out;
  if (o.folds > 0) {
    held_out = mo::cross_validate(data, o, stages);
    if (!held_out) return program::exit_interrupted();
    program::report_scores(report, data, *held_out);
  }
  lc::CellTable out = held_out ? mo::held_out_cells(data, *held_out) : mo::measured_cells(data);
  if (predict_rest(s, data, o, stages, out) == lc::FitStatus::interrupted) return program::exit_interrupted();
  program::write_predicted(s, std::move(out), data.protein.features, report.provenance(), data.cells);
  report.add_stages(s, stages);
  report.finish(s);
  if (held_out && !s.plots.empty()) program::draw_held_out(s.plots, data, *held_out);
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  const Settings settings = program::parse_multiomics(argc, argv);
  return program::guarded("translate_omics", [&] { return run(settings); });
}
