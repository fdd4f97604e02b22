#pragma once

#include <algorithm>
#include <utility>
#include <vector>

#include <latentcell/data/align_genes.hpp>
#include <latentcell/kernel/log_pca.hpp>
#include <latentcell/kernel/neighbor_distance.hpp>
#include <latentcell/latent/encode.hpp>
#include <latentcell/mapping/held_out_labels.hpp>
#include <latentcell/mapping/model.hpp>
#include <latentcell/metric/neighbor_votes.hpp>

namespace LATENTCELL_NAMESPACE::mapping {

/// Query cells on the reference.
struct MappedCells {
  LatentTable latents;             ///< (N, D)
  std::vector<int> label;          ///< (N) codes of the generator's levels
  std::vector<double> confidence;  ///< (N) pooled probability of the label
  std::vector<double> distance;    ///< (N) to the nearest replay cells in the latent, in units of their own distance.
                                   ///< Well above 1: the reference may have no such cells
};

namespace detail {

/// Codes that a buffer of one column holds.
inline std::vector<int> codes_of(const Buffer<float>& column) {
  std::vector<int> out;
  for (Index i = 0; i < column.value.rows(); ++i) out.push_back(int(column.value(i, 0)));
  return out;
}

/// Coordinates of cells in the components of labelled and query cells.
template <class Backbone>
Matrix<float> components_of(const ModelOf<Backbone>& model, const CountsView& counts) {
  kernel::LogPca pca;
  pca.pca.mean = model.component_mean.value.row(0);
  pca.pca.components = model.component_axes.value;
  return pca.project(counts);
}

/// What each part says of cells.
/// -> label_parts.size() of (N, L)
template <class Backbone>
std::vector<Matrix<double>> probabilities_of_parts(const ModelOf<Backbone>& model, const CellsInSpaces& cells) {
  const Index labels = Index(model.generator.options.levels.size()), k = model.options.neighbors;
  return {
      neighbor_labels({model.replay_latent.value, codes_of(model.replay_label), labels}, cells.latent, k),
      neighbor_labels({model.labelled_components.value, codes_of(model.labelled_label), labels}, cells.components, k),
      logistic_labels(model.logistic.value, cells.components)};
}

/// The pool of the parts.     -> (N, L)
template <class Backbone>
Matrix<double> pooled_of(const ModelOf<Backbone>& model, const std::vector<Matrix<double>>& parts) {
  const std::vector<double> weight(model.part_weight.value.data(),
                                   model.part_weight.value.data() + model.part_weight.value.size());
  return pool_labels(parts, weight, model.options.pool);
}

}  // namespace detail

/// Labels query cells by the pool of what the parts say (label_parts, pool_labels), with the weights that held-out
/// cells gave them.
///
/// cells: genes are matched by name; those that the model does not have are ignored, missing ones count 0
template <class Backbone>
MappedCells predict(const ModelOf<Backbone>& model, const CellTable& cells) {
  LATENTCELL_REQUIRE(model.replay_latent.value.rows() > 1, "mapping::predict: the model is not trained: it has ",
                     model.replay_latent.value.rows(), " replay cells");
  const CellTable query = align_genes(cells, model.generator.vae.gene_names).cells;
  MappedCells out{.latents = encode(model.generator.vae, query), .label = {}, .confidence = {}, .distance = {}};
  const std::vector<Matrix<double>> parts =
      detail::probabilities_of_parts(model, {out.latents.mean, detail::components_of(model, query.counts.view())});
  metric::NeighborVotes votes = metric::most_votes(detail::pooled_of(model, parts));
  out.label = std::move(votes.label);
  out.confidence = std::move(votes.agreement);
  const Matrix<float>& replay = model.replay_latent.value;
  const Index k = std::min(model.options.neighbors, replay.rows() - 1);
  const kernel::Neighbors near = kernel::nearest_neighbors(view(out.latents.mean), view(replay), k);
  const double unit = std::max(1e-12, kernel::neighbor_distance(view(replay), k));
  for (Index i = 0; i < query.cells(); ++i) out.distance.push_back(near.distance.row(i).mean() / unit);
  return out;
}

/// Returns the replay cells' latents with their labels.
template <class Backbone>
LatentTable replay_latents(const ModelOf<Backbone>& model) {
  LatentTable out;
  out.mean = model.replay_latent.value;
  const auto& o = model.generator.options;
  out.cell_columns = labelled(o.label, {o.levels, detail::codes_of(model.replay_label)});
  return out;
}

/// Share of each part in the pool, in the order of label_parts: adds up to 1.
template <class Backbone>
std::vector<double> part_shares(const ModelOf<Backbone>& model) {
  std::vector<double> out;
  const double sum = double(model.part_weight.value.sum());
  for (Index p = 0; p < model.part_weight.value.cols(); ++p)
    out.push_back(double(model.part_weight.value(0, p)) / std::max(1e-12, sum));
  return out;
}

}  // namespace latentcell::mapping
