#pragma once

#include <cmath>
#include <numbers>
#include <string>
#include <vector>

#include <latentcell/core/options.hpp>
#include <latentcell/core/random_draw.hpp>
#include <latentcell/data/cell_table.hpp>

namespace LATENTCELL_NAMESPACE {

/// A tissue that develops: cells walk along a stem that forks in two, observed at a few times.
struct DevelopmentOptions {
  Index cells = 400;    ///< of the first snapshot
  Index snapshots = 6;  ///< at times 0, 1, ...
  double growth = 1.0;  ///< factor on the number of cells from one snapshot to the next
  Index genes = 600;
  double library = 500;     ///< counts of a typical cell
  double spread = 0.06;     ///< how unevenly far cells of one time are, the whole way being 1
  double fork = 0.45;       ///< where on the way the fates part
  double change = 2.0;      ///< log fold change of a typical gene of a programme along its whole way
  double share = 0.15;      ///< share of the genes that a programme moves
  double dispersion = 0.3;  ///< 1 / theta

  static void visit(auto& self, auto&& f) {
    f("cells", self.cells, at_least(1));
    f("snapshots", self.snapshots, at_least(2));
    f("growth", self.growth, above(0));
    f("genes", self.genes, at_least(1));
    f("library", self.library, above(0));
    f("spread", self.spread, at_least(0));
    f("fork", self.fork, in_open(0, 1));
    f("change", self.change, finite());
    f("share", self.share, in(0, 1));
    f("dispersion", self.dispersion, above(0));
  }
};

/// Simulates snapshots of a tissue that develops: obs "time", "way" (0 to 1, how far a cell is) and "fate" ("left" or
/// "right", decided from the start but without effect before the fork; "stem" is a cell before the fork, in
/// obs "cell_type").     -> (sum of the snapshots, genes)
inline CellTable simulate_development(const DevelopmentOptions& o, Rng& rng) {
  check_options("simulate_development", o);
  // Programmes: the stem's rise, its fading bend half-way, and one for each fate.
  constexpr Index programmes = 4;
  Matrix<double> of = Matrix<double>::Zero(programmes, o.genes);
  std::vector<double> base;
  for (Index g = 0; g < o.genes; ++g) {
    base.push_back(1.5 * rng.normal());
    for (Index p = 0; p < programmes; ++p) {
      if (rng.uniform_double() < o.share) of(p, g) = o.change * rng.normal();
    }
  }
  CellTable out;
  out.counts = Counts(o.genes);
  std::vector<double> time, way;
  std::vector<std::string> fate, type;
  std::vector<double> share(to_size(o.genes));
  double cells = double(o.cells);
  for (Index t = 0; t < o.snapshots; ++t, cells *= o.growth) {
    for (Index i = 0; i < Index(cells + 0.5); ++i) {
      const double u = std::clamp((double(t) + 0.5) / double(o.snapshots) + o.spread * rng.normal(), 0.0, 1.0);
      const bool left = rng.uniform_double() < 0.5;
      const double parted = std::max(0.0, u - o.fork) / (1 - o.fork);
      double sum = 0;
      for (Index g = 0; g < o.genes; ++g) {
        const double log_share = base[to_size(g)] + u * of(0, g) + std::sin(std::numbers::pi * u) * of(1, g) * 0.5 +
                                 parted * of(left ? 2 : 3, g);
        sum += share[to_size(g)] = std::exp(log_share);
      }
      const double library = o.library * std::exp(0.3 * rng.normal());
      for (Index g = 0; g < o.genes; ++g) {
        const double count = draw_negative_binomial(library * share[to_size(g)] / sum, 1 / o.dispersion, rng);
        if (count > 0) out.counts.push(std::int32_t(g), float(count));
      }
      out.counts.end_row();
      out.cell_names.push_back(text("t", t, "_", i));
      time.push_back(double(t));
      way.push_back(u);
      fate.push_back(left ? "left" : "right");
      type.push_back(u < o.fork ? "stem" : fate.back());
    }
  }
  for (Index g = 0; g < o.genes; ++g) out.gene_names.push_back(text("gene_", g + 1));
  out.gene_columns = Annotation(o.genes);
  out.cell_columns = Annotation(out.cells());
  out.cell_columns.set("time", time);
  out.cell_columns.set("way", way);
  out.cell_columns.set("fate", to_categorical(fate));
  out.cell_columns.set("cell_type", to_categorical(type));
  return out;
}

}  // namespace latentcell
