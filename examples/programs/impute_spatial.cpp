// Learns a tissue from the places where it was measured and tells expression where it was not: between the spots, in a
// missing piece, in a missing slice, or of genes that a panel lacks; and how well it does on what is held out.

#include <cmath>
#include <cstdio>
#include <optional>

#include <latentcell/data/simulate_tissue_slice.hpp>
#include <latentcell/io/h5ad.hpp>
#include <latentcell/spatial/evaluate.hpp>
#include <latentcell/spatial/deconvolve_spots.hpp>

#include "support/spatial_plots.hpp"
#include "support/spatial_task.hpp"

namespace lc = latentcell;
using lc::Index;
using program::Json;
using program::now;
using program::say;
using program::Tissue;
using Settings = program::SpatialSettings;
using program::Prepared;
using program::Task;

namespace {

Settings parse(int argc, char** argv) {
  Settings s;
  s.out = "predicted.h5ad";
  CLI::App app(
      "Tells expression at places of a tissue where it was not measured.\nWithout --data or --slices it runs on a "
      "simulated slice.");
  auto* data = program::add_common(app, s);
  app.add_option("--spatial-key", s.key, "obsm entry of coordinates")->capture_default_str();
  auto* slices =
      app.add_option("--slices", s.slices,
                     "files of neighbouring slices, in order, a comma between; - for one that was not measured, to "
                     "predict places in it")
          ->delimiter(',')
          ->excludes(data);
  app.add_option("--coordinates", s.coordinates,
                 "CSV of coordinates for each slice, where the files hold none; - for one that was not measured")
      ->delimiter(',')
      ->needs(slices);
  app.add_option("--where", s.where, "COLUMN=VALUE: only these cells");
  auto* predict = app.add_option("--predict", s.predict,
                                 "CSV of coordinates to predict: x, y and, of several slices, slice (from 1)");
  auto* panel = app.add_option("--panel", s.panel,
                               ".h5ad of cells measured with fewer genes in the same tissue (of several slices, obs "
                               "'slice' from 1): the genes they lack are predicted")
                    ->excludes(predict);
  auto* hold =
      app.add_option("--holdout", s.holdout,
                     "what is hidden, predicted and judged by: region:NAME, spots:SHARE, slice:N, genes:N (N genes of "
                     "one half of the cells), or grid:N (single cells from squares N usual distances wide)")
          ->excludes(predict)
          ->excludes(panel);
  app.add_option("--region", s.region, "obs column of regions")->capture_default_str();
  auto* genes =
      app.add_option("--genes", s.genes, "keep the most variable genes; 0 keeps those seen in 3 % of the cells or more")
          ->check(CLI::Range(0, 1000000000));
  auto* gap = app.add_option("--slice-gap", s.slice_gap, "distance of slices, in usual distances of neighbouring cells")
                  ->capture_default_str()
                  ->check(CLI::Range(0.0, 1e6));
  app.add_option(
      "--turn", s.turn,
      "about how many degrees counter-clockwise a hidden slice is to be turned; else its outline alone tells");
  auto* within =
      app.add_flag("--within-spots", s.within,
                   "the places to predict are the cells under the measured spots, whose counts are the sums of theirs");
  within->excludes(hold)->excludes(panel);
  const auto own = program::add_ensemble(app, s.ensemble, "principal components of many genes");
  auto* from = app.add_option("--from", s.from,
                              "predict with a saved model (a file, or a --checkpoint folder) around the cells of "
                              "--data or --slices, without training");
  from->excludes(hold)->excludes(genes)->excludes(gap);
  for (CLI::Option* option : own) from->excludes(option);
  program::parse(app, argc, argv);
  return s;
}

std::optional<lc::Spatial> train(const Settings& s, const Task& t, const Prepared& p, const lc::Matrix<float>& own,
                                 lc::ModalityEncoder target, std::vector<lc::ModalityEncoder> panel, Json& report) {
  lc::Rng rng(s.seed, 5);
  lc::SpatialOptions o;
  o.ensemble.members = s.ensemble.members;
  o.ensemble.fold_seed = s.seed;
  o.context.slice_gap = s.slice_gap;
  o.own_slice = t.own_slice;
  if (!t.own_slice) o.bare = program::distances_to_leave_out(t);
  lc::Spatial m(o, std::move(target), std::move(panel), rng);
  const lc::SpatialReference known = lc::spatial_cells(m, t.known.at, t.known.slice, p.target);
  lc::start(m, known, rng);
  report["variogram"] = {{"range", m.context.variogram.range}, {"nugget", m.context.variogram.nugget}};
  const Index cells = known.cells();
  const lc::FitOptions fit = program::ensemble_fit(s.ensemble, cells, 1500, 300, s.seed);
  report["training"] = program::to_json(fit);
  say(lc::text("training on ", cells, " cells, ", p.genes.size(), " genes to predict, each told by ", m.told(),
               " numbers"));
  lc::Rng bare_rng(s.seed, 7);
  const lc::Matrix<float> told = lc::tell_known(m, known, own, bare_rng);
  lc::StopOnSignal stop;
  if (!program::train_members(s, "flow", m.flows, stop, report, [&](auto& state, Index k, auto&&... hooks) {
        lc::fit_fold_model(state, m, k, known, p.target, own, fit, hooks...);
      })) {
    return std::nullopt;
  }
  lc::Rng calibration(s.seed, 12);
  lc::fit_stacking(m, p.target, told, calibration);
  lc::calibrate_intervals(m, p.target, told, t.known.slice, {.draws = s.ensemble.draws}, calibration);
  program::keep(s, m);
  return m;
}

// What single cells of each spot show, learned from the spots.
lc::SplitCells split_spots(const lc::Spatial& m, const lc::SpatialReference& spots, const lc::Modality& target,
                           const Task& t, Index draws, lc::Rng& rng, Json& report) {
  const std::vector<Index> cells = lc::places_of_spots(t.spot, spots.cells());
  lc::Matrix<float> counts = lc::dense_counts(target.counts.view());
  for (Index i = 0; i < counts.rows() && t.means; ++i) counts.row(i) *= float(cells[lc::to_size(i)]);
  counts = counts.array().round();
  const double depth = double(m.target.depth.value(0, 0));
  const lc::SpotDeconvolution split = lc::learn_split(spots, counts, cells);
  const auto entry = [](const lc::Concentration& e) { return Json{{"cell", e.cell}, {"apart", e.apart}}; };
  report["split"]["totals"] = entry(split.totals);
  for (std::size_t g = 0; g < split.genes.size(); ++g)
    report["split"]["genes"][m.target.features()[g]] = entry(split.genes[g]);
  return lc::split_cells(split, counts, cells, depth, draws, rng);
}

void write(const Settings& s, const lc::Spatial& m, const Tissue& places, const lc::Matrix<float>& original,
           lc::PredictionIntervals made, const lc::RowVector<float>& spread) {
  lc::CellTable out;
  out.cell_names = places.cells.cell_names;
  out.cell_columns = places.cells.cell_columns;
  out.gene_names = m.target.features();
  out.gene_columns = lc::Annotation(Index(m.target.features().size()));
  out.counts = lc::Counts(made.mean.cols());
  for (Index i = 0; i < made.mean.rows(); ++i) {
    for (Index g = 0; g < made.mean.cols(); ++g) {
      if (made.mean(i, g) > 0) out.counts.push(std::int32_t(g), made.mean(i, g));
    }
    out.counts.end_row();
  }
  out.embeddings["spatial"] = original;
  out.embeddings["spread_kept"] = lc::spread_kept(made.mean, spread);
  program::put_intervals(out, "", std::move(made));
  out.strings["latentcell"] = {lc::text("version ", lc::version), lc::text("seed ", s.seed),
                               lc::text("X: log1p of counts at a depth of ", m.target.depth.value(0, 0),
                                        m.panel.empty() ? "" : " of the panel")};
  lc::io::write_h5ad(s.out, out);
  say(lc::text("wrote ", out.cells(), " places to ", s.out));
}

void print(const std::vector<lc::SpatialScore>& scores) {
  say("                          Pearson    SSIM    RMSE      JS   Moran  in 50 %  in 80 %");
  for (const lc::SpatialScore& p : scores) {
    char line[200];
    std::snprintf(line, sizeof line, "  %-23s %8.3f %7.3f %7.3f %7.3f %7.2f", p.who.c_str(), p.pearson, p.ssim, p.rmse,
                  p.js, p.moran);
    std::string out = line;
    if (std::isfinite(p.cover50)) {
      std::snprintf(line, sizeof line, " %8.3f %8.3f", p.cover50, p.cover80);
      out += line;
    }
    if (std::isfinite(p.domain)) {
      std::snprintf(line, sizeof line, "  region %.3f", p.domain);
      out += line;
    }
    say(out);
  }
}

// Share of places whose region is recognised by the known cells most like them.
double recognised(const lc::Matrix<float>& values, const lc::Matrix<float>& known, const lc::Categorical& known_labels,
                  const lc::Categorical& labels) {
  const std::vector<int> truth = lc::recode(labels, known_labels.levels);
  const lc::kernel::Neighbors near =
      lc::kernel::nearest_neighbors(lc::view(values), lc::view(known), std::min<Index>(15, known.rows()));
  double right = 0, all = 0;
  for (Index i = 0; i < values.rows(); ++i) {
    if (truth[lc::to_size(i)] < 0) continue;
    std::vector<int> votes(known_labels.levels.size(), 0);
    for (Index k = 0; k < near.index.cols(); ++k) {
      const int code = known_labels.codes[lc::to_size(near.index(i, k))];
      if (code >= 0) ++votes[std::size_t(code)];
    }
    right += std::max_element(votes.begin(), votes.end()) - votes.begin() == truth[lc::to_size(i)] ? 1.0 : 0.0;
    all += 1;
  }
  return all > 0 ? right / all : std::nan("");
}

int run(const Settings& s) {
  program::begin(s);
  lc::Rng rng(s.seed);
  Json report{{"program", lc::text("impute_spatial ", lc::version)}};
  report["settings"] = {{"data", s.data.empty() && s.slices.empty() ? "simulated" : s.data},
                        {"layer", s.layer},
                        {"slices", s.slices},
                        {"coordinates", s.coordinates},
                        {"spatial_key", s.key},
                        {"where", s.where},
                        {"predict", s.predict},
                        {"panel", s.panel},
                        {"holdout", s.holdout},
                        {"region", s.region},
                        {"genes", s.genes},
                        {"components", s.ensemble.components},
                        {"members", s.ensemble.members},
                        {"draws", s.ensemble.draws},
                        {"slice_gap", s.slice_gap},
                        {"within_spots", s.within},
                        {"turn", std::isnan(s.turn) ? Json(nullptr) : Json(s.turn)},
                        {"seed", s.seed},
                        {"threads", lc::threads()},
                        {"from", s.from}};
  const bool simulated = s.data.empty() && s.slices.empty();
  const std::string holdout = simulated && s.holdout.empty() && s.predict.empty() && s.panel.empty() && s.from.empty()
                                  ? "spots:0.5"
                                  : s.holdout;
  if (holdout.empty() && s.predict.empty() && s.panel.empty())
    lc::throw_runtime(
        "say where to predict: coordinates (--predict), cells with fewer genes (--panel), or what is held "
        "out (--holdout)");
  if (!s.from.empty() && simulated) lc::throw_runtime("--from needs the cells around (--data or --slices)");
  Tissue all = simulated ? program::one_slice(lc::simulate_tissue_slice({}, rng), s.key, "simulated cells")
               : s.slices.empty()
                   ? program::one_slice(program::read(s, s.data), s.key, s.data)
                   : program::many_slices(s, s.slices, s.coordinates, s.key, program::hidden_slice(holdout));
  if (!s.where.empty()) all = program::only_where(all, s.where);
  Task t = s.panel.empty() ? program::split(s, holdout, all, rng) : program::panel_task(s, all);
  if (t.known.cells.cells() < 40) lc::throw_runtime("only ", t.known.cells.cells(), " cells are known: too few");
  if (!s.predict.empty()) t.places = program::wanted_places(s.predict, t.known.slices);
  for (const int k : t.places.slice) {
    if (std::count(t.known.slice.begin(), t.known.slice.end(), k) == 0) t.own_slice = true;
  }
  const lc::Matrix<float> original = t.places.at;
  std::optional<lc::Spatial> m;
  Prepared p;
  lc::Matrix<float> own, own_places;
  const auto place = [&](const lc::ModalityEncoder& target) {
    program::one_unit(t.known, t.places);
    if (t.known.slices > 1) {
      const lc::Matrix<float> z = target.encode(p.target);
      program::one_frame(t.known, t.places, z.leftCols(std::min<Index>(z.cols(), 10)), s.turn, report);
    }
  };
  if (!s.from.empty()) {
    m = lc::load_spatial(program::model_file(s.from));
    if (m->panel.empty() == t.panel)
      lc::throw_runtime(s.from, t.panel ? ": predicts places, not genes that a panel lacks: say --predict"
                                        : ": predicts genes that a panel lacks, not places: say --panel");
    if (t.own_slice && !m->options.own_slice)
      lc::throw_runtime(s.from, ": was trained for places beside known cells, not for a slice without any");
    p.genes = m->target.features();
    if (t.panel) p.panel_genes = m->panel.front().features();
    program::take_modalities(p, t, s.panel, double(m->target.depth.value(0, 0)));
    if (t.panel) own_places = m->panel.front().condition_features(p.panel_places);
    place(m->target);
  } else {
    p = program::prepare(s, t);
    lc::Rng code_rng(s.seed, 6);
    lc::ModalityEncoder target(
        {"expression", p.genes,
         std::min<Index>({s.ensemble.components, Index(p.genes.size()) - 1, t.known.cells.cells() - 2})});
    target.fit(p.target, code_rng);
    if (t.panel) target.depth.value(0, 0) = float(p.depth);
    std::vector<lc::ModalityEncoder> panel;
    if (t.panel) {
      panel.emplace_back(lc::conformal::ModalityEncoderOptions{
          "panel", p.panel_genes,
          std::min<Index>({s.ensemble.components, Index(p.panel_genes.size()) - 1, t.known.cells.cells() - 2})});
      panel.front().fit(p.panel, code_rng);
      own = panel.front().condition_features(p.panel);
      own_places = panel.front().condition_features(p.panel_places);
    }
    place(target);
    std::vector<std::string> files = s.slices;
    files.insert(files.end(), s.coordinates.begin(), s.coordinates.end());
    for (const std::string& file : {s.data, s.predict, s.panel}) files.push_back(file);
    program::same_run(s, {{"data", program::files_of(files)},
                          {"spatial_key", s.key},
                          {"where", s.where},
                          {"holdout", s.holdout},
                          {"region", s.region},
                          {"genes", s.genes},
                          {"slice_gap", s.slice_gap},
                          {"turn", report["settings"]["turn"]}});
    m = train(s, t, p, own, std::move(target), std::move(panel), report);
    if (!m) return program::stopped(s);
  }
  const double start = now();
  const lc::SpatialReference known = lc::spatial_cells(*m, t.known.at, t.known.slice, p.target);
  lc::Rng draw_rng(s.seed, 9);
  const lc::Matrix<float> told = lc::tell_places(*m, known, t.places.at, t.places.slice, own_places);
  lc::PredictionIntervals made = lc::predict(*m, told, t.places.slice, {.draws = s.ensemble.draws}, draw_rng);
  made.mean = made.mean.array().max(0.0f);
  const lc::SpatialReference spots{t.known.at, t.known.slice, m->target.log_normalized(p.target)};
  lc::RowVector<float> spread = m->spread.value.row(0);
  lc::SplitCells cells;  // of spots that the places lie within
  if (s.within) t.spot = lc::nearest_spots(spots, t.places.at, t.places.slice);
  if (!t.spot.empty()) {
    lc::Rng split_rng(s.seed, 14);
    cells = split_spots(*m, spots, p.target, t, s.ensemble.draws, split_rng, report);
    made = lc::within_spots(cells, t.spot, made.mean);
    spread = cells.spread;
  }
  report["prediction"] = {{"places", told.rows()}, {"seconds", now() - start}};
  write(s, *m, t.places, original, made, spread);
  lc::Matrix<float> truth, kriged;  // where judged
  if (t.judged) {
    truth = m->target.log_normalized(p.truth);
    const lc::Matrix<float>& values = spots.values;
    std::vector<lc::SpatialScore> scores{lc::spatial_score("latentcell", made, truth, t.places.at)};
    scores.push_back(lc::spatial_score("latentcell, spread kept", {lc::spread_kept(made.mean, spread), {}, {}, {}, {}},
                                       truth, t.places.at));
    lc::Rng floor_rng(s.seed, 31);
    auto floors = lc::spatial_floors(spots, t.places.at, t.places.slice, lc::median_mask(m->options), s.slice_gap, own,
                                     own_places, floor_rng);
    if (!t.spot.empty()) {
      const lc::Matrix<float> alone = floors[3].second;
      floors.emplace_back("kriging, coherent", (alone + lc::coherence(values, t.spot, alone)).array().max(0.0f));
      floors.emplace_back("kriging, split alike", lc::within_spots(cells, t.spot, alone).mean);
    }
    kriged = t.spot.empty() ? floors[3].second : floors.back().second;  // treated as the model is
    for (const auto& [who, mean] : floors)
      scores.push_back(lc::spatial_score(who, {mean, {}, {}, {}, {}}, truth, t.places.at));
    const bool labelled = t.truth.cell_columns.has(s.region) && t.known.cells.cell_columns.has(s.region) &&
                          !std::holds_alternative<std::vector<double>>(t.known.cells.cell_columns.get(s.region));
    if (labelled && !t.panel) {
      const lc::Categorical known_labels = t.known.cells.obs(s.region), labels = t.truth.obs(s.region);
      scores.front().domain = recognised(made.mean, values, known_labels, labels);
      scores[1].domain = recognised(lc::spread_kept(made.mean, spread), values, known_labels, labels);
      for (std::size_t f = 0; f < floors.size(); ++f)
        scores[f + 2].domain = recognised(floors[f].second, values, known_labels, labels);
    }
    say(lc::text(holdout, ", judged by ", truth.rows(), " places and ", truth.cols(), " genes"));
    print(scores);
    for (const lc::SpatialScore& score : scores) report["scores"][score.who] = program::numbers(score);
  }
  report["peak_memory_mb"] = program::peak_memory_mb();
  program::write_report(s.report, report);
  if (t.judged && !s.plots.empty()) {
    plots::draw_spatial(s.plots, t.known.at, spots.values, t.places.at, truth, made.mean, kriged, m->target.features(),
                        t.places.slice.front(), t.known.slice);
  }
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  const Settings settings = parse(argc, argv);
  return program::guarded("impute_spatial", [&] { return run(settings); });
}
