#pragma once

#include <chrono>
#include <cmath>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <latentcell/autodiff/visit.hpp>
#include <latentcell/train/checkpoint.hpp>
#include <latentcell/train/csv_log.hpp>
#include <latentcell/train/fit.hpp>
#include <latentcell/train/progress.hpp>
#include <latentcell/train/stage_clock.hpp>
#include <latentcell/train/stop_on_signal.hpp>

namespace LATENTCELL_NAMESPACE {

/// How a training of several stages ended.
enum class FitStatus {
  finished,
  interrupted,  ///< a signal or a hook stopped it; stages in a folder can be resumed
};

/// Whether stages go on from the checkpoints in their folder.
enum class Resume { no, yes };

/// Whether the first Ctrl-C ends the training after the step under way, or the program.
enum class OnSignal { ends_program, ends_training };

/// Settings of Stages.
struct StagesOptions {
  std::string folder = {};                       ///< of checkpoints and tables of losses; empty writes none
  Resume resume = Resume::no;                    ///< yes: a stage with a checkpoint goes on from it
  OnSignal on_signal = OnSignal::ends_training;  ///< while a stage trains
  CheckpointOptions checkpoint = {};             ///< how often a stage is written
  AnyTeam team = {};                             ///< ranks that train together; rank 0 alone writes
  std::string identity = {};                     ///< of the run: kept in checkpoints; of another run they are refused
  std::shared_ptr<ProgressDisplay> progress = std::make_shared<ProgressDisplay>();  ///< shows a stage; null: nothing
  std::function<void(const std::string&)> notice = {};       ///< takes a line for each stage that resumes or ends
  std::function<void(const std::string&)> activity = {};     ///< takes what begins now, stages and steps between them
  std::function<void(const std::string&)> save_failed = {};  ///< takes why a checkpoint could not be written; training
                                                             ///< goes on. Empty: it throws

  static void visit(auto& self, auto&& f) {
    f("folder", self.folder);
    f("resume", self.resume);
    f("on_signal", self.on_signal);
    f("checkpoint", self.checkpoint);
    f("identity", self.identity);
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
    const double start = clock_.now();
    const std::string path = options_.folder.empty() ? "" : options_.folder + "/" + stage;
    TrainState<T> state;
    if (options_.resume == Resume::yes && std::filesystem::exists(path + ".safetensors")) {
      restore_training(path + ".safetensors", model, state, options_.identity);
      state.history.interrupted = false;
      notify(text(stage, ": resumes after epoch ", state.position.epoch,
                  state.position.step > 0 ? text(" and ", state.position.step, " steps") : ""));
    }
    state.team = options_.team;
    const int epochs_before = state.position.epoch;
    announce("training " + stage);
    std::optional<StopOnSignal> signal;
    if (options_.on_signal == OnSignal::ends_training) signal.emplace();
    const auto heard = [&] { return signal && signal->signal() != 0; };
    if (any_rank(state.team, heard())) return FitStatus::interrupted;  // heard between two stages
    std::optional<decltype(csv_log(path))> log;
    std::optional<decltype(checkpoint(path))> save;
    if (!path.empty() && state.team.rank() == 0) {
      saving([&] {
        log.emplace(csv_log(path + ".csv"));
        save.emplace(checkpoint(path + ".safetensors", options_.checkpoint, run_metadata()));
      });
    }
    clock_.start(stage);
    double shown = 0;
    const auto step = [&](const auto& trained, const auto& at, const StepInfo& now) {
      clock_.step(now.step, now.total);
      saving([&] {
        if (save) save->on_step(trained, at, now);
      });
      if (options_.progress == nullptr || clock_.now() - shown < seconds_between_draws) return;
      shown = clock_.now();
      options_.progress->show(progress_line(stage, clock_.progress(at.history, options.epochs)));
    };
    // One hook for all, so that `fit` is compiled once. The checkpoint is last: it sees whether the stage was stopped.
    const auto report = [&](const auto& trained, auto& at) {
      if (heard()) at.stop = true;
      saving([&] {
        if (log) (*log)(trained, at);
        if (save) (*save)(trained, at);
      });
    };
    fit(state, Hook{report, step, heard});
    if (options_.progress != nullptr) options_.progress->clear();
    clock_.finish(stage);
    if (state.history.interrupted) return FitStatus::interrupted;
    reports_.push_back({stage, options, std::move(state.history), clock_.now() - start});
    notify(summary(reports_.back(), epochs_before));
    return FitStatus::finished;
  }

  /// Tells of a stage to come, so that the time left for all stages is predicted. A stage of that name is planned once.
  /// work: cells times epochs, and times parameters where stages are of several kinds
  void plan(const std::string& stage, double work) { clock_.plan(stage, work); }
  template <class Model>
  void plan(const std::string& stage, const FitOptions& options, Index cells, const Model& model) {
    plan(stage, double(options.epochs) * double(cells) * double(parameter_count(model)));
  }

  /// Tells what begins now between two stages: "encoding the cells".
  void announce(const std::string& what) const {
    if (options_.activity) options_.activity(what);
  }

  /// Stages that are finished, in order.
  const std::vector<StageReport>& reports() const { return reports_; }
  const StagesOptions& options() const { return options_; }

 private:
  static constexpr double seconds_between_draws = 0.2;

  template <class Write>
  void saving(const Write& write) const {
    try {
      write();
    } catch (const std::runtime_error& e) {
      if (!options_.save_failed) throw;
      options_.save_failed(e.what());
    }
  }
  std::map<std::string, std::string> run_metadata() const {
    if (options_.identity.empty()) return {};
    return {{run_key, options_.identity}};
  }
  void notify(const std::string& line) const {
    if (options_.notice && !line.empty()) options_.notice(line);
  }

  /// "flow: 30 epochs, loss 1.02, 35 s"; of a resumed stage also how many epochs are of this run.
  static std::string summary(const StageReport& report, int epochs_before) {
    const History& history = report.history;
    if (history.epochs.empty()) return {};
    std::string out = text(report.name, ": ", history.epochs.back().epoch, " epochs, loss ", history.epochs.back().loss,
                           ", ", clock_text(history.seconds()));
    if (epochs_before > 0)
      out += text(" (", history.epochs.back().epoch - epochs_before, " epochs and ", clock_text(report.wall_seconds),
                  " in this run)");
    return out;
  }

  StagesOptions options_;
  std::vector<StageReport> reports_;
  StageClock clock_;
};

}  // namespace latentcell
