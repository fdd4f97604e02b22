#pragma once

#include <string>
#include <vector>

#include <latentcell/train/epochs_for_steps.hpp>

#include "read.hpp"
#include "stages.hpp"

// Former names of what stands in options, run, read, report and stages, for programs that use them.

namespace program {

inline void say(const std::string& line) { print_line(line); }
inline lc::CellTable read(const Common& s, const std::string& path) { return read_cells(s, path); }
inline void same_run(const Common& s, Json of) { check_resumable(s, std::move(of)); }
inline int stopped(const Common& s) { return exit_interrupted(s); }
template <class Model>
void keep(const Common& s, const Model& model) {
  save_checkpoint(s, model);
}
inline int epochs_for(Index cells, Index batch, Index steps, int least, int most) {
  return lc::epochs_for_steps(cells, batch, {.steps = steps, .min_epochs = least, .max_epochs = most});
}

/// Trains one stage, from its checkpoint where asked; false when a signal ended it before its last epoch.
/// fit(state, hooks...)
template <class Model, class Fit>
bool train_stage(const Common& s, const std::string& stage, Model& model, lc::TrainState<float>& state,
                 lc::StopOnSignal& stop, Json& report, const Fit& fit) {
  const double start = now();
  const std::string file = s.checkpoint.empty() ? "" : s.checkpoint + "/" + stage + ".safetensors";
  if (s.resume && std::filesystem::exists(file)) {
    lc::restore_training(file, model, state);
    state.stop = false;
    state.history.interrupted = false;
    say(lc::text(stage, ": goes on after epoch ", state.history.epochs.size()));
  }
  const auto progress = lc::progress({.label = stage});
  if (s.checkpoint.empty()) {
    fit(state, progress, stop.hook());
  } else {
    fit(state, progress, stop.hook(), lc::csv_log(s.checkpoint + "/" + stage + ".csv"), lc::checkpoint(file));
  }
  if (state.history.interrupted) return false;
  report[stage] = to_json(state.history);
  report[stage]["wall_seconds"] = now() - start;
  report[stage]["peak_memory_mb"] = peak_memory_mb();
  say(lc::text(stage, ": ", state.history.epochs.size(), " epochs, loss ", state.history.epochs.back().loss, ", ",
               now() - start, " s"));
  return true;
}

}  // namespace program
