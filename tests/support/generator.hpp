#pragma once

#include <latentcell/data/simulate.hpp>
#include <latentcell/generation/fit.hpp>
#include <latentcell/generation/options_for.hpp>

// A small generator trained for a moment on simulated cells of three types, the last one rare, and a batch covariate of
// two levels.

namespace generator {

using namespace latentcell;

inline CellTable cells(Index n, Rng& rng) {
  return simulate({.cells = n, .genes = 120, .types = 3, .batch_covariate_levels = 2, .library = 400, .type_skew = 2},
                  rng);
}

inline generation::Options small(const CellTable& cells) {
  generation::Options o;
  o.batch_covariate = "batch";
  o = generation::options_for(cells, o);
  o.vae.hidden = {32};
  o.vae.latent = o.backbone.latent = 6;
  o.vae.dropout = 0.1f;
  o.vae.count_thinning = 1;
  o.backbone.width = 48;
  o.backbone.depth = 1;
  return o;
}

/// Both stages alone, without the corrections that generation::fit makes.
inline generation::Model trained(const CellTable& cells) {
  Rng rng(6);
  generation::Model m(small(cells), rng);
  m.vae.gene_names = cells.gene_names;
  const CellCovariates covariates{.batch_covariate = cells.obs("batch").codes, .label = cells.obs("cell_type").codes};
  m.record_composition(covariates.label, covariates.batch_covariate);
  fit(m.vae, cells, covariates, {.epochs = 25, .batch = 32, .learning_rate = 3e-3f});
  fit(m.flow, encode(m.vae, cells), {.epochs = 40, .batch = 32, .learning_rate = 2e-3f});
  return m;
}

struct CellsAndModel {
  CellTable cells;
  generation::Model model;
};

/// One for all tests of a program: 400 cells.
inline const CellsAndModel& shared() {
  static const CellsAndModel one = [] {
    Rng rng(1);
    CellTable c = cells(400, rng);
    generation::Model m = trained(c);
    return CellsAndModel{std::move(c), std::move(m)};
  }();
  return one;
}

/// Share of each gene in the counts of the cells of one code.     -> (G)
inline std::vector<double> profile(const CellTable& cells, const std::vector<int>& codes, int code) {
  std::vector<double> out(to_size(cells.genes()), 0.0);
  double total = 0;
  const CountsView x = cells.counts.view();
  for (Index i = 0; i < x.rows; ++i) {
    if (codes[to_size(i)] != code) continue;
    for (std::size_t k = 0; k < x.row_columns(i).size(); ++k) {
      out[to_size(x.row_columns(i)[k])] += double(x.row_values(i)[k]);
      total += double(x.row_values(i)[k]);
    }
  }
  for (double& share : out) share /= total;
  return out;
}

/// Sum of the absolute differences of two profiles: 0 to 2.
inline double gap(const std::vector<double>& a, const std::vector<double>& b) {
  double sum = 0;
  for (std::size_t g = 0; g < a.size(); ++g) sum += std::abs(a[g] - b[g]);
  return sum;
}

}  // namespace generator
