#pragma once

#include <algorithm>
#include <chrono>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include <latentcell/train/progress.hpp>

namespace LATENTCELL_NAMESPACE {

/// Measures the steps of one stage after the other, and predicts the time left of the stage and of all planned stages.
class StageClock {
 public:
  /// Adds a stage to come; one of that name is planned once.
  void plan(const std::string& stage, double work) {
    const auto same = [&](const Planned& p) { return p.name == stage; };
    if (std::none_of(planned_.begin(), planned_.end(), same)) planned_.push_back({stage, work});
  }

  /// Seconds since the clock was made.
  double now() const { return std::chrono::duration<double>(Clock::now() - origin_).count(); }

  void start(const std::string& stage) {
    stage_ = stage;
    done_ = total_ = first_ = 0;
    started_ = now();
  }
  /// A step has ended.
  /// step: from 0, of all `total` steps of the stage, those before it was resumed included
  void step(Index step, Index total) {
    if (total_ == 0) first_ = step;
    done_ = step + 1, total_ = total, last_ = now();
  }
  /// Keeps the rate of the stage for others like it.
  void finish(const std::string& stage) {
    const Rate here = rate();
    for (Planned& p : planned_) {
      if (p.name != stage) continue;
      p.done = true;
      for (Rate* of : {&rates_[kind(stage)], &all_}) of->seconds += here.seconds, of->work += here.work * p.work;
    }
    total_ = 0;
  }

  /// How far the stage under way is.
  StageProgress progress(const History& history, int epochs) const {
    const int before = history.epochs.empty() ? 0 : history.epochs.back().epoch;
    StageProgress out{.epoch = std::min(epochs, before + 1), .epochs = epochs};
    if (total_ > 0) out.epoch = int((done_ - 1) * epochs / total_) + 1;
    if (!history.epochs.empty()) {
      const StageProgress last = StageProgress::of(history);
      out.loss = last.loss, out.validation = last.validation, out.cells_per_second = last.cells_per_second;
    }
    if (total_ == 0) return out;
    out.share = double(done_) / double(total_);
    const Rate here = rate();
    if (here.work <= 0) return out;
    out.seconds_left = here.seconds / here.work * (1 - out.share);
    const auto own = std::find_if(planned_.begin(), planned_.end(), [&](const Planned& p) { return p.name == stage_; });
    if (own == planned_.end()) return out;
    double rest = 0;
    bool others = false;
    for (const Planned& p : planned_) {
      if (p.done || p.name == stage_) continue;
      others = true;
      rest += p.work * seconds_per_work(p.name, {here.seconds, here.work * own->work});
    }
    if (others) out.seconds_left_in_all = out.seconds_left + rest;
    return out;
  }

 private:
  using Clock = std::chrono::steady_clock;
  struct Planned {
    std::string name;
    double work = 0;
    bool done = false;
  };
  struct Rate {
    double seconds = 0, work = 0;
  };

  /// Seconds of the stage under way in this run, and the share of the stage that they were for.
  Rate rate() const {
    if (total_ == 0) return {};
    return {last_ - started_, double(done_ - first_) / double(total_)};
  }

  /// That of stages of the same kind, the one under way among them; else of all.
  double seconds_per_work(const std::string& stage, Rate here) const {
    const auto alike = rates_.find(kind(stage));
    if (alike != rates_.end() && alike->second.work > 0) return alike->second.seconds / alike->second.work;
    if (kind(stage) != kind(stage_)) here.seconds += all_.seconds, here.work += all_.work;
    return here.work > 0 ? here.seconds / here.work : 0;
  }

  /// "flow" of "flow_cross_fit_2", "protein" of "fold_1_of_5_protein_3": the first part that is of no fold.
  static std::string kind(const std::string& stage) {
    std::string rest = stage;
    if (const std::size_t of = rest.find("_of_"); rest.rfind("fold_", 0) == 0 && of != std::string::npos)
      rest = rest.substr(std::min(rest.size(), rest.find('_', of + 4) + 1));
    return rest.substr(0, rest.find('_'));
  }

  Clock::time_point origin_ = Clock::now();
  std::vector<Planned> planned_;
  std::map<std::string, Rate> rates_;
  Rate all_;
  std::string stage_;
  Index done_ = 0, total_ = 0, first_ = 0;
  double started_ = 0, last_ = 0;
};

}  // namespace latentcell
