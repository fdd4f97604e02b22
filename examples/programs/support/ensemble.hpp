#pragma once

#include <string>
#include <vector>

#include <latentcell/conformal/prediction_intervals.hpp>

#include "program.hpp"

// What the programs that train a ConditionalEnsemble share.

namespace program {

struct EnsembleSettings {
  Index components = 50, members = 5, draws = 64;
  int epochs = 0;
};

/// Adds the options; those that a saved model brings itself are returned, so that --from can exclude them.
inline std::vector<CLI::Option*> add_ensemble(CLI::App& app, EnsembleSettings& e, const std::string& components) {
  std::vector<CLI::Option*> own;
  own.push_back(
      app.add_option("--components", e.components, components)->capture_default_str()->check(CLI::Range(2, 100)));
  own.push_back(app.add_option("--members", e.members, "networks whose predictions are averaged")
                    ->capture_default_str()
                    ->check(CLI::Range(2, 100)));
  app.add_option("--draws", e.draws, "of each cell or place, for the intervals")
      ->capture_default_str()
      ->check(CLI::Range(2, 100000));
  app.add_option("--epochs", e.epochs, "of each network; 0 chooses by the number of cells")
      ->check(CLI::Range(0, 1000000000));
  return own;
}

/// Few cells need strong regularisation; about so many steps where epochs are not given.
inline lc::FitOptions ensemble_fit(const EnsembleSettings& e, Index cells, Index steps, int most_epochs,
                                   std::uint64_t seed) {
  return {.epochs = e.epochs > 0 ? e.epochs : epochs_for(cells, 64, steps, 8, most_epochs),
          .batch = 64,
          .learning_rate = 1e-3f,
          .weight_decay = 0.1f,
          .ema = 0.99f,
          .seed = seed};
}

/// Trains all members, a stage each; false where a signal ended it.     fit(state, member, hooks...)
template <class Fit>
bool train_members(const Common& s, const std::string& name, lc::conformal::ConditionalEnsemble& flows, lc::StopOnSignal& stop,
                   Json& report, const Fit& fit) {
  for (Index k = 0; k < Index(flows.members.size()); ++k) {
    lc::TrainState<float> state;
    if (!train_stage(s, lc::text(name, "_", k + 1), flows.members[lc::to_size(k)], state, stop, report,
                     [&](auto& st, auto&&... hooks) { fit(st, k, hooks...); })) {
      return false;
    }
  }
  return true;
}

/// Adds the ends of intervals to obsm.
inline void put_intervals(lc::CellTable& cells, const std::string& prefix, lc::conformal::PredictionIntervals from) {
  cells.embeddings[prefix + "low50"] = std::move(from.low50);
  cells.embeddings[prefix + "high50"] = std::move(from.high50);
  cells.embeddings[prefix + "low80"] = std::move(from.low80);
  cells.embeddings[prefix + "high80"] = std::move(from.high80);
}

}  // namespace program
