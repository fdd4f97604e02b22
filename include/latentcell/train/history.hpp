#pragma once

#include <limits>
#include <vector>

#include <latentcell/core/types.hpp>

namespace LATENTCELL_NAMESPACE {

/// What one pass over the training data did, or a part of one: see FitOptions::report_every.
struct EpochReport {
  int epoch = 0;                                                 ///< from 1
  int epochs = 0;                                                ///< as planned
  double loss = 0;                                               ///< mean training loss
  double validation = std::numeric_limits<double>::quiet_NaN();  ///< mean loss on the cells kept out; NaN without
  double rate = 0;                                               ///< learning rate of the last step
  double seconds = 0;                                            ///< that its cells and the validation took
  Index cells = 0;                                               ///< cells used since the last report
};

struct History {
  std::vector<EpochReport> epochs;
  int best = 0;                ///< report, from 1, with the lowest validation loss; the last one without validation
  bool stopped_early = false;  ///< patience ran out before the planned number of epochs
  bool interrupted = false;    ///< a hook asked to stop, after an epoch or within one

  double seconds() const {
    double sum = 0;
    for (const EpochReport& e : epochs) sum += e.seconds;
    return sum;
  }
};

}  // namespace latentcell
