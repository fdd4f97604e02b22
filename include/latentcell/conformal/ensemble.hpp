#pragma once

#include <vector>

#include <latentcell/conformal/conditional_velocity_net.hpp>
#include <latentcell/core/options.hpp>
#include <latentcell/data/assign_folds.hpp>
#include <latentcell/flow/rectified_flow.hpp>

namespace LATENTCELL_NAMESPACE::conformal {

struct EnsembleOptions {
  /// Networks whose predictions are averaged, at least 2; each is trained on all folds but one. Larger: steadier means
  /// and more time.
  Index members = 5;
  /// Of each member; its `latent` is set to the target's.
  ResidualMlpOptions velocity_net = {.width = 128, .depth = 2, .condition = 256, .dropout = 0.3f};
  std::uint64_t fold_seed = 0;  ///< of the assignment of cells to folds, in training and in calibration

  static void visit(auto& self, auto&& f) {
    f("members", self.members, fixed(at_least(2)));
    f("velocity_net", self.velocity_net);
    f("fold_seed", self.fold_seed);
  }
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
    options.velocity_net.latent = latent;
    check_options("ConditionalEnsemble", options);
    for (Index k = 0; k < o.members; ++k) members.emplace_back(n_condition, options.velocity_net, rng);
    interval_scale.value.setOnes();
  }

  /// Returns the fold of each cell: the index of the member that is trained without the cell.
  /// -> (cells)
  std::vector<Index> folds(Index cells) const { return assign_folds(cells, Index(members.size()), options.fold_seed); }

  static void visit(auto& self, auto&& f) {
    f("members", self.members);
    f("interval_scale", self.interval_scale);
  }
};

}  // namespace latentcell::conformal
