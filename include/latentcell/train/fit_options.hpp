#pragma once

#include <cstdint>

#include <latentcell/core/options.hpp>
#include <latentcell/core/types.hpp>

namespace LATENTCELL_NAMESPACE {

/// How a model is trained.
struct FitOptions {
  int epochs = 100;             ///< passes over the training cells
  Index batch = 128;            ///< cells in a minibatch; larger is smoother and makes fewer steps
  int accumulate = 1;           ///< minibatches in a step, their gradients averaged: a larger batch in the same memory,
                                ///< and what ranks share; a multiple of their number
  float learning_rate = 1e-3f;  ///< peak of the schedule
  float weight_decay = 0.01f;   ///< decoupled; larger keeps weights smaller
  float beta2 = 0.999f;         ///< AdamW's memory of squared gradients
  float warmup = 0.05f;         ///< share of all steps over which the rate rises
  float last_rate = 0.01f;      ///< rate at the end, relative to the peak
  float clip = 1.0f;            ///< largest global norm of a gradient; 0 does not clip
  float ema = 0.0f;             ///< decay of the moving average of weights that the model ends with; 0 is off
  float validation = 0.0f;      ///< share of the cells kept out to watch; 0 keeps none
  int patience = 0;             ///< reports without a better validation loss until the run ends; 0 never ends it
  Index report_every = 0;       ///< cells from one report to the next: validation, patience and hooks; 0: an epoch's
  std::uint64_t seed = 0;       ///< of shuffling, dropout and posterior noise

  static void visit(auto& self, auto&& f) {
    f("epochs", self.epochs, at_least(0));
    f("batch", self.batch, at_least(1));
    f("accumulate", self.accumulate, at_least(1));
    f("learning_rate", self.learning_rate, above(0));
    f("weight_decay", self.weight_decay, at_least(0));
    f("beta2", self.beta2, in_half_open(0, 1));
    f("warmup", self.warmup, in(0, 1));
    f("last_rate", self.last_rate, at_least(0));
    f("clip", self.clip, at_least(0));
    f("ema", self.ema, in_half_open(0, 1));
    f("validation", self.validation, in_half_open(0, 1));
    f("patience", self.patience, at_least(0));
    f("report_every", self.report_every, at_least(0));
    f("seed", self.seed);
  }
};

}  // namespace latentcell
