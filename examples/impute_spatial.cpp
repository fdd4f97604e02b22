// Learns a tissue from the places where it was measured and tells expression where it was not: between the spots, in a
// missing piece, in a missing slice, or of genes that a panel lacks; and how well it does on what is held out.

#include <cmath>
#include <cstdio>
#include <numeric>
#include <optional>

#include <latentcell/data/align_genes.hpp>
#include <latentcell/data/append_cells.hpp>
#include <latentcell/data/filter.hpp>
#include <latentcell/data/highly_variable.hpp>
#include <latentcell/data/simulate_tissue_slice.hpp>
#include <latentcell/io/h5ad.hpp>
#include <latentcell/io/read_points.hpp>
#include <latentcell/metric/subsample.hpp>
#include <latentcell/pipeline/align_slices.hpp>
#include <latentcell/pipeline/judge_spatial.hpp>

#include "program.hpp"
#include "spatial_plots.hpp"

namespace lc = latentcell;
using lc::Index;
using program::Json;
using program::now;
using program::say;

namespace {

struct Settings : program::Common {
  std::string key = "spatial", where, predict, holdout, region = "region", from;
  std::vector<std::string> slices, coordinates;
  Index genes = 0, components = 20, members = 5, draws = 64;
  double slice_gap = 1, turn = std::nan("");
  int epochs = 0;
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
  auto* hold = app.add_option("--holdout", s.holdout,
                              "what is hidden, predicted and judged by: region:NAME, spots:SHARE, slice:N, or genes:N "
                              "(N genes of one half of the cells)");
  app.add_option("--region", s.region, "obs column of regions")->capture_default_str();
  auto* genes =
      app.add_option("--genes", s.genes, "keep the most variable genes; 0 keeps those seen in 3 % of the cells or more")
          ->check(CLI::Range(0, 1000000000));
  auto* components = app.add_option("--components", s.components, "principal components of many genes")
                         ->capture_default_str()
                         ->check(CLI::Range(2, 100));
  auto* gap = app.add_option("--slice-gap", s.slice_gap, "distance of slices, in usual distances of neighbouring cells")
                  ->capture_default_str()
                  ->check(CLI::Range(0.0, 1e6));
  app.add_option(
      "--turn", s.turn,
      "about how many degrees counter-clockwise a hidden slice is to be turned; else its outline alone tells");
  auto* members = app.add_option("--members", s.members, "networks whose predictions are averaged")
                      ->capture_default_str()
                      ->check(CLI::Range(2, 100));
  app.add_option("--draws", s.draws, "of each place, for the intervals")
      ->capture_default_str()
      ->check(CLI::Range(2, 100000));
  app.add_option("--epochs", s.epochs, "of each network; 0 chooses by the number of cells")
      ->check(CLI::Range(0, 1000000000));
  app.add_option(
         "--from", s.from,
         "predict with a saved model (a file, or a --checkpoint folder) around the cells of --data or --slices, "
         "without training")
      ->excludes(hold)
      ->excludes(genes)
      ->excludes(components)
      ->excludes(gap)
      ->excludes(members);
  program::parse(app, argc, argv);
  return s;
}

// Cells with their places, all slices together; coordinates as the files have them.
struct Tissue {
  lc::CellTable cells;
  lc::Matrix<float> at;    // (N, 2)
  std::vector<int> slice;  // (N) from 0
  int slices = 1;

