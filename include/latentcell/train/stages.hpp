#pragma once

#include <chrono>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <latentcell/train/checkpoint.hpp>
#include <latentcell/train/csv_log.hpp>
#include <latentcell/train/fit.hpp>
#include <latentcell/train/progress.hpp>
#include <latentcell/train/stop_on_signal.hpp>

namespace LATENTCELL_NAMESPACE {

/// How a training of several stages ended.
enum class FitStatus {
  finished,
  interrupted,  ///< a signal or a hook stopped it; stages in a folder can be resumed
};

/// Whether stages go on from the checkpoints in their folder.
enum class Resume { no, yes };

/// Whether the first Ctrl-C ends the epoch under way, or the program.
enum class OnSignal { ends_program, ends_epoch };

/// Settings of Stages.
struct StagesOptions {
  std::string folder = {};                              ///< of checkpoints and tables of losses; empty writes none
  Resume resume = Resume::no;                           ///< yes: a stage with a checkpoint goes on from it
  OnSignal on_signal = OnSignal::ends_epoch;            ///< while a stage trains
  CheckpointOptions checkpoint = {};                    ///< how often a stage is written
  std::FILE* progress = stderr;                         ///< where a bar is drawn, if it is a terminal; null draws none
  std::function<void(const std::string&)> notice = {};  ///< takes a line for each stage that resumes or ends

  static void visit(auto& self, auto&& f) {
    f("folder", self.folder);
    f("resume", self.resume);
    f("on_signal", self.on_signal);
    f("checkpoint", self.checkpoint);
  }
};

/// What one stage of a training did.
struct StageReport {
  std::string name;
  FitOptions options;
  History history;
  double wall_seconds = 0;  ///< of this run; less than the history's where the stage was resumed
};

/// The stages of a training, one after the other: each can be checkpointed, resumed and stopped.
///
///   Stages stages({.folder = "run", .resume = Resume::yes});
///   const FitStatus status = stages.run<float>("vae", options, vae, [&](auto& state, auto&& hook) {
///     fit(vae, cells, options, state, hook);
///   });
class Stages {
 public:
  /// In memory and silent.
  Stages() { options_.on_signal = OnSignal::ends_program, options_.progress = nullptr; }
  explicit Stages(StagesOptions options) : options_(std::move(options)) {
    check_options("Stages", options_);
    LATENTCELL_REQUIRE(options_.resume == Resume::no || !options_.folder.empty(), "Stages: resuming needs a folder");
  }

  /// Trains one stage, from its checkpoint where there is one and resuming is asked for. The checkpoint is
  /// folder/stage.safetensors, the table of losses folder/stage.csv.
  /// fit(TrainState<T>&, hook)
  /// Throws std::runtime_error with the path for a checkpoint of another model or a folder that cannot be written to.
  template <class T, class Model, class Fit>
  FitStatus run(const std::string& stage, const FitOptions& options, Model& model, const Fit& fit) {
    using Clock = std::chrono::steady_clock;
    const auto start = Clock::now();
    const std::string path = options_.folder.empty() ? "" : options_.folder + "/" + stage;
    TrainState<T> state;
    if (options_.resume == Resume::yes && std::filesystem::exists(path + ".safetensors")) {
      restore_training(path + ".safetensors", model, state);
      state.history.interrupted = false;
      notify(text(stage, ": resumes after epoch ", state.history.epochs.size()));
    }
    std::optional<StopOnSignal> signal;
    if (options_.on_signal == OnSignal::ends_epoch) signal.emplace();
    std::optional<decltype(csv_log(path))> log;
    std::optional<decltype(checkpoint(path))> save;
    if (!path.empty()) {
      log.emplace(csv_log(path + ".csv"));
      save.emplace(checkpoint(path + ".safetensors", options_.checkpoint));
    }
    const auto show = progress({.label = stage, .out = options_.progress});
    // One hook for all, so that `fit` is compiled once. The checkpoint is last: it sees whether the stage was stopped.
    fit(state, [&](const auto& trained, auto& at) {
      if (options_.progress != nullptr) show(trained, at);
      if (signal && signal->signal() != 0) at.stop = true;
      if (log) (*log)(trained, at);
      if (save) (*save)(trained, at);
    });
    if (state.history.interrupted) return FitStatus::interrupted;
    const double seconds = std::chrono::duration<double>(Clock::now() - start).count();
    reports_.push_back({stage, options, std::move(state.history), seconds});
    const History& history = reports_.back().history;
    if (!history.epochs.empty()) {
      notify(
          text(stage, ": ", history.epochs.size(), " epochs, loss ", history.epochs.back().loss, ", ", seconds, " s"));
    }
    return FitStatus::finished;
  }

  /// Stages that are finished, in order.
  const std::vector<StageReport>& reports() const { return reports_; }
  const StagesOptions& options() const { return options_; }

 private:
  void notify(const std::string& line) const {
    if (options_.notice) options_.notice(line);
  }

  StagesOptions options_;
  std::vector<StageReport> reports_;
};

}  // namespace latentcell
