#pragma once

#include <cmath>
#include <string>
#include <vector>

#include <latentcell/core/options.hpp>
#include <latentcell/core/random_draw.hpp>
#include <latentcell/data/cell_table.hpp>

namespace LATENTCELL_NAMESPACE {

/// A slice of layered tissue: spots at random places, whose expression changes from layer to layer and in soft waves.
struct TissueSliceOptions {
  Index spots = 1500;
  Index genes = 40;
  Index layers = 5;
  double library = 200;   ///< counts of a typical spot
  double strength = 0.9;  ///< of layers and waves, on the scale of natural logarithms
  double own = 0.3;       ///< of what neighbours do not share

  static void visit(auto& self, auto&& f) {
    f("spots", self.spots, at_least(1));
    f("genes", self.genes, at_least(1));
    f("layers", self.layers, at_least(1));
    f("library", self.library, above(0));
    f("strength", self.strength, at_least(0));
    f("own", self.own, at_least(0));
  }
};

/// Spots of one slice: counts, obs "region" (the layer), obsm "spatial", one spot to a unit square.
inline CellTable simulate_tissue_slice(const TissueSliceOptions& o, Rng& rng) {
  check_options("simulate_tissue_slice", o);
  const auto normals = [&](Index rows, Index cols) {
    Matrix<double> out(rows, cols);
    for (Index i = 0; i < out.size(); ++i) out.data()[i] = rng.normal();
    return out;
  };
  constexpr Index hidden = 4;  // waves of the tissue, and kinds of cells that alternate within it
  const Matrix<double> layer = normals(o.layers, o.genes), wave = normals(hidden, o.genes),
                       kind = normals(hidden, o.genes), base = normals(1, o.genes);
  const double side = std::sqrt(double(o.spots));
  CellTable out;
  out.counts = Counts(o.genes);
  Matrix<float> at(o.spots, 2);
  std::vector<std::string> region;
  std::vector<double> share(to_size(o.genes));
  for (Index i = 0; i < o.spots; ++i) {
    const double x = rng.uniform_double(), y = rng.uniform_double();
    at(i, 0) = float(side * x);
    at(i, 1) = float(side * y);
    const double bent = std::clamp(y + 0.05 * std::sin(6 * x), 0.0, 0.999999);
    const Index own_layer = Index(bent * double(o.layers));
    region.push_back(text("layer_", own_layer + 1));
    const double phase[hidden] = {std::sin(5 * x), std::cos(7 * y), std::sin(4 * (x + y)), std::cos(9 * x * y)};
    RowVector<double> log_share = base.row(0) + 0.8 * o.strength * layer.row(own_layer);
    for (Index k = 0; k < hidden; ++k) {
      log_share += 0.5 * o.strength * phase[k] * wave.row(k);
      log_share += o.own * rng.normal() * kind.row(k);
    }
    double sum = 0;
    for (Index g = 0; g < o.genes; ++g) sum += share[to_size(g)] = std::exp(log_share(g));
    const double library = o.library * std::exp(0.3 * rng.normal());
    for (Index g = 0; g < o.genes; ++g) {
      const double count = draw_negative_binomial(library * share[to_size(g)] / sum, 5.0, rng);
      if (count > 0) out.counts.push(std::int32_t(g), float(count));
    }
    out.counts.end_row();
    out.cell_names.push_back(text("spot_", i + 1));
  }
  for (Index g = 0; g < o.genes; ++g) out.gene_names.push_back(text("gene_", g + 1));
  out.gene_columns = Annotation(o.genes);
  out.cell_columns = Annotation(o.spots);
  out.cell_columns.set("region", to_categorical(region));
  out.embeddings["spatial"] = std::move(at);
  return out;
}

}  // namespace latentcell
