#pragma once

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <iterator>
#include <limits>
#include <optional>
#include <span>
#include <vector>

#include <latentcell/optim/clip.hpp>
#include <latentcell/optim/gradient_sum.hpp>
#include <latentcell/optim/schedule.hpp>
#include <latentcell/train/fit_options.hpp>
#include <latentcell/train/hooks.hpp>
#include <latentcell/train/train_state.hpp>
#include <latentcell/train/training_data.hpp>

namespace LATENTCELL_NAMESPACE {

namespace detail {

/// One run of fit_with: the loop's parts share the model, the data and the state.
template <class T, class Ranks, class Model, class Source, class Loss>
class TrainingRun {
 public:
  TrainingRun(Ranks& team, Model& model, TrainingData<Source>& data, Loss& loss, const FitOptions& options,
              TrainState<T>& state)
      : team_(team),
        model_(model),
        loss_(loss),
        options_(options),
        state_(state),
        pass_(data.train),
        per_epoch_((pass_.count() + options.accumulate - 1) / options.accumulate),
        total_(per_epoch_ * options.epochs),
        schedule_{options.learning_rate, Index(double(options.warmup) * double(total_)), total_, options.last_rate},
        gathers_(options.accumulate > 1),
        params_(model) {
    if (data.validation) validation_.emplace(*data.validation);
    check();
    state.optimizer.options.weight_decay = options.weight_decay;
    state.optimizer.options.beta2 = options.beta2;
    state.ema.decay = options.ema;
    state.optimizer.prepare(params_);
    state.ema.prepare(params_);
    state.stop = state.history.interrupted = false;
  }

  /// Whether all epochs are done, or patience is at its end.
  bool finished() const { return state_.position.epoch >= options_.epochs || state_.history.stopped_early; }

  StepInfo at() const { return {state_.position.epoch * per_epoch_ + state_.position.step, total_}; }

  bool report_due() const {
    return state_.position.step == per_epoch_ ||
           (options_.report_every > 0 && state_.position.cells >= options_.report_every);
  }

  /// Takes a step. False where a rank asks to stop: the step is then not taken.
  template <class Asks>
  bool step(Asks& asks) {
    const auto start = Clock::now();
    double sums[3];  // loss, cells, ranks that ask to stop
    gradient(asks, sums);
    team_.sum(std::span<double>(sums));
    if (sums[2] > 0) {
      gathered_.clear();
      return false;
    }
    if (!std::isfinite(sums[0])) throw_runtime("fit: the loss is ", sums[0] / sums[1], " at step ", at().step);
    if (gathers_) {
      team_.sum(gathered_.numbers(params_));
      gathered_.hand_over(params_, tape_);
    }
    TrainingPosition& position = state_.position;
    position.rate = move(at());
    position.accumulate = options_.accumulate;
    position.loss += sums[0];
    position.cells += Index(sums[1]);
    ++position.step;
    position.seconds += seconds_since(start);
    return true;
  }

  /// Reports on the steps since the last report. False where a rank asks to stop while the model is validated: the
  /// report is then still to be made.
  template <class Asks>
  bool report(Asks& asks) {
    const auto start = Clock::now();
    TrainingPosition& position = state_.position;
    History& history = state_.history;
    EpochReport report{position.epoch + 1, options_.epochs, position.loss / double(position.cells)};
    if (validation_) {
      if (!validate(asks, report)) return false;
    } else {
      history.best = int(history.epochs.size()) + 1;
    }
    report.rate = position.rate;
    report.seconds = position.seconds + seconds_since(start);
    report.cells = position.cells;
    history.epochs.push_back(report);
    if (position.step == per_epoch_) {
      position.step = 0;
      ++position.epoch;
    }
    position.loss = position.seconds = 0;
    position.cells = 0;
    return true;
  }

  /// Gives the model the weights that the run ends with: the best on the validation data, else the moving average.
  void finish() {
    if (!state_.best.empty()) {
      set_values(params_, state_.best);
    } else {
      state_.ema.copy_to(params_);
    }
  }

 private:
  using Clock = std::chrono::steady_clock;
  static double seconds_since(Clock::time_point then) {
    return std::chrono::duration<double>(Clock::now() - then).count();
  }
  static constexpr bool has_after_step = requires(Model & model, Tape<T>& tape, typename Source::Batch& batch) {
    model.after_step(tape, batch, 0.5);
  };

  void check() const {
    const int k = options_.accumulate;
    const TrainingPosition& position = state_.position;
    LATENTCELL_REQUIRE(k % team_.size() == 0, "fit: the ", k,
                       " minibatches of a step (accumulate) cannot be shared by ", team_.size(),
                       " ranks: choose a multiple of them");
    LATENTCELL_REQUIRE(position.step == 0 || position.accumulate == k, "fit: the epoch under way was begun with ",
                       position.accumulate, " minibatches in a step (accumulate), not ", k);
    LATENTCELL_REQUIRE(position.step <= per_epoch_, "fit: step ", position.step, " of an epoch of ", per_epoch_,
                       ": the run was begun with other cells or another batch");
    LATENTCELL_REQUIRE(!has_after_step || team_.size() == 1,
                       "fit: a model with after_step learns from the minibatches of one process: train it on one rank");
    if (team_.size() > 1) check_alike();
  }

  /// 64 bits of what is hashed (Fowler, Noll and Vo), as two numbers that a sum of ranks keeps.
  struct Digest {
    std::uint64_t bits = 14695981039346656037ull;

