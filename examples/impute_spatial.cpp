// Learns a tissue from the places where it was measured and tells expression where it was not: between the spots, in a
// missing piece, in a missing slice, or of genes that a panel lacks; and how well it does on what is held out.

#include <cmath>
#include <cstdio>
#include <numeric>
#include <optional>

#include <latentcell/data/align_genes.hpp>
#include <latentcell/data/filter.hpp>
#include <latentcell/data/highly_variable.hpp>
#include <latentcell/data/simulate_tissue_slice.hpp>
#include <latentcell/io/h5ad.hpp>
#include <latentcell/metric/subsample.hpp>
#include <latentcell/pipeline/judge_spatial.hpp>
#include <latentcell/pipeline/within_spots.hpp>

#include "ensemble.hpp"
#include "spatial_plots.hpp"
#include "tissue.hpp"

namespace lc = latentcell;
using lc::Index;
using program::Json;
using program::now;
using program::say;
using program::Tissue;

namespace {

struct Settings : program::Common {
  std::string key = "spatial", where, predict, holdout, region = "region", from;
  std::vector<std::string> slices, coordinates;
  Index genes = 0;
  double slice_gap = 1, turn = std::nan("");
  bool within = false;
  program::EnsembleSettings ensemble{.components = 20};
};

Settings parse(int argc, char** argv) {
  Settings s;
  s.out = "predicted.h5ad";
  CLI::App app(
      "Tells expression at places of a tissue where it was not measured.\nWithout --data or --slices it runs on a "
      "simulated slice.");
  auto* data = program::add_common(app, s);
  app.add_option("--spatial-key", s.key, "obsm entry of coordinates")->capture_default_str();
  auto* slices = app.add_option("--slices", s.slices, "files of neighbouring slices, in order, a comma between")
                     ->delimiter(',')
                     ->excludes(data);
  app.add_option("--coordinates", s.coordinates, "CSV of coordinates for each slice, where the files hold none")
      ->delimiter(',')
      ->needs(slices);
  app.add_option("--where", s.where, "COLUMN=VALUE: only these cells");
  app.add_option("--predict", s.predict, "CSV of coordinates to predict: x, y and, of several slices, slice (from 1)");
  auto* hold =
      app.add_option("--holdout", s.holdout,
                     "what is hidden, predicted and judged by: region:NAME, spots:SHARE, slice:N, genes:N (N genes of "
                     "one half of the cells), or grid:N (single cells from squares N usual distances wide)");
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
  within->excludes(hold);
  const auto own = program::add_ensemble(app, s.ensemble, "principal components of many genes");
  auto* from = app.add_option("--from", s.from,
                              "predict with a saved model (a file, or a --checkpoint folder) around the cells of "
                              "--data or --slices, without training");
  from->excludes(hold)->excludes(genes)->excludes(gap);
  for (CLI::Option* option : own) from->excludes(option);
  program::parse(app, argc, argv);
  return s;
}

// What is known, and the places to predict.
struct Task {
  Tissue known, places;            // of genes:N the places have the panel's genes alone
  std::vector<std::string> genes;  // to predict, of genes:N
  bool judged = false, panel = false, own_slice = false;
  std::vector<Index> spot;  // within spots: that of each place; else none
  bool means = false;       // the spots' counts are means over their cells, not sums
  lc::CellTable truth;
};

Task split(const Settings& s, const std::string& holdout, const Tissue& all, lc::Rng& rng) {
  Task t;
  const Index n = all.cells.cells();
  std::vector<Index> kept, out;
  const auto take = [&](auto hides) {
    for (Index i = 0; i < n; ++i) (hides(i) ? out : kept).push_back(i);
  };
  if (!holdout.empty()) {
    const std::size_t cut = holdout.find(':');
    const std::string kind = holdout.substr(0, cut), what = cut == std::string::npos ? "" : holdout.substr(cut + 1);
    const auto number = [&] {
      char* end = nullptr;
      const double value = std::strtod(what.c_str(), &end);
      if (what.empty() || *end != '\0') lc::throw_runtime("--holdout: '", what, "' in '", holdout, "' is not a number");
      return value;
    };
    if (kind == "region") {
      const lc::Categorical regions = program::labels_of(all.cells, s.region, "--region");
      const int code = program::level_of(regions, what, "--holdout", s.region);
      take([&](Index i) { return regions.codes[lc::to_size(i)] == code; });
    } else if (kind == "spots") {
      const double share = number();
      if (!(share > 0 && share < 1)) lc::throw_runtime("--holdout: a share of spots lies between 0 and 1, not ", share);
      const std::vector<Index> hidden = lc::metric::subsample_rows(n, Index(share * double(n)), rng);
      take([&](Index i) { return std::binary_search(hidden.begin(), hidden.end(), i); });
    } else if (kind == "slice") {
      const int slice = int(number());
      if (all.slices < 2) lc::throw_runtime("--holdout: there is one slice alone (--slices)");
      if (slice < 1 || slice > all.slices)
        lc::throw_runtime("--holdout: there are slices 1 to ", all.slices, ", not ", slice);
      take([&](Index i) { return all.slice[lc::to_size(i)] == slice - 1; });
      t.own_slice = true;
    } else if (kind == "genes") {
      const Index count = Index(number());
      if (count < 1 || count >= all.cells.genes())
        lc::throw_runtime("--holdout: of ", all.cells.genes(), " genes 1 to ", all.cells.genes() - 1,
                          " can be held out, not ", count);
      const std::vector<Index> hidden = lc::metric::subsample_rows(n, n / 2, rng);
      take([&](Index i) { return std::binary_search(hidden.begin(), hidden.end(), i); });
      for (const Index g : lc::metric::subsample_rows(all.cells.genes(), count, rng))
        t.genes.push_back(all.cells.gene_names[lc::to_size(g)]);
      t.panel = true;
    } else if (kind == "grid") {
      const double side = number();
      if (!(side > 1)) lc::throw_runtime("--holdout: a grid's squares are more than 1 usual distance wide, not ", side);
      take([](Index) { return true; });
      t.known = program::coarsened(all, side * program::usual_distance(all), t.spot);
      t.means = true;
    } else {
      lc::throw_runtime("--holdout: '", holdout, "' is none of region:NAME, spots:SHARE, slice:N, genes:N, grid:N");
    }
    t.judged = true;
    t.places = all.part(out);
    t.truth = t.places.cells;
    if (t.places.cells.cells() < 8) lc::throw_runtime("--holdout: only ", t.places.cells.cells(), " cells are hidden");
  } else {
    take([](Index) { return false; });
  }
  if (!kept.empty()) t.known = all.part(kept);
  if (t.known.cells.cells() < 40) lc::throw_runtime("only ", t.known.cells.cells(), " cells are known: too few");
  return t;
}

// Counts of some genes; of a panel's other genes at the depth of the panel.
lc::Modality modality_of(const lc::CellTable& cells, const std::vector<std::string>& genes, const std::string& name,
                         const lc::CellTable* panel, double depth) {
  lc::CellTable some = lc::align_genes(cells, genes).cells;
  lc::Modality out{name, std::move(some.counts), std::vector<char>(lc::to_size(cells.cells()), 1), genes};
  if (panel == nullptr) return out;
  lc::Counts scaled(Index(genes.size()));
  const lc::CountsView c = out.counts.view(), p = panel->counts.view();
  for (Index i = 0; i < c.rows; ++i) {
    const double total = std::max(1.0, p.row_sum(i));
    for (std::size_t k = 0; k < c.row_columns(i).size(); ++k)
      scaled.push(c.row_columns(i)[k], float(double(c.row_values(i)[k]) * depth / total));
    scaled.end_row();
  }
  out.counts = std::move(scaled);
  out.scaled = true;
  return out;
}

// Known cells, places and truth as the model takes them.
struct Prepared {
  lc::Modality target, panel, panel_places, truth;
  std::vector<std::string> genes, panel_genes;
};

Prepared prepare(const Settings& s, const Task& t) {
  Prepared p;
  const Index least = std::max<Index>(3, Index(0.03 * double(t.known.cells.cells())));
  lc::CellTable known = lc::filter_genes(t.known.cells, lc::GeneFilterOptions{.min_cells = least});
  if (known.genes() < 2) lc::throw_runtime("fewer than two genes are seen in ", least, " cells or more");
  if (s.genes > 0 && s.genes < known.genes())
    known = known.select_genes(lc::highly_variable(known.counts, {.genes = s.genes}).genes);
  for (const std::string& g : known.gene_names) {
    const bool hidden = std::count(t.genes.begin(), t.genes.end(), g) > 0;
    (t.panel && !hidden ? p.panel_genes : p.genes).push_back(g);
  }
  if (p.genes.empty() || (t.panel && p.panel_genes.empty()))
    lc::throw_runtime("--holdout: the held-out genes are hardly seen, or the only ones that are");
  if (!t.panel) {
    p.target = modality_of(t.known.cells, p.genes, "expression", nullptr, 0);
    if (t.judged) p.truth = modality_of(t.truth, p.genes, "expression", nullptr, 0);
    return p;
  }
  const lc::CellTable panel = lc::align_genes(t.known.cells, p.panel_genes).cells,
                      panel_places = lc::align_genes(t.places.cells, p.panel_genes).cells;
  const lc::Totals totals = lc::cell_totals(panel.counts);
  std::vector<double> sorted = totals.counts;
  std::nth_element(sorted.begin(), sorted.begin() + std::ptrdiff_t(sorted.size() / 2), sorted.end());
  const double depth = std::max(1.0, sorted[sorted.size() / 2]);
  p.target = modality_of(t.known.cells, p.genes, "expression", &panel, depth);
  p.panel = modality_of(panel, p.panel_genes, "panel", nullptr, 0);
  p.panel_places = modality_of(panel_places, p.panel_genes, "panel", nullptr, 0);
  if (t.judged) p.truth = modality_of(t.truth, p.genes, "expression", &panel_places, depth);
  return p;
}

std::optional<lc::Spatial> train(const Settings& s, const Task& t, const Prepared& p, const lc::Matrix<float>& own,
                                 lc::ModalityCode target, std::vector<lc::ModalityCode> panel, Json& report) {
  lc::Rng rng(s.seed, 5);
  lc::SpatialOptions o;
  o.ensemble.members = s.ensemble.members;
  o.context.slice_gap = s.slice_gap;
  o.own_slice = t.own_slice;
  if (!t.places.at.size() || t.panel) {
    o.bare = {0.0f};
  } else if (!t.own_slice) {
    const lc::kernel::Neighbors near = lc::kernel::nearest_neighbors(lc::view(t.places.at), lc::view(t.known.at), 1);
    o.bare.clear();
    for (Index i = 0; i < t.places.at.rows(); ++i) o.bare.push_back(float(near.distance(i, 0)));
  }
  lc::Spatial m(o, std::move(target), std::move(panel), rng);
  const lc::SpatialCells known = lc::spatial_cells(m, t.known.at, t.known.slice, p.target);
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
        lc::fit_member(state, m, k, known, p.target, own, fit, hooks...);
      })) {
    return std::nullopt;
  }
  lc::Rng calibration(s.seed, 12);
  lc::learn_trust(m, p.target, told, s.seed, calibration);
  lc::calibrate_intervals(m, p.target, told, s.seed, {.draws = s.ensemble.draws}, calibration);
  program::keep(s, m);
  return m;
}

