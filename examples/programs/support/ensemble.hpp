#pragma once

#include <string>
#include <vector>

#include <latentcell/conformal/fit.hpp>
#include <latentcell/conformal/prediction_intervals.hpp>

#include "options.hpp"
#include "report.hpp"

// What the programs that train a ConditionalEnsemble share.

namespace program {

struct EnsembleSettings {
  Index components = 50, members = 5, draws = 64;
  lc::conformal::EnsembleFitOptions training = {};
};

/// Adds the options; those that a saved model brings itself are returned, so that --from can exclude them.
inline std::vector<CLI::Option*> add_ensemble(CLI::App& app, EnsembleSettings& e, const std::string& components) {
  begin_group(app, group::training);
  lc::conformal::EnsembleFitOptions& t = e.training;
  std::vector<CLI::Option*> own = {
      app.add_option("--components", e.components, components)->check(CLI::Range(2, 100)),
      app.add_option("--members", e.members, "networks whose predictions are averaged")->check(CLI::Range(2, 100)),
      add_member(app, "--epochs", t, t.epochs, "of each network; 0: by the number of cells"),
      add_member(app, "--learning-rate", t.fit, t.fit.learning_rate, "a third where the loss jumps or is nan"),
      add_member(app, "--batch-size", t.fit, t.fit.batch, "cells in a minibatch"),
      add_member(app, "--weight-decay", t.fit, t.fit.weight_decay, "larger: stronger regularisation")};
  begin_group(app, group::prediction);
  app.add_option("--draws", e.draws, "of each cell or place, for the intervals")->check(CLI::Range(2, 100000));
  return own;
}

/// Adds the ends of intervals to obsm.
inline void put_intervals(lc::CellTable& cells, const std::string& prefix, lc::conformal::PredictionIntervals from) {
  cells.embeddings[prefix + "low50"] = std::move(from.low50);
  cells.embeddings[prefix + "high50"] = std::move(from.high50);
  cells.embeddings[prefix + "low80"] = std::move(from.low80);
  cells.embeddings[prefix + "high80"] = std::move(from.high80);
}

}  // namespace program
