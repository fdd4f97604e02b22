#pragma once

#include <string>
#include <vector>

#include <latentcell/conformal/prediction_intervals.hpp>

#include "options.hpp"
#include "report.hpp"

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

/// Adds the ends of intervals to obsm.
inline void put_intervals(lc::CellTable& cells, const std::string& prefix, lc::conformal::PredictionIntervals from) {
  cells.embeddings[prefix + "low50"] = std::move(from.low50);
  cells.embeddings[prefix + "high50"] = std::move(from.high50);
  cells.embeddings[prefix + "low80"] = std::move(from.low80);
  cells.embeddings[prefix + "high80"] = std::move(from.high80);
}

}  // namespace program
