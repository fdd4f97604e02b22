#pragma once

#include <latentcell/core/types.hpp>

namespace LATENTCELL_NAMESPACE {

/// Where a step stands in its run: what warm-ups look at.
struct StepInfo {
  Index step = 0;   ///< from 0
  Index total = 0;  ///< steps of the whole run
  double share() const { return total > 0 ? double(step) / double(total) : 1.0; }
};

/// How far a run is: what stands between two steps. The random numbers of a minibatch are a function of the seed, the
/// epoch and the minibatch's number, so that no generator is kept, and another number of ranks goes on just as well.
struct TrainingPosition {
  int epoch = 0;       ///< whole epochs done
  Index step = 0;      ///< steps done of the epoch under way
  int accumulate = 0;  ///< minibatches in those steps; 0 before the first
  Index cells = 0;     ///< cells used since the last report
  double loss = 0;     ///< sum of the loss over those cells
  double rate = 0;     ///< learning rate of the last step
  double seconds = 0;  ///< that those cells took
};

}  // namespace latentcell
