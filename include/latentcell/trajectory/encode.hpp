#pragma once

#include <latentcell/data/align_genes.hpp>
#include <latentcell/latent/encode.hpp>
#include <latentcell/trajectory/model.hpp>

namespace LATENTCELL_NAMESPACE::trajectory {

/// Latents of snapshots: encoded counts in the model's genes, or the points of the embedding as they are.   -> (N, D)
/// Throws std::invalid_argument where the model was trained on the other kind, or on points of another dimension.
inline LatentTable encode(const Model& model, const Snapshots& cells) {
  LATENTCELL_REQUIRE(model.autoencoder.has_value() == cells.counts.has_value(), "trajectory: the model was trained on ",
                     model.autoencoder ? "counts" : "coordinates", ", the cells have ",
                     cells.counts ? "counts" : "coordinates");
  if (!model.autoencoder) {
    LATENTCELL_REQUIRE(cells.points.latent() == model.latent(), "trajectory: the cells have ", cells.points.latent(),
                       " coordinates but the model ", model.latent());
    return cells.points;
  }
  const Model::Autoencoder& autoencoder = *model.autoencoder;
  if (cells.counts->gene_names == autoencoder.gene_names) return latentcell::encode(autoencoder, *cells.counts);
  return latentcell::encode(autoencoder, align_genes(*cells.counts, autoencoder.gene_names).cells);
}

}  // namespace latentcell::trajectory