// What single cells of each spot show, learned from the spots.
lc::SplitCells split_spots(const lc::Spatial& m, const lc::SpatialCells& spots, const lc::Modality& target,
                           const Task& t, Index draws, lc::Rng& rng, Json& report) {
  const std::vector<Index> cells = lc::places_of_spots(t.spot, spots.cells());
  lc::Matrix<float> counts = lc::ModalityCode::dense(target.counts);
  for (Index i = 0; i < counts.rows() && t.means; ++i) counts.row(i) *= float(cells[lc::to_size(i)]);
  counts = counts.array().round();
  const double depth = double(m.target.depth.value(0, 0));
  const lc::SpotSplit split = lc::learn_split(spots, counts, cells);
  const auto entry = [](const lc::Evenness& e) { return Json{{"cell", e.cell}, {"apart", e.apart}}; };
  report["split"]["totals"] = entry(split.totals);
  for (std::size_t g = 0; g < split.genes.size(); ++g)
    report["split"]["genes"][m.target.features[g]] = entry(split.genes[g]);
  return lc::split_cells(split, counts, cells, depth, draws, rng);
}

void write(const Settings& s, const lc::Spatial& m, const Tissue& places, const lc::Matrix<float>& original,
           lc::WithIntervals made, const lc::RowVector<float>& spread) {
  lc::CellTable out;
  out.cell_names = places.cells.cell_names;
  out.cell_columns = places.cells.cell_columns;
  out.gene_names = m.target.features;
  out.gene_columns = lc::Annotation(Index(m.target.features.size()));
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
                               lc::text("X: log1p of counts at a depth of ", m.target.depth.value(0, 0))};
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
  const std::string holdout =
      simulated && s.holdout.empty() && s.predict.empty() && s.from.empty() ? "spots:0.5" : s.holdout;
  if (holdout.empty() == s.predict.empty())
    lc::throw_runtime("say where to predict: coordinates (--predict) or what is held out (--holdout), one of them");
  if (!s.from.empty() && simulated) lc::throw_runtime("--from needs the cells around (--data or --slices)");
  Tissue all = simulated          ? program::one_slice(lc::simulate_tissue_slice({}, rng), s.key, "simulated cells")
               : s.slices.empty() ? program::one_slice(program::read(s, s.data), s.key, s.data)
                                  : program::many_slices(s, s.slices, s.coordinates, s.key);
  if (!s.where.empty()) all = program::only_where(all, s.where);
  Task t = split(s, holdout, all, rng);
  if (!t.judged) t.places = program::wanted_places(s.predict, t.known.slices);
  for (const int k : t.places.slice) {
    if (std::count(t.known.slice.begin(), t.known.slice.end(), k) == 0) t.own_slice = true;
  }
  const lc::Matrix<float> original = t.places.at;
  std::optional<lc::Spatial> m;
  Prepared p;
  lc::Matrix<float> own, own_places;
  const auto place = [&](const lc::ModalityCode& target) {
    program::one_unit(t.known, t.places);
    if (t.known.slices > 1) {
      const lc::Matrix<float> z = target.encode(p.target);
      program::one_frame(t.known, t.places, z.leftCols(std::min<Index>(z.cols(), 10)), s.turn, report);
    }
  };
  if (!s.from.empty()) {
    m = lc::load_spatial(program::model_file(s.from));
    if (!m->panel.empty()) lc::throw_runtime(s.from, ": predicts genes from a panel, not places");
    p.genes = m->target.features;
    p.target = modality_of(t.known.cells, p.genes, "expression", nullptr, 0);
    place(m->target);
  } else {
    p = prepare(s, t);
    lc::Rng code_rng(s.seed, 6);
    lc::ModalityCode target(
        "expression", p.genes,
        std::min<Index>({s.ensemble.components, Index(p.genes.size()) - 1, t.known.cells.cells() - 2}));
    target.start(p.target, code_rng);
    std::vector<lc::ModalityCode> panel;
    if (t.panel) {
      panel.emplace_back(
          "panel", p.panel_genes,
          std::min<Index>({s.ensemble.components, Index(p.panel_genes.size()) - 1, t.known.cells.cells() - 2}));
      panel.front().start(p.panel, code_rng);
      own = panel.front().tell(p.panel);
      own_places = panel.front().tell(p.panel_places);
    }
    place(target);
    m = train(s, t, p, own, std::move(target), std::move(panel), report);
    if (!m) return program::stopped(s);
  }
  const double start = now();
  const lc::SpatialCells known = lc::spatial_cells(*m, t.known.at, t.known.slice, p.target);
  lc::Rng draw_rng(s.seed, 9);
  const lc::Matrix<float> told = lc::tell_places(*m, known, t.places.at, t.places.slice, own_places);
  lc::WithIntervals made = lc::predict(*m, told, {.draws = s.ensemble.draws}, draw_rng);
  made.mean = made.mean.array().max(0.0f);
  const lc::SpatialCells spots{t.known.at, t.known.slice, m->target.log_normalized(p.target)};
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
  if (t.judged) {
    const lc::Matrix<float> truth = m->target.log_normalized(p.truth);
    const lc::Matrix<float>& values = spots.values;
    std::vector<lc::SpatialScore> scores{lc::spatial_score("latentcell", made, truth, t.places.at)};
    scores.push_back(lc::spatial_score("latentcell, spread kept", {lc::spread_kept(made.mean, spread), {}, {}, {}, {}},
                                       truth, t.places.at));
    lc::Rng floor_rng(s.seed, 31);
    auto floors = lc::spatial_floors(spots, t.places.at, t.places.slice, lc::usual_gap(m->options), s.slice_gap, own,
                                     own_places, floor_rng);
    if (!t.spot.empty()) {
      const lc::Matrix<float> kriged = floors[3].second;
      floors.emplace_back("kriging, coherent", (kriged + lc::coherence(values, t.spot, kriged)).array().max(0.0f));
      floors.emplace_back("kriging, split alike", lc::within_spots(cells, t.spot, kriged).mean);
    }
    for (const auto& [who, mean] : floors)
      scores.push_back(lc::spatial_score(who, {mean, {}, {}, {}, {}}, truth, t.places.at));
    if (t.known.cells.cell_columns.has(s.region) && t.truth.cell_columns.has(s.region) && !t.panel) {
      const lc::Categorical known_labels = t.known.cells.obs(s.region), labels = t.truth.obs(s.region);
      scores.front().domain = recognised(made.mean, values, known_labels, labels);
      scores[1].domain = recognised(lc::spread_kept(made.mean, spread), values, known_labels, labels);
      for (std::size_t f = 0; f < floors.size(); ++f)
        scores[f + 2].domain = recognised(floors[f].second, values, known_labels, labels);
    }
    say(lc::text(holdout, ", judged by ", truth.rows(), " places and ", truth.cols(), " genes"));
    print(scores);
    for (const lc::SpatialScore& score : scores) report["scores"][score.who] = program::numbers(score);
    if (!s.plots.empty()) {
      const lc::Matrix<float>& kriged =
          !t.spot.empty() ? floors.back().second : floors[3].second;  // treated as the model is
      plots::draw_spatial(s.plots, t.known.at, values, t.places.at, truth, made.mean, kriged, m->target.features,
                          t.places.slice.front(), t.known.slice);
    }
  }
  write(s, *m, t.places, original, std::move(made), spread);
  report["peak_memory_mb"] = program::peak_memory_mb();
  program::write_report(s.report, report);
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  const Settings settings = parse(argc, argv);
  return program::guarded("impute_spatial", [&] { return run(settings); });
}
