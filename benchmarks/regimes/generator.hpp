#pragma once

#include <latentcell/data/simulate.hpp>
#include <latentcell/generation/generation.hpp>

#include "regime.hpp"

/// Trains a generator of a size that suits small data, for a third of the default's steps.
inline lc::generation::Model fit_generator(const lc::CellTable& train, const std::string& batch, std::uint64_t seed,
                                           lc::generation::TrainingOptions training = {}) {
  namespace lg = lc::generation;
  lg::Options o;
  o.label = "cell_type";
  o.batch_covariate = batch;
  lc::Rng rng(seed);
  lg::Model model(lg::options_for(train, o), rng);
  training.seed = seed;
  lg::fit(model, train, training);
  return model;
}
inline lc::generation::TrainingOptions few_steps(Index cells) {
  return {.autoencoder_epochs = int(600 * 64 / cells) + 1, .flow_epochs = int(1000 * 128 / cells) + 1};
}
