#pragma once

#include <string>
#include <vector>

#include <latentcell/data/cell_table.hpp>
#include <latentcell/latent/sample_counts.hpp>
#include <latentcell/trajectory/model.hpp>

namespace LATENTCELL_NAMESPACE::trajectory {

/// Predicted cells as a table: counts drawn from the decoder with obsm "X_pca", or coordinates of the embedding as X.
/// latents (N, D), axes (D) names of the coordinates -> (N, G), or (N, D)
inline CellTable decode_cells(const Model& model, const LatentTable& latents, const std::vector<std::string>& axes,
                              Rng& rng) {
  if (model.autoencoder) {
    CellTable out = draw(*model.autoencoder, latents, rng);
    out.embeddings["X_pca"] = model.coordinates(latents.mean);
    return out;
  }
  CellTable out;
  out.counts = Counts(latents.latent());
  for (Index i = 0; i < latents.cells(); ++i) {
    for (Index j = 0; j < latents.latent(); ++j) out.counts.push(std::int32_t(j), latents.mean(i, j));
    out.counts.end_row();
  }
  out.cell_names = latents.cell_names;
  out.cell_columns = latents.cell_columns;
  out.gene_names = axes;
  out.gene_columns = Annotation(latents.latent());
  return out;
}

}  // namespace latentcell::trajectory