    void add(const void* data, std::size_t bytes) {
      const auto* at = static_cast<const unsigned char*>(data);
      for (std::size_t i = 0; i < bytes; ++i) bits = (bits ^ at[i]) * 1099511628211ull;
    }
    template <class Numbers>
    void add_matrix(const Numbers& of) {
      add(of.data(), to_size(of.size()) * sizeof(*of.data()));
    }
    double high() const { return double(bits >> 32); }
    double low() const { return double(bits & 0xffffffffu); }
  };

  /// Ranks that begin with different weights, numbers of cells or options would never learn of it.
  void check_alike() const {
    Digest weights, options;
    for (const Param<T>* p : params_) weights.add_matrix(p->value);
    for (const auto& of : {&state_.optimizer.mean, &state_.optimizer.square, &state_.ema.average}) {
      for (const auto& buffer : *of) weights.add_matrix(buffer.value);
    }
    FitOptions::visit(options_, [&](auto, const auto& value, auto&&...) { options.add(&value, sizeof value); });
    const double own[] = {weights.high(), weights.low(),         options.high(),   options.low(),
                          double(total_), double(pass_.count()), double(at().step)};
    constexpr std::size_t n = std::size(own);
    std::vector<double> all(n * to_size(team_.size()));
    std::copy(own, own + n, all.begin() + std::ptrdiff_t(n) * team_.rank());
    team_.sum(std::span<double>(all));
    for (std::size_t i = n; i < all.size(); ++i) {
      LATENTCELL_REQUIRE(all[i] == all[i % n], "fit: rank ", i / n,
                         i % n < 2 ? " has other weights" : " is at another place or has other cells or options",
                         " than rank 0: all need the same seed, data, options and checkpoint");
    }
  }

  /// Adds up this rank's minibatches of a step.
  template <class Asks>
  void gradient(Asks& asks, double* sums) {
    const StepInfo now = at();
    const Index first = state_.position.step * options_.accumulate;
    const Index last = std::min(first + options_.accumulate, pass_.count());
    sums[0] = sums[1] = 0;
    sums[2] = asks() ? 1 : 0;
    if (sums[2] == 0 && epoch_ != state_.position.epoch) {
      epoch_ = state_.position.epoch;
      pass_.begin(Rng(options_.seed, 1).at(std::uint64_t(epoch_)));
    }
    if (first + team_.rank() >= last) tape_.reset();  // nothing to do: gradients of other ranks alone
    for (Index n = first + team_.rank(); n < last && sums[2] == 0; n += team_.size()) {
      const Rng rng = pass_.take(n, batch_);
      tape_.reset(Mode::train, rng);
      const Var<T> value = loss_(tape_, batch_, now);
      const double number = double(value.item());
      sums[0] += number * double(batch_.size());
      sums[1] += double(batch_.size());
      if (!std::isfinite(number)) return;
      tape_.backward(value);
      if (gathers_) gathered_.add(params_, tape_, T(batch_.size()));
      if (n + team_.size() < last && asks()) sums[2] = 1;
    }
  }

  /// Moves the weights by the tape's gradients. Returns the learning rate.
  double move(const StepInfo& now) {
    const double norm = gradient_norm(params_, tape_);
    if (!std::isfinite(norm)) {
      throw_runtime("fit: the gradient of ", first_not_finite(model_, tape_), " is not finite at step ", now.step);
    }
    const double rate = state_.schedule ? state_.schedule(now.step, total_) : schedule_(now.step);
    const double factor = options_.clip > 0 ? clip_factor(norm, options_.clip) : 1.0;
    state_.optimizer.step(params_, tape_, T(rate), T(factor), &state_.ema);
    static_assert(
        has_after_step || !requires { model_.after_step(tape_, batch_); },
        "after_step takes (tape, batch, share of the run)");
    if constexpr (has_after_step) model_.after_step(tape_, batch_, now.share());
    return rate;
  }

  template <class Asks>
  bool validate(Asks& asks, EpochReport& report) {
    History& history = state_.history;
    const int number = int(history.epochs.size()) + 1;
    state_.ema.swap(params_);
    const bool whole = mean_loss(asks, report.validation);
    if (whole && report.validation < state_.best_loss) {
      state_.best_loss = report.validation;
      history.best = number;
      copy_values(params_, state_.best);
    }
    state_.ema.swap(params_);
    if (!whole) return false;
    history.stopped_early = options_.patience > 0 && number - history.best >= options_.patience;
    return true;
  }

  /// The mean loss on the validation data, of which each rank takes its share. False where a rank asks to stop.
  template <class Asks>
  bool mean_loss(Asks& asks, double& mean) {
    double sums[2] = {0, 0};  // loss, cells
    validation_->begin(Rng(options_.seed, 2));
    for (Index first = 0; first < validation_->count(); first += team_.size()) {
      if (any_rank(team_, bool(asks()))) return false;
      const Index n = first + team_.rank();
      if (n >= validation_->count()) continue;
      const Rng rng = validation_->take(n, batch_);
      tape_.reset(Mode::evaluate, rng);
      sums[0] += double(loss_(tape_, batch_, at()).item()) * double(batch_.size());
      sums[1] += double(batch_.size());
    }
    team_.sum(std::span<double>(sums));
    mean = sums[1] == 0 ? std::numeric_limits<double>::quiet_NaN() : sums[0] / sums[1];
    return true;
  }

  Ranks& team_;
  Model& model_;
  Loss& loss_;
  const FitOptions& options_;
  TrainState<T>& state_;
  NumberedPass<Source> pass_;
  std::optional<NumberedPass<Source>> validation_;
  int epoch_ = -1;  // that the pass is of
  Index per_epoch_, total_;
  CosineSchedule schedule_;
  bool gathers_;
  Params<T> params_;
  Tape<T> tape_;
  GradientSum<T> gathered_;
  typename Source::Batch batch_;
};

}  // namespace detail

}  // namespace latentcell