  Tissue part(const std::vector<Index>& rows) const {
    Tissue out{cells.select_cells(rows), lc::metric::pick_rows(lc::view(at), rows), {}, slices};
    for (const Index r : rows) out.slice.push_back(slice[lc::to_size(r)]);
    return out;
  }
};

lc::Matrix<float> coordinates_of(const lc::CellTable& cells, const std::string& key, const std::string& file) {
  const auto at = cells.embeddings.find(key);
  if (at == cells.embeddings.end()) {
    std::string known;
    for (const auto& [name, matrix] : cells.embeddings) known += (known.empty() ? "" : ", ") + name;
    lc::throw_runtime(file, ": has no coordinates in obsm '", key, "'; there are ", known.empty() ? "none" : known,
                      " (--spatial-key chooses, --coordinates gives them)");
  }
  if (at->second.cols() < 2) lc::throw_runtime(file, ": obsm '", key, "' has one column, not two coordinates");
  if (!at->second.allFinite()) lc::throw_runtime(file, ": obsm '", key, "' lacks the coordinates of some cells");
  return at->second.leftCols(2);
}

Tissue read(const Settings& s, lc::Rng& rng) {
  Tissue out;
  const bool many = !s.slices.empty();
  if (!s.coordinates.empty() && s.coordinates.size() != s.slices.size())
    lc::throw_runtime("--coordinates: ", s.coordinates.size(), " files for ", s.slices.size(), " slices");
  const std::vector<std::string> files = many ? s.slices : std::vector<std::string>{s.data};
  std::vector<lc::CellTable> tables;
  std::vector<lc::Matrix<float>> places;
  for (std::size_t k = 0; k < files.size(); ++k) {
    tables.push_back(files[k].empty() ? lc::simulate_tissue_slice({}, rng) : program::read(s, files[k]));
    lc::CellTable& t = tables.back();
    if (!s.coordinates.empty()) {
      const lc::io::Points p = lc::io::read_points(s.coordinates[k]);
      if (p.values.cols() < 2) lc::throw_runtime(s.coordinates[k], ": has one column, not two coordinates");
      if (p.values.rows() != t.cells())
        lc::throw_runtime(s.coordinates[k], ": has ", p.values.rows(), " places but ", files[k], " ", t.cells(),
                          " cells");
      places.push_back(p.values.leftCols(2).cast<float>());
      if (!places.back().allFinite()) lc::throw_runtime(s.coordinates[k], ": some places lack a coordinate");
    } else {
      places.push_back(coordinates_of(t, s.key, files[k].empty() ? "simulated cells" : files[k]));
    }
    t.embeddings.clear();
    t.strings.clear();
  }
  // Genes that all slices have.
  std::vector<std::string> shared = tables.front().gene_names;
  for (const lc::CellTable& t : tables) {
    std::vector<std::string> sorted = t.gene_names;
    std::sort(sorted.begin(), sorted.end());
    std::erase_if(shared, [&](const std::string& g) { return !std::binary_search(sorted.begin(), sorted.end(), g); });
  }
  if (shared.empty()) lc::throw_runtime("the slices have no gene in common");
  if (many) say(lc::text("note: ", shared.size(), " genes are in all ", tables.size(), " slices; others are left out"));
  out.slices = int(tables.size());
  for (std::size_t k = 0; k < tables.size(); ++k) {
    lc::CellTable t = lc::align_genes(tables[k], shared).cells;
    if (many) {
      for (std::string& name : t.cell_names) name = lc::text("slice", k + 1, "_", name);
      lc::Annotation obs(t.cells());
      obs.set("slice", std::vector<double>(lc::to_size(t.cells()), double(k + 1)));
      t.cell_columns = obs;
    }
    out.slice.insert(out.slice.end(), lc::to_size(t.cells()), int(k));
    const Index before = out.at.rows();
    out.at.conservativeResize(before + t.cells(), 2);
    out.at.bottomRows(t.cells()) = places[k];
    if (k == 0) {
      out.cells = std::move(t);
    } else {
      lc::append_cells(out.cells, t);
    }
  }
  if (!s.where.empty()) {
    const std::size_t cut = s.where.find('=');
    if (cut == std::string::npos) lc::throw_runtime("--where: '", s.where, "' is not COLUMN=VALUE");
    const std::string column = s.where.substr(0, cut), value = s.where.substr(cut + 1);
    const lc::Column& of = out.cells.cell_columns.get(column);
    std::vector<Index> rows;
    for (Index i = 0; i < out.cells.cells(); ++i) {
      bool same = false;
      if (const auto* numbers = std::get_if<std::vector<double>>(&of)) {
        same = lc::text((*numbers)[lc::to_size(i)]) == value;
      } else {
        const lc::Categorical labels = out.cells.obs(column);
        const int wanted = labels.code(value);
        for (Index k = 0; k < out.cells.cells(); ++k) {
          if (labels.codes[lc::to_size(k)] == wanted) rows.push_back(k);
        }
        break;
      }
      if (same) rows.push_back(i);
    }
    if (rows.empty()) lc::throw_runtime("--where: no cell has ", s.where);
    say(lc::text("note: ", rows.size(), " of ", out.cells.cells(), " cells have ", s.where));
    out = out.part(rows);
  }
  return out;
}

// What is known, and the places to predict.
struct Task {
  Tissue known, places;            // of genes:N the places have the panel's genes alone
  std::vector<std::string> genes;  // to predict, of genes:N
  bool judged = false, panel = false, own_slice = false;
  lc::Matrix<float> truth_counts;  // unused where nothing is judged
  lc::CellTable truth;
};

Task split(const Settings& s, const std::string& holdout, Tissue all, lc::Rng& rng) {
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
      const lc::Categorical regions = [&] {
        try {
          return all.cells.obs(s.region);
        } catch (const std::invalid_argument& e) {
          lc::throw_runtime(e.what(), " (--region chooses)");
        }
      }();
      const int code = [&] {
        try {
          return regions.code(what);
        } catch (const std::invalid_argument& e) {
          lc::throw_runtime("--holdout: ", e.what(), " in '", s.region, "'");
        }
      }();
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
    } else {
      lc::throw_runtime("--holdout: '", holdout, "' is none of region:NAME, spots:SHARE, slice:N, genes:N");
    }
    t.judged = true;
    t.places = all.part(out);
    t.truth = t.places.cells;
    if (t.places.cells.cells() < 8) lc::throw_runtime("--holdout: only ", t.places.cells.cells(), " cells are hidden");
  } else {
    take([](Index) { return false; });
  }
  t.known = all.part(kept);
  if (t.known.cells.cells() < 40) lc::throw_runtime("only ", t.known.cells.cells(), " cells are known: too few");
  return t;
}

