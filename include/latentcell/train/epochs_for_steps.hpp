#pragma once

#include <algorithm>

#include <latentcell/core/error.hpp>
#include <latentcell/core/options.hpp>
#include <latentcell/core/types.hpp>

namespace LATENTCELL_NAMESPACE {

/// How long to train where the number of epochs is not given.
struct StepTarget {
  Index steps = 1700;    ///< aimed at; larger: trains longer
  int min_epochs = 8;    ///< of many cells, whose epochs have many steps
  int max_epochs = 200;  ///< of few cells, which more epochs would learn by heart

  static void visit(auto& self, auto&& f) {
    f("steps", self.steps, at_least(1));
    f("min_epochs", self.min_epochs, at_least(0));
    f("max_epochs", self.max_epochs, at_least(0));
  }
};

/// Returns how many epochs make about `target.steps` steps.
/// cells >= 0, batch >= 1
inline int epochs_for_steps(Index cells, Index batch, const StepTarget& target) {
  check_options("epochs_for_steps", target);
  LATENTCELL_REQUIRE(batch >= 1, "epochs_for_steps: batch must be at least 1, got ", batch);
  LATENTCELL_REQUIRE(target.min_epochs <= target.max_epochs, "epochs_for_steps: min_epochs ", target.min_epochs,
                     " is more than max_epochs ", target.max_epochs);
  const Index per_epoch = std::max<Index>(1, cells / batch);
  return int(std::clamp<Index>(target.steps / per_epoch, target.min_epochs, target.max_epochs));
}

}  // namespace latentcell
