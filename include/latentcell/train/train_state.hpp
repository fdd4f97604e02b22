#pragma once

#include <functional>
#include <limits>
#include <vector>

#include <latentcell/optim/adamw.hpp>
#include <latentcell/optim/ema.hpp>
#include <latentcell/train/history.hpp>
#include <latentcell/train/position.hpp>
#include <latentcell/train/team.hpp>

namespace LATENTCELL_NAMESPACE {

/// All that a run of fit() needs besides the model to go on where it stopped, bit for bit, within an epoch too.
template <class T>
struct TrainState {
  AdamW<T> optimizer;
  Ema<T> ema;
  std::vector<Buffer<T>> best;  ///< weights with the lowest validation loss so far; empty without validation
  double best_loss = std::numeric_limits<double>::infinity();
  History history;
  TrainingPosition position;
  bool stop = false;                                             ///< a hook sets it to end the run after this step
  std::function<double(Index step, Index total)> schedule = {};  ///< learning rate of a step, from 0; empty: warm-up
                                                                 ///< and cosine of FitOptions. Not saved
  AnyTeam team = {};  ///< ranks that train together; this process alone if not given. Not saved

  /// Whether a step has been taken.
  bool begun() const { return position.epoch > 0 || position.step > 0; }

  static void visit(auto& self, auto&& f) {
    f("optimizer", self.optimizer);
    f("ema", self.ema);
    f("best", self.best);
  }
};

}  // namespace latentcell
