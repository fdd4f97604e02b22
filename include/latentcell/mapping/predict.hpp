#pragma once

#include <algorithm>
#include <utility>
#include <vector>

#include <latentcell/data/align_genes.hpp>
#include <latentcell/kernel/log_pca.hpp>
#include <latentcell/kernel/neighbor_distance.hpp>
#include <latentcell/latent/encode.hpp>
#include <latentcell/mapping/model.hpp>
#include <latentcell/metric/neighbor_votes.hpp>

namespace LATENTCELL_NAMESPACE::mapping {

/// Query cells on the reference.
struct MappedCells {
  LatentTable latents;             ///< (N, D)
  std::vector<int> label;          ///< (N) codes of the generator's levels
  std::vector<double> confidence;  ///< (N) share of the votes for the label
  std::vector<double> distance;    ///< (N) to the nearest replay cells in the latent, in units of their own distance.
                                   ///< Well above 1: the reference may have no such cells
};

/// Labels query cells by the mean of two votes: of the nearest replay cells in the latent, and of those in principal
/// components of log1p(CP10K). The first fails where the latent has not brought reference and query together, the
/// second where they differ most.
///
/// cells: genes are matched by name; those that the model does not have are ignored, missing ones count 0
template <class Backbone>
MappedCells predict(const ModelOf<Backbone>& model, const CellTable& cells) {
  LATENTCELL_REQUIRE(model.replay_latent.value.rows() > 1, "mapping::predict: the model is not trained: it has ",
                     model.replay_latent.value.rows(), " replay cells");
  const CellTable query = align_genes(cells, model.generator.vae.gene_names).cells;
  const Matrix<float>&replay = model.replay_latent.value, &in_components = model.replay_components.value;
  const Index k = std::min(model.options.neighbors, replay.rows() - 1),
              levels = Index(model.generator.options.levels.size());
  std::vector<int> codes;
  for (Index i = 0; i < replay.rows(); ++i) codes.push_back(int(model.replay_label.value(i, 0)));
  kernel::LogPca components;
  components.pca.mean = model.component_mean.value.row(0);
  components.pca.components = model.component_axes.value;
  const Matrix<float> projected = components.project(query.counts.view());

  MappedCells out{.latents = encode(model.generator.vae, query), .label = {}, .confidence = {}, .distance = {}};
  const kernel::Neighbors near = kernel::nearest_neighbors(view(out.latents.mean), view(replay), k);
  const kernel::Neighbors by_components = kernel::nearest_neighbors(view(projected), view(in_components), k);
  const Matrix<double> of_latent = metric::neighbor_shares(near, codes, levels),
                       of_components = metric::neighbor_shares(by_components, codes, levels);
  metric::NeighborVotes votes = metric::most_votes(0.5 * (of_latent + of_components));
  out.label = std::move(votes.label);
  out.confidence = std::move(votes.agreement);
  const double unit = std::max(1e-12, kernel::neighbor_distance(view(replay), k));
  for (Index i = 0; i < query.cells(); ++i) out.distance.push_back(near.distance.row(i).mean() / unit);
  return out;
}

/// Returns the replay cells' latents with their labels.
template <class Backbone>
LatentTable replay_latents(const ModelOf<Backbone>& model) {
  LatentTable out;
  out.mean = model.replay_latent.value;
  std::vector<int> codes;
  for (Index i = 0; i < out.mean.rows(); ++i) codes.push_back(int(model.replay_label.value(i, 0)));
  const auto& o = model.generator.options;
  out.cell_columns = labelled(o.label, {o.levels, std::move(codes)});
  return out;
}

}  // namespace latentcell::mapping
