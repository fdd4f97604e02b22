#pragma once

#include <algorithm>
#include <numeric>
#include <span>
#include <string>
#include <vector>

#include <latentcell/core/median.hpp>
#include <latentcell/spatial/dataset.hpp>
#include <latentcell/spatial/model.hpp>

namespace LATENTCELL_NAMESPACE::spatial {

/// Returns the genes of a model, for make_dataset.
inline DatasetGenes genes_of(const Model& model) {
  return {model.target.features(), model.panel ? model.panel->features() : std::vector<std::string>{},
          double(model.target.depth.value(0, 0))};
}

/// Returns the reference cells as the context takes them: weighted latents of the target.
inline SpatialReference encode_reference(const Model& model, const Dataset& data) {
  data.reference.check("encode_reference");
  LATENTCELL_REQUIRE(data.reference.size() == data.target.cells(), "encode_reference: ", data.reference.size(),
                     " locations for ", data.target.cells(), " cells");
  SpatialReference out{{data.reference}, model.target.encode(data.target)};
  for (Index k = 0; k < out.values.cols(); ++k) out.values.col(k) *= model.target.component_weight(k);
  return out;
}

/// The masks of training: one radius is drawn each time a cell comes.
struct MaskDistribution {
  std::vector<float> radii = {0.0f};  ///< at least one, each at least 0; in units of the coordinates
  bool hide_slice = false;            ///< of SpatialMask
};

namespace detail {

/// Distance of each of `count` locations to its nearest reference cell.
/// location(i) -> Location
template <class At>
std::vector<float> nearest_distances(const Locations& reference, Index count, double slice_gap, const At& location) {
  std::vector<float> out(to_size(count));
  kernel::parallel_items(count, [&](Index i) {
    const NeighborQuery near(reference, location(i), {}, slice_gap, 1);
    out[to_size(i)] = near.size() > 0 ? float(near.distance.front()) : 0.0f;
  });
  return out;
}

}  // namespace detail

/// Returns the masks that make reference cells as distant from their neighbours as query locations are: a radius for
/// each query, its distance to the nearest reference cell of any slice. Beside a panel it is 0 where reference cells
/// lie as far from each other (95 %), because there the panel is worth more than the hidden neighbours. With a missing
/// slice the mask is the slice.
/// slice_gap: distance between neighbouring slices, in units of the coordinates
inline MaskDistribution mask_distribution(const Dataset& data, double slice_gap) {
  if (data.has_missing_slice()) return {{0.0f}, true};
  if (data.query.size() == 0) return {};
  MaskDistribution out;
  out.radii =
      detail::nearest_distances(data.reference, data.query.size(), slice_gap, [&](Index i) { return data.query[i]; });
  if (!data.has_panel()) return out;
  std::vector<float> usual = detail::nearest_distances(data.reference, data.reference.size(), slice_gap, [&](Index i) {
    const Location at = data.reference[i];
    return Location{at.x, at.y, at.slice, i};  // not its own neighbour
  });
  const auto high = usual.begin() + std::ptrdiff_t(0.95 * double(usual.size() - 1));
  std::nth_element(usual.begin(), high, usual.end());
  for (float& distance : out.radii) distance = distance > *high ? distance : 0.0f;
  return out;
}

/// Returns the mask of a typical query location.
inline SpatialMask median_mask(const MaskDistribution& of) { return {double(median(of.radii)), of.hide_slice}; }

/// Draws a mask for each of `count` cells.
inline std::vector<SpatialMask> draw_masks(const MaskDistribution& of, Index count, Rng& rng) {
  std::vector<SpatialMask> out;
  for (Index i = 0; i < count; ++i)
    out.push_back({double(of.radii[std::size_t(rng.below(std::uint64_t(of.radii.size())))]), of.hide_slice});
  return out;
}

/// Reference cells with the features of their panel.
struct ConditionSource {
  SpatialReference reference;
  Matrix<float> panel;  ///< (N, C) condition features of the panel, or (0, 0)

  ConditionSource(const Model& model, const Dataset& data)
      : reference(encode_reference(model, data)),
        panel(model.panel ? model.panel->condition_features(data.panel) : Matrix<float>()) {}
};

/// Writes the condition features of some reference cells, each under its mask and without itself.
/// cells: rows of the reference
/// shapes: cells (B), masks (B) -> to (B, n_condition)
inline void condition_features_of_reference(const Model& model, const ConditionSource& from,
                                            std::span<const Index> cells, const std::vector<SpatialMask>& masks,
                                            View<float> to) {
  kernel::parallel_items(Index(cells.size()), [&](Index b) {
    const Index i = cells[to_size(b)];
    Location at = from.reference[i];
    at.row = i;
    float* const row = to.data() + b * to.cols();
    model.context.features(from.reference, at, masks[to_size(b)], row);
    if (from.panel.size() > 0)
      std::copy_n(from.panel.data() + i * from.panel.cols(), from.panel.cols(), row + to.cols() - from.panel.cols());
  });
}

/// Returns the condition features of all reference cells under masks drawn at random.
/// shapes: -> (N, n_condition)
inline Matrix<float> condition_features_of_reference(const Model& model, const ConditionSource& from,
                                                     const MaskDistribution& masks, Rng& rng) {
  const Index n = from.reference.size();
  Matrix<float> out(n, model.n_condition());
  std::vector<Index> all(to_size(n));
  std::iota(all.begin(), all.end(), Index(0));
  condition_features_of_reference(model, from, all, draw_masks(masks, n, rng), view(out));
  return out;
}

/// Returns the condition features of query locations; nothing is masked.
/// shapes: -> (M, n_condition)
inline Matrix<float> condition_features_of_queries(const Model& model, const SpatialReference& reference,
                                                   const Dataset& data) {
  data.query.check("condition_features_of_queries");
  LATENTCELL_REQUIRE(model.panel.has_value() == data.has_panel(), "condition_features_of_queries: the model ",
                     model.panel ? "needs the queries' panel of genes" : "takes no panel of genes");
  const Matrix<float> panel = model.panel ? model.panel->condition_features(data.query_panel) : Matrix<float>();
  LATENTCELL_REQUIRE(panel.size() == 0 || panel.rows() == data.query.size(), "condition_features_of_queries: panel of ",
                     panel.rows(), " cells for ", data.query.size(), " locations");
  Matrix<float> out(data.query.size(), model.n_condition());
  kernel::parallel_items(out.rows(), [&](Index i) {
    float* const row = out.data() + i * out.cols();
    model.context.features(reference, data.query[i], {}, row);
    if (panel.size() > 0) std::copy_n(panel.data() + i * panel.cols(), panel.cols(), row + out.cols() - panel.cols());
  });
  return out;
}

/// Returns the kriged latents that condition features contain.
/// shapes: condition (M, n_condition) -> (M, D)
inline Matrix<float> kriged_latents(const Model& model, const Matrix<float>& condition) {
  const Index d = model.target.latent();
  Matrix<float> out = condition.middleCols(model.context.first_kriged(d), d);
  for (Index k = 0; k < d; ++k) out.col(k) /= model.target.component_weight(k);
  return out;
}

}  // namespace latentcell::spatial
