#pragma once

#include <algorithm>
#include <vector>

#include <latentcell/core/options.hpp>
#include <latentcell/data/streamed_table.hpp>
#include <latentcell/generation/model.hpp>
#include <latentcell/latent/gene_mean_correction.hpp>

namespace LATENTCELL_NAMESPACE::generation {

struct CalibrateGeneMeansOptions {
  double pseudo_count = 100;  ///< counts of a gene in a label at which training cells and model weigh the same, above
                              ///< 0. Larger: the model is corrected less
  Index min_cells = 200;      ///< latents generated per label to compare with, at least 1. Larger: less noise
  Index steps = 25;           ///< of the sampler
  float guidance = 1.1f;      ///< as in generation later

  static void visit(auto& self, auto&& f) {
    f("pseudo_count", self.pseudo_count, above(0));
    f("min_cells", self.min_cells, at_least(1));
    f("steps", self.steps, at_least(1));
    f("guidance", self.guidance, finite());
  }
};

/// Fits `gene_scale`, so that sampled counts of each label have the gene means of its training cells. It corrects the
/// mean error of flow and decoder together (group_gene_scales). Both stages must be trained.
///
/// cells: the training cells, in memory or read in one pass
template <class Backbone, TableOfCells Cells>
void calibrate_gene_means(ModelOf<Backbone>& model, const Cells& cells, Rng& rng,
                          const CalibrateGeneMeansOptions& o = {}) {
  check_options("calibrate_gene_means", o);
  const Index levels = Index(model.options.levels.size());
  const std::vector<int> codes = header_of(cells).cell_columns.codes(model.options.label, model.options.levels);
  std::vector<int> generated;
  for (Index l = 0; l < levels; ++l) {
    const auto have = std::count(codes.begin(), codes.end(), int(l));
    if (have == 0) continue;
    const auto count = std::clamp<std::ptrdiff_t>(4 * have, o.min_cells, 5000);
    generated.insert(generated.end(), std::size_t(count), int(l));
  }
  if (generated.empty()) return;
  const LatentTable z = model.flow.generate({.cells = labelled(model.options.label, {model.options.levels, generated}),
                                             .steps = o.steps,
                                             .guidance = o.guidance},
                                            rng);
  model.gene_scale.value = group_gene_scales(model.vae, cells.counts, codes, z, generated,
                                             {.groups = levels, .pseudo_count = o.pseudo_count});
}

}  // namespace latentcell::generation
