#pragma once

#include <utility>

#include <latentcell/data/cell_table.hpp>
#include <latentcell/generation/model.hpp>

namespace LATENTCELL_NAMESPACE::generation {

/// Returns the options of a model for these cells: genes and levels are the table's. The label's levels are those that
/// cells have; the batch covariate keeps all its levels.
/// cells: with the obs columns `o.label` and, unless it is empty, `o.batch_covariate`
/// Throws std::invalid_argument for a column that is not there and for a label that no cell has.
template <class Options = Options>
Options options_for(const CellTable& cells, Options o = {}) {
  const Categorical label = cells.obs(o.label);
  o.levels.clear();
  for (std::size_t l = 0; l < label.levels.size(); ++l) {
    if (label.count(int(l)) > 0) o.levels.push_back(label.levels[l]);
  }
  LATENTCELL_REQUIRE(!o.levels.empty(), "options_for: no cell has a label in column '", o.label, "'");
  o.batch_covariate_levels.clear();
  if (!o.batch_covariate.empty()) o.batch_covariate_levels = cells.obs(o.batch_covariate).levels;
  o.vae.genes = cells.genes();
  o.vae.batch_covariate_levels = Index(o.batch_covariate_levels.size());
  o.vae.prior.labels = Index(o.levels.size());
  return o;
}

}  // namespace latentcell::generation
