#pragma once

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include <latentcell/data/align_genes.hpp>
#include <latentcell/data/filter.hpp>
#include <latentcell/data/highly_variable.hpp>
#include <latentcell/metric/subsample.hpp>
#include <latentcell/spatial/model.hpp>

#include "ensemble.hpp"
#include "tissue.hpp"

// What impute_spatial is asked for: which cells are known, what is to be predicted, and both as the model takes them.

namespace program {

struct SpatialSettings : Common {
  std::string key = "spatial", where, predict, panel, holdout, region = "region", from;
  std::vector<std::string> slices, coordinates;
  Index genes = 0;
  double slice_gap = 1, turn = std::nan("");
  bool within = false;
  EnsembleSettings ensemble{.components = 20};
};

/// What is known, and the places to predict.
struct Task {
  Tissue known, places;                                   // beside a panel the places have its genes alone
  std::vector<std::string> genes;                         // to predict beside a panel; else all
  bool judged = false, panel = false, own_slice = false;  // own_slice: a slice without known cells is among the places
  std::vector<Index> spot;                                // within spots: that of each place; else none
  bool means = false;                                     // the spots' counts are means over their cells, not sums
  lc::CellTable truth;
};

/// The slice that is held out, from 0, or -1.
inline int hidden_slice(const std::string& holdout) {
  const std::string kind = "slice:";
  return holdout.rfind(kind, 0) == 0 ? std::atoi(holdout.c_str() + kind.size()) - 1 : -1;
}

/// Cells that were measured with fewer genes, and the genes they lack.
inline Task panel_task(const SpatialSettings& s, const Tissue& all) {
  Task t;
  t.known = all;
  t.panel = true;
  t.places = one_slice(read(s, s.panel), s.key, s.panel);
  t.places.slices = all.slices;
  if (all.slices > 1) put_into_slices(t.places, s.panel);
  std::vector<std::string> measured = t.places.cells.gene_names;
  std::sort(measured.begin(), measured.end());
  for (const std::string& g : all.cells.gene_names) {
    if (!std::binary_search(measured.begin(), measured.end(), g)) t.genes.push_back(g);
  }
  const std::size_t shared = all.cells.gene_names.size() - t.genes.size();
  if (shared == 0) lc::throw_runtime(s.panel, ": has no gene of the known cells, so its panel tells nothing");
  if (t.genes.empty()) lc::throw_runtime(s.panel, ": has all genes of the known cells: there is none to predict");
  say(lc::text("note: the panel of ", s.panel, " has ", shared, " genes of the known cells and lacks ",
               t.genes.size()));
  return t;
}

inline Task split(const SpatialSettings& s, const std::string& holdout, const Tissue& all, lc::Rng& rng) {
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
      const lc::Categorical regions = labels_of(all.cells, s.region, "--region");
      const int code = level_of(regions, what, "--holdout", s.region);
      take([&](Index i) { return regions.codes[lc::to_size(i)] == code; });
    } else if (kind == "spots") {
      const double share = number();
      if (!(share > 0 && share < 1)) lc::throw_runtime("--holdout: a share of spots lies between 0 and 1, not ", share);
      const std::vector<Index> hidden = lc::metric::subsample_rows(n, Index(share * double(n)), rng);
      take([&](Index i) { return std::binary_search(hidden.begin(), hidden.end(), i); });
    } else if (kind == "slice") {
      const double slice = number();
      if (all.slices < 2) lc::throw_runtime("--holdout: there is one slice alone (--slices)");
      if (!(slice >= 1 && slice <= all.slices) || slice != std::floor(slice))
        lc::throw_runtime("--holdout: there are slices 1 to ", all.slices, ", not ", what);
      take([&](Index i) { return all.slice[lc::to_size(i)] == slice - 1; });
      t.own_slice = true;
    } else if (kind == "genes") {
      const double wanted = number();
      if (!(wanted >= 1 && wanted < double(all.cells.genes())) || wanted != std::floor(wanted))
        lc::throw_runtime("--holdout: of ", all.cells.genes(), " genes 1 to ", all.cells.genes() - 1,
                          " can be held out, not ", what);
      const Index count = Index(wanted);
      const std::vector<Index> hidden = lc::metric::subsample_rows(n, n / 2, rng);
      take([&](Index i) { return std::binary_search(hidden.begin(), hidden.end(), i); });
      for (const Index g : lc::metric::subsample_rows(all.cells.genes(), count, rng))
        t.genes.push_back(all.cells.gene_names[lc::to_size(g)]);
      t.panel = true;
    } else if (kind == "grid") {
      const double side = number();
      if (!(side > 1)) lc::throw_runtime("--holdout: a grid's squares are more than 1 usual distance wide, not ", side);
      take([](Index) { return true; });
      t.known = coarsened(all, side * usual_distance(all), t.spot);
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
  return t;
}

/// How bare each place to predict is: its distance to the nearest known cell; beside a panel 0 where known cells lie as
/// far from each other, since there the panel says more than the surroundings that would be left out.
inline std::vector<float> distances_to_leave_out(const Task& t) {
  const lc::kernel::Neighbors near = lc::kernel::nearest_neighbors(lc::view(t.places.at), lc::view(t.known.at), 1);
  std::vector<float> out(near.distance.data(), near.distance.data() + near.distance.size());
  if (!t.panel) return out;
  const lc::kernel::Neighbors apart = lc::kernel::nearest_neighbors(lc::view(t.known.at), 1);
  std::vector<float> usual(apart.distance.data(), apart.distance.data() + apart.distance.size());
  const auto high = usual.begin() + std::ptrdiff_t(0.95 * double(usual.size() - 1));
  std::nth_element(usual.begin(), high, usual.end());
  for (float& distance : out) distance = distance > *high ? distance : 0.0f;
  return out;
}

/// Counts of some genes; of a panel's other genes at the depth of the panel.
inline lc::Modality modality_of(const lc::CellTable& cells, const std::vector<std::string>& genes,
                                const std::string& name, const lc::CellTable* panel, double depth) {
  const lc::AlignedGenes found = lc::align_genes(cells, genes);
  if (found.missing > 0)
    lc::throw_runtime("the known cells lack ", found.missing, " of the ", genes.size(), " genes of the model");
  lc::Modality out{name, found.cells.counts, std::vector<char>(lc::to_size(cells.cells()), 1), genes};
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

/// The median of cells' counts, at least 1.
inline double usual_total(const lc::Counts& counts) {
  std::vector<double> totals = lc::cell_totals(counts).counts;
  std::nth_element(totals.begin(), totals.begin() + std::ptrdiff_t(totals.size() / 2), totals.end());
  return std::max(1.0, totals[totals.size() / 2]);
}

/// Known cells, places and truth as the model takes them.
struct Prepared {
  lc::Modality target, panel, panel_places, truth;
  std::vector<std::string> genes, panel_genes;
  double depth = 0;  // that genes beside a panel are scaled to: counts of the panel
};

/// The counts of the genes that were chosen. panel: its file, for messages; depth: of the panel, 0: the known cells'
/// usual
inline void take_modalities(Prepared& p, const Task& t, const std::string& file, double depth) {
  if (!t.panel) {
    p.target = modality_of(t.known.cells, p.genes, "expression", nullptr, 0);
    if (t.judged) p.truth = modality_of(t.truth, p.genes, "expression", nullptr, 0);
    return;
  }
  const lc::AlignedGenes known = lc::align_genes(t.known.cells, p.panel_genes),
                         places = lc::align_genes(t.places.cells, p.panel_genes);
  const auto complete = [&](const lc::AlignedGenes& found, const std::string& who) {
    if (found.missing > 0)
      lc::throw_runtime(who, " lack ", found.missing, " of the ", p.panel_genes.size(), " panel genes of the model");
  };
  complete(known, "the known cells");
  complete(places, lc::text("the cells of ", file));
  p.depth = depth > 0 ? depth : usual_total(known.cells.counts);
  p.target = modality_of(t.known.cells, p.genes, "expression", &known.cells, p.depth);
  p.panel = modality_of(known.cells, p.panel_genes, "panel", nullptr, 0);
  p.panel_places = modality_of(places.cells, p.panel_genes, "panel", nullptr, 0);
  if (t.judged) p.truth = modality_of(t.truth, p.genes, "expression", &places.cells, p.depth);
}

inline Prepared prepare(const SpatialSettings& s, const Task& t) {
  Prepared p;
  const Index least = std::max<Index>(3, Index(0.03 * double(t.known.cells.cells())));
  lc::CellTable known = lc::filter_genes(t.known.cells, lc::GeneFilterOptions{.min_cells = least});
  if (known.genes() < 2) lc::throw_runtime("fewer than two genes are seen in ", least, " cells or more");
  if (s.genes > 0 && s.genes < known.genes())
    known = known.select_genes(lc::highly_variable(known.counts, {.genes = s.genes}).genes);
  const std::set<std::string> lacking(t.genes.begin(), t.genes.end());
  for (const std::string& g : known.gene_names) {
    const bool hidden = lacking.contains(g);
    (t.panel && !hidden ? p.panel_genes : p.genes).push_back(g);
  }
  if (p.genes.empty() || (t.panel && p.panel_genes.empty()))
    lc::throw_runtime(t.judged ? "--holdout" : "--panel",
                      ": the genes to predict are hardly seen, or the only ones that are");
  take_modalities(p, t, s.panel, 0);
  return p;
}

}  // namespace program