// Places from --predict.
Tissue wanted_places(const Settings& s, int slices) {
  const lc::io::Points p = lc::io::read_points(s.predict);
  if (p.values.cols() < 2) lc::throw_runtime(s.predict, ": has one column, not two coordinates");
  if (slices > 1 && p.values.cols() < 3)
    lc::throw_runtime(s.predict, ": needs x, y and slice, as there are ", slices, " slices");
  Tissue out;
  out.slices = slices;
  const Index n = p.values.rows();
  out.at = p.values.leftCols(2).cast<float>();
  for (Index i = 0; i < n; ++i) {
    if (!out.at.row(i).allFinite()) lc::throw_runtime(s.predict, ": place ", i + 1, " lacks a coordinate");
    const int slice = slices > 1 ? int(p.values(i, 2)) - 1 : 0;
    if (slice < 0 || slice >= slices) lc::throw_runtime(s.predict, ": place ", i + 1, " lies in no slice");
    out.slice.push_back(slice);
    out.cells.cell_names.push_back(lc::text("place_", i + 1));
  }
  out.cells.cell_columns = lc::Annotation(n);
  if (slices > 1) {
    std::vector<double> column;
    for (const int k : out.slice) column.push_back(k + 1);
    out.cells.cell_columns.set("slice", column);
  }
  return out;
}

// Brings all slices into the frame of the first known one, in units of the usual distance of neighbours.
void one_frame(Tissue& known, Tissue& places, const lc::Matrix<float>& features, double turn, Json& report) {
  const auto rows_of = [](const Tissue& t, int slice) {
    std::vector<Index> out;
    for (Index i = 0; i < Index(t.slice.size()); ++i) {
      if (t.slice[lc::to_size(i)] == slice) out.push_back(i);
    }
    return out;
  };
  const auto pick = [](const lc::Matrix<float>& m, const std::vector<Index>& rows) {
    return lc::metric::pick_rows(lc::view(m), rows);
  };
  int last = -1;  // nearest slice before that is in the frame already
  std::vector<int> waiting;
  const auto move_to = [&](int from, const std::vector<int>& to, bool with_features) {
    std::vector<Index> a;
    for (const int slice : to) {
      const std::vector<Index> rows = rows_of(known, slice);
      a.insert(a.end(), rows.begin(), rows.end());
    }
    const std::vector<Index> b = rows_of(known, from), c = rows_of(places, from);
    lc::Matrix<float> all(Index(b.size() + c.size()), 2);
    all << pick(known.at, b), pick(places.at, c);
    const std::optional<double> about = std::isnan(turn) ? std::nullopt : std::optional(turn * 3.14159265358979 / 180);
    const lc::RigidMotion motion =
        with_features ? lc::align_slices(pick(known.at, a), pick(known.at, b), pick(features, a), pick(features, b))
                      : lc::align_slices(pick(known.at, a), all, {}, {}, about);
    const lc::Matrix<float> moved = motion(all);
    for (std::size_t i = 0; i < b.size(); ++i) known.at.row(b[i]) = moved.row(Index(i));
    for (std::size_t i = 0; i < c.size(); ++i) places.at.row(c[i]) = moved.row(Index(b.size() + i));
    report["alignment"].push_back({{"slice", from + 1},
                                   {"to", to.front() + 1},
                                   {"by", with_features ? "expression" : "outline"},
                                   {"degrees", motion.angle * 180 / 3.14159265358979},
                                   {"cost", motion.cost}});
  };
  for (int k = 0; k < known.slices; ++k) {
    if (rows_of(known, k).size() < 3) {
      waiting.push_back(k);
      continue;
    }
    if (last >= 0) move_to(k, {last}, true);
    last = k;
  }
  for (const int k : waiting) {
    // By its outline, onto the nearest known slices of either side.
    std::vector<int> around;
    for (const int step : {-1, 1}) {
      for (int j = k + step; j >= 0 && j < known.slices; j += step) {
        if (rows_of(known, j).size() < 3) continue;
        around.push_back(j);
        break;
      }
    }
    if (rows_of(places, k).size() >= 3) move_to(k, around, false);
  }
}

