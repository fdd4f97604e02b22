#pragma once

#include <array>
#include <cmath>
#include <limits>
#include <string>

#include <latentcell/autodiff/param.hpp>
#include <latentcell/trajectory/ot_paths.hpp>

namespace LATENTCELL_NAMESPACE::trajectory {

/// What predicts the cells of a time between snapshots: the flow; the transport plan that the flow learns from; the
/// straight plan with equal masses, whose half-way point is the usual baseline.
enum class SnapshotPart { flow, plan, straight_plan };

inline constexpr std::array<const char*, 3> snapshot_part_names = {"flow", "transport plan",
                                                                   "straight, balanced transport plan"};

/// Shares of the predicted cells of a time, by what predicts them; see fit_mixture.
struct SnapshotMixture {
  Buffer<double> share;      // (1, 3) by SnapshotPart, sum 1
  Buffer<double> nested_w1;  // (1, 3) of each part alone, mean over the stretches that were left out; NaN without
  Buffer<double> stretches;  // (1, 1) stretches of training times that were left out in turn; 0: a rule chose

  /// The flow alone.
  SnapshotMixture() : share(1, 3), nested_w1(1, 3), stretches(1, 1) {
    share.value(0, 0) = 1;
    nested_w1.value.setConstant(std::numeric_limits<double>::quiet_NaN());
  }

  /// Settings of a part's plan, for a model whose flow learns from the paths of `o`.
  static OtPathOptions plan_options(SnapshotPart part, const OtPathOptions& o) {
    if (part == SnapshotPart::straight_plan) return {.window = o.window, .epsilon = 0.01, .marginal_relaxation = 0};
    return o;
  }

  /// One sentence: the shares, and what chose them.
  std::string to_text() const {
    std::string out = "cells between snapshots: ";
    for (Index k = 0; k < 3; ++k) {
      if (share.value(0, k) > 0)
        out += text(out.back() == ' ' ? "" : ", ", std::lround(100 * share.value(0, k)), " % ",
                    snapshot_part_names[to_size(k)]);
    }
    if (stretches.value(0, 0) == 0) return out + " (no inner snapshot to choose by)";
    out += text(" (chosen on ", stretches.value(0, 0), " left-out stretches of training times; W1 alone:");
    for (Index k = 0; k < 3; ++k) out += text(k == 0 ? " " : ", ", float(nested_w1.value(0, k)));
    return out + ")";
  }

  static void visit(auto& self, auto&& f) {
    f("share", self.share);
    f("nested_w1", self.nested_w1);
    f("stretches", self.stretches);
  }
};

}  // namespace latentcell::trajectory
