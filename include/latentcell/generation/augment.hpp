#pragma once

#include <algorithm>
#include <string>
#include <vector>

#include <latentcell/latent/gene_mean_correction.hpp>
#include <latentcell/generation/model.hpp>
#include <latentcell/latent/sample_counts.hpp>

namespace latentcell::generation {

struct AugmentOptions {
  Index min_cells = 0;      ///< cells that every label is to have, real and generated together; 0: as many as the
                            ///< middle one of the labels has; larger generates more
  Index steps = 25;         ///< of the sampler
  double pseudo_count = 2;  ///< counts of a gene in a label at which its real cells are believed as much as the model,
                            ///< see group_gene_scales; larger trusts the model
  float guidance = 1.1f;    ///< above 1: more typical, less varied cells
};

/// Which labels lack cells.
struct LabelDeficit {
  Index min_cells = 0;         ///< cells that every label is to have
  std::vector<Index> cells;    ///< (K) cells of each label
  std::vector<Index> deficit;  ///< (K) to be added
};

/// codes (N), negative where missing; a label without cells is left alone
inline LabelDeficit label_deficit(const std::vector<int>& codes, Index labels, Index min_cells = 0) {
  LATENTCELL_REQUIRE(min_cells >= 0, "label_deficit: min_cells must not be negative, got ", min_cells);
  LabelDeficit out{.min_cells = min_cells,
                   .cells = std::vector<Index>(to_size(labels), 0),
                   .deficit = std::vector<Index>(to_size(labels), 0)};
  for (const int code : codes) {
    if (code >= 0) ++out.cells.at(to_size(code));
  }
  if (min_cells == 0) {
    std::vector<Index> present;
    for (const Index n : out.cells) {
      if (n > 0) present.push_back(n);
    }
    LATENTCELL_REQUIRE(!present.empty(), "label_deficit: no cell has a label");
    std::nth_element(present.begin(), present.begin() + Index(present.size()) / 2, present.end());
    out.min_cells = present[present.size() / 2];
  }
  for (std::size_t l = 0; l < out.cells.size(); ++l) {
    if (out.cells[l] > 0) out.deficit[l] = std::max<Index>(0, out.min_cells - out.cells[l]);
  }
  return out;
}

/// Generated cells that bring each rare label up to a number of cells; the real cells are not among them.
/// A model trained on these cells, a table of them -> (cells lacking, G), with the label and, where the model has
/// batches, batches as the real cells of the label have them
template <class Backbone>
CellTable augment(const ModelOf<Backbone>& model, const CellTable& cells, Rng& rng, const AugmentOptions& o = {}) {
  const std::vector<int> codes = cells.cell_columns.codes(model.options.label, model.options.levels);
  const std::vector<int> of_cells = cells.cell_columns.codes(model.options.batch, model.options.batch_levels);
  const LabelDeficit lacks = label_deficit(codes, Index(model.options.levels.size()), o.min_cells);
  std::vector<int> wanted, batch;
  for (std::size_t l = 0; l < lacks.deficit.size(); ++l) {
    std::vector<int> batches;  // of the label's own cells
    for (std::size_t i = 0; i < codes.size(); ++i) {
      if (codes[i] == int(l)) batches.push_back(of_cells[i]);
    }
    for (Index i = 0; i < lacks.deficit[l]; ++i) {
      wanted.push_back(int(l));
      batch.push_back(batches[std::size_t(rng.below(batches.size()))]);
    }
  }
  const LatentTable z = model.flow.generate({.cells = labelled(model.options.label, {model.options.levels, wanted}),
                                             .steps = o.steps,
                                             .guidance = o.guidance},
                                            rng);
  const bool batched = !model.options.batch_levels.empty();
  CellTable out = draw(model.vae, z, rng,
                       {.batch_codes = batched ? batch : std::vector<int>{},
                        .strata = wanted,
                        .groups = wanted,
                        .factors = group_gene_scales(model.vae, cells, codes, z, wanted,
                                                     Index(model.options.levels.size()), o.pseudo_count)});
  if (batched) out.cell_columns.set(model.options.batch, Categorical{model.options.batch_levels, batch});
  return out;
}

}  // namespace latentcell::generation