// Divides both by the usual distance between neighbours.
void one_unit(Tissue& known, Tissue& places) {
  double unit = 0;
  Index used = 0;
  for (int k = 0; k < known.slices; ++k) {
    std::vector<Index> rows;
    for (Index i = 0; i < Index(known.slice.size()); ++i) {
      if (known.slice[lc::to_size(i)] == k) rows.push_back(i);
    }
    if (rows.size() < 2) continue;
    const lc::Matrix<float> at = lc::metric::pick_rows(lc::view(std::as_const(known.at)), rows);
    const lc::kernel::Neighbors near = lc::kernel::nearest_neighbors(lc::view(at), 1);
    for (Index i = 0; i < at.rows(); ++i) unit += near.distance(i, 0), ++used;
  }
  unit /= double(std::max<Index>(1, used));
  if (!(unit > 0)) lc::throw_runtime("all cells lie at the same place");
  known.at /= float(unit);
  places.at /= float(unit);
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
  o.ensemble.members = s.members;
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
  const lc::FitOptions fit{.epochs = s.epochs > 0 ? s.epochs : program::epochs_for(cells, 64, 1500, 8, 300),
                           .batch = 64,
                           .learning_rate = 1e-3f,
                           .weight_decay = 0.1f,
                           .ema = 0.99f,
                           .seed = s.seed};
  report["training"] = program::to_json(fit);
  say(lc::text("training on ", cells, " cells, ", p.genes.size(), " genes to predict, each told by ", m.told(),
               " numbers"));
  lc::Rng bare_rng(s.seed, 7);
  const lc::Matrix<float> told = lc::tell_known(m, known, own, bare_rng);
  lc::StopOnSignal stop;
  for (Index k = 0; k < s.members; ++k) {
    lc::TrainState<float> state;
    if (!program::train_stage(
            s, lc::text("flow_", k + 1), m.flows.members[lc::to_size(k)], state, stop, report,
            [&](auto& st, auto&&... hooks) { lc::fit_member(st, m, k, known, p.target, own, fit, hooks...); })) {
      return std::nullopt;
    }
  }
  lc::Rng calibration(s.seed, 12);
  lc::learn_trust(m, p.target, told, s.seed, calibration);
  lc::calibrate_intervals(m, p.target, told, s.seed, {.draws = s.draws}, calibration);
  if (!s.checkpoint.empty()) lc::save(s.checkpoint + "/model.safetensors", m);
  return m;
}

