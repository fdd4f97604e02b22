#pragma once

#include <latentcell/data/cell_table.hpp>
#include <latentcell/perturbation/model.hpp>

// The smallest perturbation models, for tests.

namespace LATENTCELL_NAMESPACE::perturbation {

/// Two latent dimensions; the condition in obs "what", the group in "type".
inline Options small_options(Index genes) {
  Options o;
  o.vae = {.genes = genes, .hidden = {24}, .latent = 2};
  o.backbone = {.latent = 2, .width = 32, .depth = 2, .condition = 8};
  o.condition = "what";
  o.control = "none";
  o.group = "type";
  return o;
}

/// The same for cells of SimulatedTissue.
inline Options simulated_options(Index genes) {
  Options o = small_options(genes);
  o.condition = "condition";
  o.control = "control";
  o.group = "cell_type";
  return o;
}

/// One trained condition.
inline Vocabulary one_perturbation(const std::string& name = "drug") { return {{name}, {name}}; }

/// Rows of the cells of a condition.
inline std::vector<Index> rows_of(const CellTable& cells, const std::string& condition,
                                  const std::string& column = "condition") {
  const Categorical labels = cells.obs(column);
  std::vector<Index> rows;
  for (Index i = 0; i < cells.cells(); ++i) {
    if (labels.codes[to_size(i)] >= 0 && labels.levels[std::size_t(labels.codes[to_size(i)])] == condition)
      rows.push_back(i);
  }
  return rows;
}

/// Counts of each gene over the cells.
inline std::vector<double> gene_totals_of(const CellTable& cells) {
  std::vector<double> out(to_size(cells.genes()), 0.0);
  for (std::size_t k = 0; k < cells.counts.values().size(); ++k)
    out[std::size_t(cells.counts.columns()[k])] += double(cells.counts.values()[k]);
  return out;
}

}  // namespace latentcell::perturbation
