#pragma once

#include <cstdint>
#include <optional>

#include <latentcell/conformal/prediction_intervals.hpp>
#include <latentcell/core/dense_counts.hpp>
#include <latentcell/spatial/deconvolve_spots.hpp>
#include <latentcell/spatial/stacking.hpp>

namespace LATENTCELL_NAMESPACE::spatial {

struct ImputeOptions {
  conformal::IntervalOptions intervals = {};  ///< its draws are also those of spot deconvolution, which needs 2
  std::uint64_t seed = 0;

  static void visit(auto& self, auto&& f) {
    f("intervals", self.intervals);
    f("seed", self.seed);
  }
};

/// Predicted expression of query locations, log-normalised.
struct Imputation {
  conformal::PredictionIntervals intervals;       ///< (M, F)
  RowVector<float> gene_deviation;                ///< (F) of single values, for match_variance
  std::optional<SpotDeconvolution> sharing = {};  ///< of super-resolution
  std::optional<SpotCellMoments> cells = {};      ///< of super-resolution
};

namespace detail {

// Random streams of an imputation.
inline constexpr std::uint64_t sample_stream = 9, sharing_stream = 14;

/// Counts of spots, summed over their cells.
inline SpotCounts spot_counts(const Dataset& data) {
  SpotCounts out{dense_counts(data.target.counts.view()), cells_per_spot(data.spot, data.reference.size())};
  for (Index i = 0; i < out.counts.rows() && data.spots_are_means; ++i)
    out.counts.row(i) *= float(out.cells[to_size(i)]);
  out.counts = out.counts.array().round();
  return out;
}

}  // namespace detail

/// Predicts the expression of query locations, with intervals. Where data.spot is given, the means of a spot's
/// locations average to cells that share its counts, and the intervals are those of single cells. Ask for all locations
/// of a missing slice at once: interval widths follow the genes' means over the slice.
/// data: in a common frame (to_common_frame)
/// Throws std::invalid_argument for data in no common frame, and if data and model do not agree in genes, panel or
/// missing slices.
inline Imputation impute(const Model& model, const Dataset& data, const ImputeOptions& o = {}) {
  check_options("impute", o);
  LATENTCELL_REQUIRE(model.options.missing_slice || !data.has_missing_slice(),
                     "impute: a query slice has no reference cells, but the model was trained with all slices");
  LATENTCELL_REQUIRE(data.in_common_frame,
                     "impute: the data are in no common frame, as the model's are; call to_common_frame first");
  LATENTCELL_REQUIRE(data.spot.empty() || o.intervals.draws >= 2,
                     "impute: cells within spots need at least 2 draws, got ", o.intervals.draws);
  conformal::check_draws("impute", o.intervals.draws);
  const SpatialReference reference = encode_reference(model, data);
  Rng rng(o.seed, detail::sample_stream);
  const Matrix<float> condition = condition_features_of_queries(model, reference, data);
  Rng mean_rng = rng.fork();
  const Matrix<float> mean = conformal::mean_latents(model.flows, condition, mean_rng);
  const Matrix<float> base = stacking_base(model, condition, mean),
                      shift = gene_stacking_shift(model, data, model.target.decode(mean + base));
  Imputation out{conformal::predict_intervals(model.flows, model.target,
                                              {condition, mean, base, interval_groups(model, data.query.slice), shift},
                                              o.intervals, rng),
                 model.gene_deviation.value.row(0)};
  out.intervals.mean = out.intervals.mean.array().max(0.0f);
  if (data.spot.empty()) return out;
  Rng sharing_rng(o.seed, detail::sharing_stream);
  const SpotCounts spots = detail::spot_counts(data);
  out.sharing = fit_spot_deconvolution(data.reference, spots);
  out.cells = spot_cell_moments(
      *out.sharing, spots, {.depth = double(model.target.depth.value(0, 0)), .draws = o.intervals.draws}, sharing_rng);
  out.intervals = deconvolve_spots(*out.cells, data.spot, out.intervals.mean);
  out.gene_deviation = out.cells->cell_deviation;
  return out;
}

}  // namespace latentcell::spatial
