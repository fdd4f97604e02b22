#pragma once

#include <optional>
#include <string_view>

#include <latentcell/conformal/ensemble.hpp>
#include <latentcell/conformal/modality_encoder.hpp>
#include <latentcell/spatial/context.hpp>

namespace LATENTCELL_NAMESPACE::spatial {

struct Options {
  conformal::ModalityEncoderOptions target = {.name = "expression", .components = 20};  ///< of the genes to predict
  std::optional<conformal::ModalityEncoderOptions> panel = {};  ///< of the genes measured at query locations, if any
  conformal::EnsembleOptions ensemble = {};
  SpatialContextOptions context = {};
  float noise = 0.15f;         ///< standard deviation of noise on condition features in training, at least 0. Larger:
                               ///< smoother predictions.
  bool missing_slice = false;  ///< query locations lie in slices without reference cells

  static void visit(auto& self, auto&& f) {
    f("target", self.target);
    f("panel", self.panel);
    f("ensemble", self.ensemble);
    f("context", self.context);
    f("noise", self.noise, at_least(0));
    f("missing_slice", self.missing_slice);
  }
};

/// Predicts expression at a location from the cells around it and, where a panel was measured there, from its other
/// genes: rectified flows from noise to the latent of the expression, around kriging.
struct Model {
  static constexpr std::string_view kind = "spatial";

  Options options;
  conformal::ModalityEncoder target;
  std::optional<conformal::ModalityEncoder> panel;
  SpatialContext context;
  conformal::ConditionalEnsemble flows;
  Buffer<float> stacking_weight;  // (1, D) factor on the difference of the flows' mean from kriging, in [0, 1]
  Buffer<float> gene_deviation;   // (1, F) standard deviation over the reference cells
  Buffer<float> gene_around;      // (1, F) weight of what lies around against the model, in [0, 1]
  Buffer<double> gene_smoothing;  // (1, 4) of what lies around: range, nugget, width and share of smoothing

  Model(const Options& o, Rng& rng)
      : options(check_options("spatial::Model", o)),
        target(o.target),
        context(o.context),
        flows(SpatialContext(o.context).columns(target.latent()) + panel_features(o), target.latent(),
              Index(o.target.features.size()), o.ensemble, rng),
        stacking_weight(1, target.latent()),
        gene_deviation(1, Index(o.target.features.size())),
        gene_around(1, Index(o.target.features.size())),
        gene_smoothing(1, 4) {
    if (o.panel) panel.emplace(*o.panel);
    stacking_weight.value.setOnes();
    gene_deviation.value.setOnes();
    gene_smoothing.value << kernel::Variogram{}.range, kernel::Variogram{}.nugget, 1, 0;
  }

  /// Condition features of a location.
  Index n_condition() const { return flows.n_condition; }

  static void visit(auto& self, auto&& f) {
    f("target", self.target);
    f("panel", self.panel);
    f("context", self.context);
    f("flows", self.flows);
    f("stacking_weight", self.stacking_weight);
    f("gene_deviation", self.gene_deviation);
    f("gene_around", self.gene_around);
    f("gene_smoothing", self.gene_smoothing);
  }

 private:
  static Index panel_features(const Options& o) {
    return o.panel ? conformal::ModalityEncoder(*o.panel).n_condition() : 0;
  }
};

}  // namespace latentcell::spatial
