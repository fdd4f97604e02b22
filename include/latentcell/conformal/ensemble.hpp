#pragma once

#include <vector>

#include <latentcell/conformal/conditional_velocity_net.hpp>
#include <latentcell/flow/rectified_flow.hpp>

namespace latentcell::conformal {

struct EnsembleOptions {
  Index members =
      5;  ///< networks, at least 2; each is trained on all folds but one. Larger: steadier means, more time.
  ResidualMlpOptions velocity_net = {
      .width = 128, .depth = 2, .condition = 256, .dropout = 0.3f};  ///< its `latent` is set to the target's
  std::uint64_t fold_seed = 0;  ///< of the assignment of cells to folds, in training and in calibration
};

/// Flows from noise to the latent of a target under a condition. Each member is trained without one fold of the cells;
/// that fold is held out for calibration of the intervals.
struct ConditionalEnsemble {
  EnsembleOptions options;
  Index n_condition = 0;  ///< C
  std::vector<ConditionalVelocityNet> members;
  RectifiedFlow path;
  Buffer<float> interval_scale;  // (2, F) factor on the sample quantiles, of the 50 % (row 0) and the 80 % interval

  /// condition: C, numbers in a condition; latent: D of the target; features: F of the decoded target
  ConditionalEnsemble(Index condition, Index latent, Index features, const EnsembleOptions& o, Rng& rng)
      : options(o), n_condition(condition), interval_scale(2, features) {
    LATENTCELL_REQUIRE(o.members >= 2, "ConditionalEnsemble: members must be at least 2, got ", o.members);
    options.velocity_net.latent = latent;
    for (Index k = 0; k < o.members; ++k) members.emplace_back(n_condition, options.velocity_net, rng);
    interval_scale.value.setOnes();
  }

  static void visit(auto& self, auto&& f) {
    f("members", self.members);
    f("interval_scale", self.interval_scale);
  }
};

}  // namespace latentcell::conformal
