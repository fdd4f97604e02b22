// Predicts expression of a tissue where it was not measured: between the spots, in a missing piece, in a missing slice,
// or of genes that a panel lacks. Evaluates held-out expression against baselines.

#include <algorithm>
#include <latentcell/data/simulate_tissue_slice.hpp>
#include <latentcell/io/h5ad.hpp>
#include <latentcell/spatial/spatial.hpp>

#include "support/plot/spatial.hpp"
#include "support/spatial_options.hpp"
#include "support/write.hpp"

namespace lc = latentcell;
using lc::Index;
using Settings = program::SpatialSettings;

namespace {

// Which cells are given and which locations are to be predicted.
lc::spatial::ImputationTask read_task(Settings& s) {
  lc::Rng rng(s.seed);
  if (s.holdout.empty() && s.predict.empty() && s.panel.empty())
    lc::throw_runtime("nothing to predict: needs locations (--predict), cells with fewer genes (--panel) or --holdout");
  if (!s.from.empty() && s.simulated()) lc::throw_runtime("--from needs the cells around (--data or --slices)");
  std::optional<lc::spatial::SpatialHoldout> hidden;
  if (!s.holdout.empty()) hidden = lc::spatial::parse_holdout(s.holdout, s.label);
  const int hidden_slice = hidden && hidden->hide == lc::spatial::Hide::slice ? int(hidden->amount) - 1 : -1;
  lc::spatial::Tissue all;
  if (s.simulated()) {
    const lc::CellTable cells = lc::simulate_tissue_slice({}, rng);
    all = lc::spatial::make_tissue(cells, cells.embeddings.at("spatial"));
  } else {
    all = program::read_tissue(s, hidden_slice);
  }
  all = program::subset_of(s, std::move(all));
  if (hidden) return lc::spatial::hold_out(all, *hidden, rng);
  if (s.panel.empty()) return {all, program::read_locations(s, all.slices)};
  lc::spatial::Tissue panel = program::read_slice(s, s.panel, "");
  if (all.slices > 1) lc::spatial::assign_slices(panel, all.slices);
  return lc::spatial::impute_missing_genes(all, panel);
}

void write(const Settings& s, const lc::spatial::Model& m, const lc::spatial::ImputationTask& task,
           lc::spatial::Imputation imputed, const program::Report& report) {
  const lc::spatial::Tissue& query = task.query;
  lc::CellTable out;
  out.cell_names = query.cells.cell_names;
  out.cell_columns = query.cells.cell_columns;
  out.gene_names = m.target.features();
  out.gene_columns = lc::Annotation(Index(out.gene_names.size()));
  out.counts = lc::dense_modality("expression", imputed.intervals.mean).counts;
  program::put_coordinates(s, query.locations.coordinates, out);
  out.embeddings["variance_matched"] = lc::spatial::match_variance(imputed.intervals.mean, imputed.gene_deviation);
  program::put_intervals(out, "", std::move(imputed.intervals));
  out.stored["uns/log1p"] = lc::stored_mapping({{"base", {.kind = lc::StoredValue::Kind::nothing}}});
  out.stored["uns/log1p_depth"] = lc::stored_real(double(m.target.depth.value(0, 0)));
  program::write_new_cells(s.out, out, "predicted", report.provenance(), &task.reference.cells);
  program::print_line(lc::text("wrote ", out.cells(), " locations to ", s.out));
}

std::optional<lc::spatial::RegionLabels> regions_of(const Settings& s, const lc::spatial::ImputationTask& task) {
  const lc::Annotation &reference = task.reference.cells.cell_columns, &query = task.query.cells.cell_columns;
  if (task.imputes_genes() || !query.has(s.label) || !reference.has(s.label)) return {};
  const auto of_reference = lc::to_labels(reference.get(s.label)), of_query = lc::to_labels(query.get(s.label));
  if (!of_reference || !of_query) return {};
  return lc::spatial::RegionLabels{*of_reference, *of_query};
}

// Prints and reports scores; returns the baseline that the picture shows: the one with the highest correlation.
lc::spatial::BaselineImputation evaluate(const Settings& s, const lc::spatial::Model& m,
                                         const lc::spatial::Dataset& data, const lc::spatial::Imputation& imputed,
                                         const std::optional<lc::spatial::RegionLabels>& regions,
                                         program::Report& report) {
  program::doing("evaluating");
  const auto baselines = lc::spatial::impute_baselines(m, data, imputed, s.seed);
  program::print_line(
      lc::text(s.holdout, ": ", data.query.size(), " locations, ", data.target.features.size(), " genes"));
  const lc::evaluate::ScoreTable scores = lc::spatial::evaluate_imputation(m, data, imputed, baselines, regions);
  report["scores"] = report.scored(scores);
  const auto r = [&](const auto& baseline) { return std::max(-1.0, scores.value(baseline.method, "pearson")); };
  return *std::ranges::max_element(baselines, {}, r);
}

void draw(const Settings& s, const lc::spatial::Model& m, const lc::spatial::Dataset& data,
          const lc::spatial::Imputation& imputed, const lc::spatial::BaselineImputation& baseline) {
  const lc::Matrix<float> reference = m.target.log_normalized(data.target), truth = m.target.log_normalized(data.truth);
  plots::imputed_genes(s.plots, {m.target.features(), data.reference.coordinates, reference, data.reference.slice,
                                 data.query.coordinates, truth, imputed.intervals.mean, baseline.mean, baseline.method,
                                 data.query.slice.front()});
}

int run(Settings s) {
  program::begin(s, program::files_of(s));
  program::Report report("impute_spatial", s);
  const lc::spatial::ImputationTask task = read_task(s);
  std::optional<lc::spatial::Model> m;
  if (!s.from.empty()) {
    m = lc::spatial::load(program::model_file(s.from));
    if (m->panel.has_value() != task.imputes_genes())
      lc::throw_runtime(s.from, m->panel ? ": predicts genes that a panel lacks, not locations: needs --panel"
                                         : ": predicts locations, not genes that a panel lacks: needs --predict");
  }
  lc::spatial::Dataset data =
      lc::spatial::make_dataset(task, m ? lc::spatial::genes_of(*m) : lc::spatial::choose_genes(task, s.genes));
  const lc::spatial::FrameOptions frame{.angle = s.angle()};
  const lc::conformal::IntervalOptions intervals{.draws = s.ensemble.draws};
  if (m) {
    lc::spatial::to_common_frame(data, m->target, frame);
  } else {
    lc::spatial::Options o = lc::spatial::options_for(data, s.ensemble.components);
    program::check_resumable(s, {{"data", program::files_of(program::files_of(s))}},
                             {"spatial_key", "subset", "holdout", "label", "genes", "slice_gap", "turn"});
    o.ensemble.members = s.ensemble.members;
    o.ensemble.fold_seed = s.seed;
    o.context.slice_gap = s.slice_gap;
    lc::Rng rng(s.seed, lc::spatial::model_stream);
    m.emplace(o, rng);
    lc::spatial::TrainingOptions training{.intervals = intervals, .frame = frame, .seed = s.seed};
    training.members = s.ensemble.training;
    lc::Stages stages = program::make_stages(s, *m, task.reference.cells);
    if (lc::spatial::fit(*m, data, training, rng, stages) == lc::FitStatus::interrupted)
      return program::exit_interrupted();
    report.add_stages(s, stages);
    program::save_checkpoint(s, *m);
  }
  const lc::kernel::Variogram variogram = m->context.fitted_variogram();
  report["variogram"] = {{"range", variogram.range}, {"nugget", variogram.nugget}};
  program::report_alignments(data.alignments, report);
  program::report_stacking(lc::spatial::stacking_shares(*m), report);
  if (s.within_spots) data.spot = lc::spatial::nearest_spots(data.reference, data.query);
  program::doing("predicting");
  const double start = program::now();
  const lc::spatial::Imputation imputed = lc::spatial::impute(*m, data, {.intervals = intervals, .seed = s.seed});
  program::training_begins();  // what impute refuses is input
  report["prediction"] = {{"locations", data.query.size()}, {"seconds", program::now() - start}};
  if (imputed.sharing) report["concentrations"] = program::to_json(*imputed.sharing, m->target.features());
  write(s, *m, task, imputed, report);
  lc::spatial::BaselineImputation baseline;
  const auto score = [&] { baseline = evaluate(s, *m, data, imputed, regions_of(s, task), report); };
  if (data.has_truth()) program::evaluate_if_possible(report, "scores", score);
  report.finish(s);
  if (!s.plots.empty() && baseline.mean.size() > 0) draw(s, *m, data, imputed, baseline);
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  return program::guarded("impute_spatial", [s = program::parse_spatial(argc, argv)] { return run(s); });
}
