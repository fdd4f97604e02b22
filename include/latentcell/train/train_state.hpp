#pragma once

#include <functional>
#include <vector>

#include <latentcell/optim/adamw.hpp>
#include <latentcell/optim/ema.hpp>
#include <latentcell/train/history.hpp>

namespace LATENTCELL_NAMESPACE {

/// All that a run of fit() needs besides the model to go on where it stopped, bit for bit: the random numbers of an
/// epoch are a function of the seed and the epoch, so no generator is kept.
template <class T>
struct TrainState {
  AdamW<T> optimizer;
  Ema<T> ema;
  std::vector<Buffer<T>> best;  ///< weights with the lowest validation loss so far; empty without validation
  double best_loss = std::numeric_limits<double>::infinity();
  History history;
  bool stop = false;                                             ///< a hook sets it to end the run after this epoch
  std::function<double(Index step, Index total)> schedule = {};  ///< learning rate of a step, from 0; empty: warm-up
                                                                 ///< and cosine of FitOptions. Not saved
  std::function<void(Index step, Index total)> on_step = {};     ///< called after each step, from 0. Not saved
  bool abandon = false;  ///< on_step sets it to end the run within the epoch: model and state are then of no use, and
                         ///< the last checkpoint serves

  static void visit(auto& self, auto&& f) {
    f("optimizer", self.optimizer);
    f("ema", self.ema);
    f("best", self.best);
  }
};

}  // namespace latentcell
