#pragma once

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <latentcell/evaluate/baseline/knn_mean.hpp>
#include <latentcell/evaluate/baseline/ridge.hpp>
#include <latentcell/spatial/match_variance.hpp>
#include <latentcell/spatial/predict.hpp>
#include <latentcell/spatial/smoothing.hpp>

namespace LATENTCELL_NAMESPACE::spatial {

/// Predictions of a method to compare with.
struct BaselineImputation {
  std::string method;
  Matrix<float> mean;  ///< (M, F)
};

/// Returns the prediction of one method.
/// Throws std::invalid_argument if there is none of that name.
inline const Matrix<float>& find_baseline(const std::vector<BaselineImputation>& all, std::string_view method) {
  for (const BaselineImputation& b : all) {
    if (b.method == method) return b.mean;
  }
  throw_invalid("find_baseline: there is no baseline '", method, "' among ", all.size());
}

namespace detail {

inline constexpr std::uint64_t baseline_stream = 31;
}  // namespace detail

struct LocationBaselineOptions {
  SpatialMask mask = {};  ///< of reference cells while width and variogram are fitted
  double slice_gap = 1;   ///< distance between neighbouring slices, in units of the coordinates, at least 0

  static void visit(auto& self, auto&& f) {
    f("mask", self.mask);
    f("slice_gap", self.slice_gap, at_least(0));
  }
};

/// Predicts query locations from the reference's values around them: mean, nearest cell, Gaussian smoothing, kriging,
/// and kriging with match_variance. Width and variogram are those that predict reference cells best.
/// shapes: query (M) -> each (M, K)
inline std::vector<BaselineImputation> location_baselines(const SpatialReference& reference, const Locations& query,
                                                          const LocationBaselineOptions& o, Rng& rng) {
  check_options("location_baselines", o);
  const Index n = query.size(), f = reference.values.cols();
  const double width = fit_smoothing_width(reference, o.mask, o.slice_gap, rng);
  const VariogramOptions kriging{.slice_gap = o.slice_gap};
  const kernel::Variogram variogram = fit_variogram(reference, o.mask, kriging, rng);
  Matrix<float> nearest(n, f), smoothed(n, f), kriged(n, f);
  kernel::parallel_items(n, [&](Index i) {
    const NeighborQuery near(reference, query[i], {}, o.slice_gap, smoothed_cells);
    nearest.row(i) = reference.values.row(near.row.front());
    smoothed.row(i) = smooth(reference, near, width).cast<float>();
    kriged.row(i) = krige(reference, near, variogram, o.slice_gap, kriging.neighbors).cast<float>();
  });
  Matrix<float> matched = match_variance(kriged, column_deviation(reference.values));
  std::vector<BaselineImputation> out;
  out.push_back({"mean", Matrix<float>(reference.values.colwise().mean()).replicate(n, 1)});
  out.push_back({"nearest cell", std::move(nearest)});
  out.push_back({"Gaussian smoothing", std::move(smoothed)});
  out.push_back({"kriging", std::move(kriged)});
  out.push_back({"kriging, variance matched", std::move(matched)});
  return out;
}

/// Returns the predictions of all baselines: location_baselines; with a panel the mean of the 30 nearest cells and
/// ridge regression; with spots kriging with the same corrections as the model's.
/// shapes: each (M, F)
inline std::vector<BaselineImputation> impute_baselines(const Model& model, const Dataset& data,
                                                        const Imputation& imputed, std::uint64_t seed) {
  Rng rng(seed, detail::baseline_stream);
  const SpatialReference reference{{data.reference}, model.target.log_normalized(data.target)};
  const Matrix<float>& values = reference.values;
  const double gap = model.options.context.slice_gap;
  std::vector<BaselineImputation> out = location_baselines(
      reference, data.query, {.mask = median_mask(mask_distribution(data, gap)), .slice_gap = gap}, rng);
  if (model.panel) {
    const Matrix<float> panel = model.panel->condition_features(data.panel),
                        query = model.panel->condition_features(data.query_panel);
    out.push_back({"mean of the 30 nearest by panel", evaluate::baseline::knn_mean({panel, values}, query)});
    out.push_back({"ridge on the panel", evaluate::baseline::ridge({panel, values}, query)});
  }
  if (imputed.cells) {
    const Matrix<float> kriged = find_baseline(out, "kriging");
    out.push_back(
        {"kriging, area to point", (kriged + area_to_point_correction(values, data.spot, kriged)).array().max(0.0f)});
    out.push_back({"kriging, deconvolved", deconvolve_spots(*imputed.cells, data.spot, kriged).mean});
  }
  return out;
}

}  // namespace latentcell::spatial