void write(const Settings& s, const lc::Spatial& m, const Tissue& places, const lc::Matrix<float>& original,
           lc::WithIntervals made) {
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
  out.embeddings["spread_kept"] = lc::spread_kept(m, made.mean);
  out.embeddings["low50"] = std::move(made.low50);
  out.embeddings["high50"] = std::move(made.high50);
  out.embeddings["low80"] = std::move(made.low80);
  out.embeddings["high80"] = std::move(made.high80);
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
  program::check_writable(s);
  lc::set_threads(s.threads > 0 ? s.threads : lc::threads());
  lc::Rng rng(s.seed);
  Json report{{"program", lc::text("impute_spatial ", lc::version)}};
  report["settings"] = {
      {"data", s.data},       {"slices", s.slices},       {"spatial_key", s.key}, {"where", s.where},
      {"predict", s.predict}, {"holdout", s.holdout},     {"genes", s.genes},     {"components", s.components},
      {"members", s.members}, {"slice_gap", s.slice_gap}, {"seed", s.seed},       {"threads", lc::threads()},
      {"from", s.from}};
  const bool simulated = s.data.empty() && s.slices.empty();
  const std::string holdout =
      simulated && s.holdout.empty() && s.predict.empty() && s.from.empty() ? "spots:0.5" : s.holdout;
  if (holdout.empty() == s.predict.empty())
    lc::throw_runtime("say where to predict: coordinates (--predict) or what is held out (--holdout), one of them");
  if (!s.from.empty() && simulated) lc::throw_runtime("--from needs the cells around (--data or --slices)");
  Task t = split(s, holdout, read(s, rng), rng);
  if (!t.judged) t.places = wanted_places(s, t.known.slices);
  for (const int k : t.places.slice) {
    if (std::count(t.known.slice.begin(), t.known.slice.end(), k) == 0) t.own_slice = true;
  }
  const lc::Matrix<float> original = t.places.at;
  std::optional<lc::Spatial> m;
  Prepared p;
  lc::Matrix<float> own, own_places;
  const auto place = [&](const lc::ModalityCode& target) {
    one_unit(t.known, t.places);
    if (t.known.slices > 1) {
      const lc::Matrix<float> z = target.encode(p.target);
      one_frame(t.known, t.places, z.leftCols(std::min<Index>(z.cols(), 10)), s.turn, report);
    }
  };
  if (!s.from.empty()) {
    const bool folder = std::filesystem::is_directory(s.from);
    m = lc::load_spatial(folder ? s.from + "/model.safetensors" : s.from);
    if (!m->panel.empty()) lc::throw_runtime(s.from, ": predicts genes from a panel, not places");
    p.genes = m->target.features;
    p.target = modality_of(t.known.cells, p.genes, "expression", nullptr, 0);
    place(m->target);
  } else {
    p = prepare(s, t);
    lc::Rng code_rng(s.seed, 6);
    lc::ModalityCode target("expression", p.genes,
                            std::min<Index>({s.components, Index(p.genes.size()) - 1, t.known.cells.cells() - 2}));
    target.start(p.target, code_rng);
    std::vector<lc::ModalityCode> panel;
    if (t.panel) {
      panel.emplace_back("panel", p.panel_genes,
                         std::min<Index>({s.components, Index(p.panel_genes.size()) - 1, t.known.cells.cells() - 2}));
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
  lc::WithIntervals made = lc::predict(*m, told, {.draws = s.draws}, draw_rng);
  made.mean = made.mean.array().max(0.0f);
  report["prediction"] = {{"places", told.rows()}, {"seconds", now() - start}};
  if (t.judged) {
    const lc::Matrix<float> truth = m->target.log_normalized(p.truth), values = m->target.log_normalized(p.target);
    std::vector<lc::SpatialScore> scores{lc::spatial_score("latentcell", made, truth, t.places.at)};
    scores.push_back(lc::spatial_score("latentcell, spread kept", {lc::spread_kept(*m, made.mean), {}, {}, {}, {}},
                                       truth, t.places.at));
    lc::Rng floor_rng(s.seed, 31);
    std::vector<float> bare = m->options.bare;
    std::nth_element(bare.begin(), bare.begin() + std::ptrdiff_t(bare.size() / 2), bare.end());
    const lc::SpatialCells genes{t.known.at, t.known.slice, values};
    const auto floors =
        lc::spatial_floors(genes, t.places.at, t.places.slice, {double(bare[bare.size() / 2]), t.own_slice},
                           s.slice_gap, own, own_places, floor_rng);
    for (const auto& [who, mean] : floors)
      scores.push_back(lc::spatial_score(who, {mean, {}, {}, {}, {}}, truth, t.places.at));
    if (t.known.cells.cell_columns.has(s.region) && t.truth.cell_columns.has(s.region) && !t.panel) {
      const lc::Categorical known_labels = t.known.cells.obs(s.region), labels = t.truth.obs(s.region);
      scores.front().domain = recognised(made.mean, values, known_labels, labels);
      scores[1].domain = recognised(lc::spread_kept(*m, made.mean), values, known_labels, labels);
      for (std::size_t f = 0; f < floors.size(); ++f)
        scores[f + 2].domain = recognised(floors[f].second, values, known_labels, labels);
    }
    say(lc::text(holdout, ", judged by ", truth.rows(), " places and ", truth.cols(), " genes"));
    print(scores);
    for (const lc::SpatialScore& score : scores) report["scores"][score.who] = program::numbers(score);
    if (!s.plots.empty()) {
      const lc::Matrix<float>& kriged = floors[3].second;
      plots::draw_spatial(s.plots, t.known.at, values, t.places.at, truth, made.mean, kriged, m->target.features,
                          t.places.slice.front(), t.known.slice);
    }
  }
  write(s, *m, t.places, original, std::move(made));
  report["peak_memory_mb"] = program::peak_memory_mb();
  program::write_report(s.report, report);
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  const Settings settings = parse(argc, argv);
  return program::guarded("impute_spatial", [&] { return run(settings); });
}
