#pragma once

#include <algorithm>
#include <cstdint>

#include <latentcell/conformal/calibrate.hpp>
#include <latentcell/conformal/fit.hpp>
#include <latentcell/spatial/common_frame.hpp>
#include <latentcell/spatial/match_variance.hpp>
#include <latentcell/spatial/stacking.hpp>
#include <latentcell/train/stages.hpp>

namespace LATENTCELL_NAMESPACE::spatial {

struct TrainingOptions {
  conformal::EnsembleFitOptions members = {.target = {.steps = 1500, .max_epochs = 300}};
  conformal::IntervalOptions intervals = {};  ///< of the calibration; no draws: intervals are not calibrated
  FrameOptions frame = {};
  std::uint64_t seed = 0;  ///< of everything random but the folds, whose seed the ensemble has

  static void visit(auto& self, auto&& f) {
    f("members", self.members);
    f("intervals", self.intervals);
    f("frame", self.frame);
    f("seed", self.seed);
  }
};

/// Returns the options of a model for this data: its genes, at most `components` principal components of each modality,
/// and whether slices are missing.
inline Options options_for(const Dataset& data, Index components = 20) {
  const auto encoder = [&](const Modality& of) {
    const Index features = Index(of.features.size());
    return conformal::ModalityEncoderOptions{of.name, of.features,
                                             std::min({components, features - 1, of.cells() - 2})};
  };
  Options out;
  out.target = encoder(data.target);
  if (data.has_panel()) out.panel = encoder(data.panel);
  out.missing_slice = data.has_missing_slice();
  return out;
}

/// Random stream of a model's first weights and of fit's `rng`.
inline constexpr std::uint64_t model_stream = 5;

namespace detail {

// Random streams of a fit.
inline constexpr std::uint64_t encoder_stream = 6, mask_stream = 7, calibration_stream = 12, gene_stacking_stream = 16;

inline void check_dataset(const Model& model, const Dataset& data) {
  constexpr Index fewest = 40;  // reference cells
  data.reference.check("spatial::fit");
  data.query.check("spatial::fit");
  LATENTCELL_REQUIRE(data.reference.size() == data.target.cells() && data.reference.size() >= fewest,
                     "spatial::fit: ", data.reference.size(), " locations and ", data.target.cells(),
                     " reference cells; needs ", fewest);
  LATENTCELL_REQUIRE(model.panel.has_value() == data.has_panel(), "spatial::fit: the model ",
                     model.panel ? "needs a panel of genes" : "takes no panel of genes");
  LATENTCELL_REQUIRE(model.options.missing_slice || !data.has_missing_slice(),
                     "spatial::fit: the data have query slices without reference cells, but missing_slice is false");
}

inline void fit_encoders(Model& model, const Dataset& data, std::uint64_t seed) {
  Rng rng(seed, encoder_stream);
  model.target.fit(data.target, rng);
  if (!model.panel) return;
  model.target.depth.value(0, 0) = float(data.depth);
  model.panel->fit(data.panel, rng);
}

/// What the members are trained on: each time a cell comes, its condition under another mask, with noise.
inline conformal::EnsembleData training_data(const Model& model, const Dataset& data, const ConditionSource& source,
                                             const MaskDistribution& masks) {
  return {model.target.encode(data.target), data.target.measured,
          [&](std::span<const Index> cells, View<float> condition, Rng& rng) {
            condition_features_of_reference(model, source, cells, draw_masks(masks, condition.rows(), rng), condition);
            for (Index k = 0; k < condition.size(); ++k)
              condition.data()[k] += model.options.noise * float(rng.normal());
          }};
}

}  // namespace detail

/// Fits all of a model: the encoders, the extent of the tissue and the variogram, the flows, the weights of both
/// steps of stacking and the interval scales. Brings the data into a common frame first. The flows are stages flow_1,
/// flow_2, ... and can be resumed. Coverage holds approximately: the cells that intervals are calibrated on also gave
/// the stacking weights, one number per latent dimension and one per gene, the two numbers of each variogram, and the
/// width and share of smoothing.
/// rng: chooses the cells that the variogram of the components is fitted to
/// Throws std::invalid_argument if data and model do not agree in genes, panel or missing slices.
inline FitStatus fit(Model& model, Dataset& data, const TrainingOptions& o, Rng& rng, Stages& stages) {
  check_options("spatial::fit", o);
  detail::check_dataset(model, data);
  conformal::check_draws("spatial::fit", o.intervals.draws);
  detail::fit_encoders(model, data, o.seed);
  to_common_frame(data, model.target, o.frame);
  const ConditionSource source(model, data);
  MaskDistribution masks = mask_distribution(data, model.options.context.slice_gap);
  masks.hide_slice = model.options.missing_slice;
  model.context.fit(source.reference, median_mask(masks), rng);
  Rng mask_rng(o.seed, detail::mask_stream);
  Rng same = mask_rng;
  const std::vector<SpatialMask> drawn = draw_masks(masks, data.reference.size(), same);
  const Matrix<float> condition = condition_features_of_reference(model, source, masks, mask_rng);
  conformal::EnsembleFitOptions members = o.members;
  members.fit.seed = o.seed;
  if (conformal::fit(model.flows, detail::training_data(model, data, source, masks), members, "flow", stages) ==
      FitStatus::interrupted)
    return FitStatus::interrupted;
  Rng calibration(o.seed, detail::calibration_stream);
  fit_stacking(model, data.target, condition, calibration);
  const Matrix<float> truth = model.target.log_normalized(data.target);
  model.gene_deviation.value = column_deviation(truth);
  const Matrix<float> predicted = conformal::out_of_fold_means(model.flows, condition, calibration),
                      base = stacking_base(model, condition, predicted);
  Rng stacking(o.seed, detail::gene_stacking_stream);
  const Matrix<float> decoded = model.target.decode(predicted + base),
                      shift = fit_gene_stacking(model, {data, decoded, masks, drawn}, stacking);
  if (o.intervals.draws == 0) return FitStatus::finished;
  conformal::calibrate_intervals(
      model.flows, model.target,
      {truth, data.target.measured, condition, predicted, base, interval_groups(model, data.reference.slice), shift},
      o.intervals, calibration);
  return FitStatus::finished;
}

}  // namespace latentcell::spatial
