#pragma once

#include <cmath>
#include <string>
#include <vector>

#include <latentcell/core/options.hpp>
#include <latentcell/core/random_draw.hpp>
#include <latentcell/data/cell_table.hpp>

namespace LATENTCELL_NAMESPACE {

/// Cells with three modalities measured at once.
struct MultiomicsOptions {
  Index cells = 1000;
  Index genes = 800;
  Index proteins = 15;
  Index peaks = 300;  ///< of accessibility, observed or not
  Index types = 5;
  Index factors = 3;      ///< directions of variation within types
  double library = 1500;  ///< RNA counts of a typical cell
  double strength = 1.0;  ///< of types and factors, on the scale of natural logarithms
  double own = 0.3;       ///< of what a protein does that no other modality shows
  double background = 3;  ///< counts of a protein that binds nothing, ambient

  static void visit(auto& self, auto&& f) {
    f("cells", self.cells, at_least(1));
    f("genes", self.genes, at_least(1));
    f("proteins", self.proteins, at_least(1));
    f("peaks", self.peaks, at_least(1));
    f("types", self.types, at_least(1));
    f("factors", self.factors, at_least(0));
    f("library", self.library, above(0));
    f("strength", self.strength, at_least(0));
    f("own", self.own, at_least(0));
    f("background", self.background, above(0));
  }
};

/// Cells whose type and factors speak through RNA, surface proteins and accessibility: counts, obsm
/// "protein_expression" (counts, uns "protein_names") and obsm "accessibility" (0 or 1); obs "cell_type".
inline CellTable simulate_multiomics(const MultiomicsOptions& o, Rng& rng) {
  check_options("simulate_multiomics", o);
  const Index hidden = o.types + o.factors;
  const auto normals = [&](Index rows, Index cols, double spread) {
    Matrix<double> out(rows, cols);
    for (Index i = 0; i < out.size(); ++i) out.data()[i] = spread * rng.normal();
    return out;
  };
  Matrix<double> to_rna = normals(hidden, o.genes, o.strength);
  for (Index i = 0; i < to_rna.size(); ++i) to_rna.data()[i] *= rng.uniform_double() < 0.15 ? 1.0 : 0.0;
  const Matrix<double> to_protein = normals(hidden, o.proteins, 0.8 * o.strength),
                       to_peak = normals(hidden, o.peaks, o.strength), base = normals(1, o.genes, 1.7);
  CellTable out;
  out.counts = Counts(o.genes);
  Matrix<float> protein(o.cells, o.proteins), peaks(o.cells, o.peaks);
  std::vector<std::string> type;
  std::vector<double> share(to_size(o.genes));
  for (Index i = 0; i < o.cells; ++i) {
    RowVector<double> u = RowVector<double>::Zero(hidden);
    const Index k = Index(rng.below(std::uint64_t(o.types)));
    u(k) = 1;
    for (Index f = o.types; f < hidden; ++f) u(f) = 0.6 * rng.normal();
    type.push_back(text("type_", k + 1));
    const RowVector<double> log_share = base.row(0) + u * to_rna, log_protein = u * to_protein, logit = u * to_peak;
    double sum = 0;
    for (Index g = 0; g < o.genes; ++g) sum += share[to_size(g)] = std::exp(log_share(g));
    const double library = o.library * std::exp(0.3 * rng.normal()), stain = std::exp(0.2 * rng.normal());
    for (Index g = 0; g < o.genes; ++g) {
      const double count = draw_negative_binomial(library * share[to_size(g)] / sum, 4.0, rng);
      if (count > 0) out.counts.push(std::int32_t(g), float(count));
    }
    out.counts.end_row();
    for (Index p = 0; p < o.proteins; ++p) {
      const double bound = 60 * std::exp(1.3 * log_protein(p) + o.own * rng.normal());
      protein(i, p) = float(draw_negative_binomial(stain * (o.background + bound), 8.0, rng));
    }
    for (Index p = 0; p < o.peaks; ++p)
      peaks(i, p) = rng.uniform_double() < 1 / (1 + std::exp(1.5 - 1.5 * logit(p))) ? 1.0f : 0.0f;
    out.cell_names.push_back(text("cell_", i + 1));
  }
  for (Index g = 0; g < o.genes; ++g) out.gene_names.push_back(text("gene_", g + 1));
  out.gene_columns = Annotation(o.genes);
  out.cell_columns = Annotation(o.cells);
  out.cell_columns.set("cell_type", to_categorical(type));
  for (Index p = 0; p < o.proteins; ++p) out.strings["protein_names"].push_back(text("protein_", p + 1));
  out.embeddings["protein_expression"] = std::move(protein);
  out.embeddings["accessibility"] = std::move(peaks);
  return out;
}

}  // namespace latentcell
