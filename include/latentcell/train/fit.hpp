#pragma once

#include <chrono>
#include <cmath>
#include <concepts>
#include <optional>
#include <utility>

#include <latentcell/core/options.hpp>
#include <latentcell/core/cell_batch.hpp>
#include <latentcell/optim/clip.hpp>
#include <latentcell/optim/gradient_sum.hpp>
#include <latentcell/optim/schedule.hpp>
#include <latentcell/train/train_state.hpp>

namespace LATENTCELL_NAMESPACE {

struct FitOptions {
  int epochs = 100;             ///< passes over the training cells
  Index batch = 128;            ///< cells in a minibatch; larger is smoother and makes fewer steps
  int accumulate = 1;           ///< minibatches in a step, their gradients averaged: a larger batch in the same memory
  float learning_rate = 1e-3f;  ///< peak of the schedule
  float weight_decay = 0.01f;   ///< decoupled; larger keeps weights smaller
  float beta2 = 0.999f;         ///< AdamW's memory of squared gradients
  float warmup = 0.05f;         ///< share of all steps over which the rate rises
  float last_rate = 0.01f;      ///< rate at the end, relative to the peak
  float clip = 1.0f;            ///< largest global norm of a gradient; 0 does not clip
  float ema = 0.0f;             ///< decay of the moving average of weights that the model ends with; 0 is off
  float validation = 0.0f;      ///< share of the cells kept out to watch; 0 keeps none
  int patience = 0;             ///< epochs without a better validation loss until the run ends; 0 never ends it
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
    f("seed", self.seed);
  }
};

/// Where a step stands in its run: what warm-ups look at.
struct StepInfo {
  Index step = 0;   ///< from 0
  Index total = 0;  ///< steps of the whole run
  double share() const { return total > 0 ? double(step) / double(total) : 1.0; }
};

/// What a model is trained on and, where given, what it is validated on. A source yields minibatches: see CellSource.
template <CellSource Source>
struct TrainingData {
  Source train;
  std::optional<Source> validation = {};
};
template <CellSource Source>
TrainingData(Source) -> TrainingData<Source>;
template <CellSource Source>
TrainingData(Source, std::optional<Source>) -> TrainingData<Source>;
template <CellSource Source>
TrainingData(Source, Source) -> TrainingData<Source>;

namespace detail {

template <class T, class Source, class Loss>
double mean_loss(Source& source, Loss& loss, Tape<T>& tape, const StepInfo& at, Rng rng) {
  double sum = 0;
  Index cells = 0;
  typename Source::Batch batch;
  source.begin_epoch(rng);
  while (source.next(batch)) {
    tape.reset(Mode::evaluate, rng.fork());
    sum += double(loss(tape, batch, at).item()) * double(batch.size());
    cells += batch.size();
  }
  return cells == 0 ? std::numeric_limits<double>::quiet_NaN() : sum / double(cells);
}

/// One run of fit_with: the loop's parts share the model, the data and the state.
template <class T, class Model, class Source, class Loss>
class TrainingRun {
 public:
  TrainingRun(Model& model, TrainingData<Source>& data, Loss& loss, const FitOptions& options, TrainState<T>& state)
      : model_(model),
        data_(data),
        loss_(loss),
        options_(options),
        state_(state),
        per_epoch_((data.train.batches() + options.accumulate - 1) / options.accumulate),
        total_(per_epoch_ * options.epochs),
        schedule_{options.learning_rate, Index(double(options.warmup) * double(total_)), total_, options.last_rate},
        params_(model) {
    state.optimizer.options.weight_decay = options.weight_decay;
    state.optimizer.options.beta2 = options.beta2;
    state.ema.decay = options.ema;
    state.optimizer.prepare(params_);
    state.ema.prepare(params_);
    state.stop = state.abandon = state.history.interrupted = false;
  }

  /// Trains one epoch, from 0, and adds its report to the history.
  void epoch(int index) {
    const auto start = Clock::now();
    EpochReport report{index + 1, options_.epochs, 0, std::numeric_limits<double>::quiet_NaN(), 0, 0, 0};
    train(index, report);
    if (state_.abandon) return;
    if (data_.validation) {
      validate(index, report);
    } else {
      state_.history.best = index + 1;
    }
    report.seconds = std::chrono::duration<double>(Clock::now() - start).count();
    state_.history.epochs.push_back(report);
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
  using Batch = typename Source::Batch;

  void train(int index, EpochReport& report) {
    Rng rng = Rng(options_.seed, 1).at(std::uint64_t(index));
    data_.train.begin_epoch(rng);
    for (Index i = 0; data_.train.next(batch_); ++i) {
      const StepInfo at{index * per_epoch_ + i / options_.accumulate, total_};
      tape_.reset(Mode::train, rng.fork());
      const Var<T> value = loss_(tape_, batch_, at);
      const double number = double(value.item());
      if (!std::isfinite(number)) throw_runtime("fit: the loss is ", number, " at step ", at.step);
      tape_.backward(value);
      report.loss += number * double(batch_.size());
      report.cells += batch_.size();
      if (options_.accumulate > 1) {
        const bool last = (i + 1) % options_.accumulate == 0 || i + 1 == data_.train.batches();
        gathered_.add(params_, tape_, T(batch_.size()));
        if (!last) continue;
        gathered_.hand_over(params_, tape_);
      }
      step(at, report);
      if (state_.abandon) return;
    }
    report.loss /= double(report.cells);
  }

  void step(const StepInfo& at, EpochReport& report) {
    const double norm = gradient_norm(params_, tape_);
    if (!std::isfinite(norm)) {
      throw_runtime("fit: the gradient of ", first_not_finite(model_, tape_), " is not finite at step ", at.step);
    }
    report.rate = state_.schedule ? state_.schedule(at.step, total_) : schedule_(at.step);
    const double factor = options_.clip > 0 ? clip_factor(norm, options_.clip) : 1.0;
    state_.optimizer.step(params_, tape_, T(report.rate), T(factor), &state_.ema);
    static_assert(
        requires { model_.after_step(tape_, batch_, 0.5); } || !requires { model_.after_step(tape_, batch_); },
        "after_step takes (tape, batch, share of the run)");
    if constexpr (requires { model_.after_step(tape_, batch_, 0.5); }) model_.after_step(tape_, batch_, at.share());
    if (state_.on_step) state_.on_step(at.step, total_);
  }

  void validate(int index, EpochReport& report) {
    History& history = state_.history;
    state_.ema.swap(params_);
    report.validation =
        mean_loss(*data_.validation, loss_, tape_, {(index + 1) * per_epoch_, total_}, Rng(options_.seed, 2));
    if (report.validation < state_.best_loss) {
      state_.best_loss = report.validation;
      history.best = index + 1;
      copy_values(params_, state_.best);
    }
    state_.ema.swap(params_);
    history.stopped_early = options_.patience > 0 && index + 1 - history.best >= options_.patience;
  }

  Model& model_;
  TrainingData<Source>& data_;
  Loss& loss_;
  const FitOptions& options_;
  TrainState<T>& state_;
  Index per_epoch_, total_;
  CosineSchedule schedule_;
  Params<T> params_;
  Tape<T> tape_;
  GradientSum<T> gathered_;
  Batch batch_;
};

}  // namespace detail

/// What may follow FitOptions in a call of fit: the TrainState of a run to continue, then hooks.
template <class A, class T, class Model>
concept StateOrHook = std::same_as<std::remove_cvref_t<A>, TrainState<T>> || std::invocable < A&,
        Model&, TrainState<T>
& > ;

/// Calls run(state, hooks...) with the given state, or with a new one where the first argument is a hook.
template <class T, class Run, class... Hooks>
History with_state(const Run& run, Hooks&&... hooks) {
  TrainState<T> state;
  run(state, hooks...);
  return state.history;
}
template <class T, class Run, class... Hooks>
History with_state(const Run& run, TrainState<T>& state, Hooks&&... hooks) {
  run(state, hooks...);
  return state.history;
}

/// Minimises loss(tape, batch, step) over the Params of a model: AdamW, warm-up and cosine, clipping, moving average,
/// validation with early stopping that restores the best weights. Everything it needs is an argument; another loop is
/// the user's own.
///
/// A hook is called as hook(model, state) after each whole epoch. Continues after the epochs in the history of `state`.
/// Throws std::runtime_error where a loss or a gradient is not finite, naming the step and the parameter.
template <class T, class Model, CellSource Source, class Loss, class... Hooks>
void fit_with(Model& model, TrainingData<Source> data, Loss&& loss, const FitOptions& options, TrainState<T>& state,
              Hooks&&... hooks) {
  check_options("fit", options);
  LATENTCELL_REQUIRE(data.train.size() > 0, "fit: there are no cells to train on");
  detail::TrainingRun run(model, data, loss, options, state);
  History& history = state.history;
  for (int epoch = int(history.epochs.size()); epoch < options.epochs && !history.stopped_early; ++epoch) {
    run.epoch(epoch);
    if (!state.abandon) (hooks(model, state), ...);
    if (state.stop || state.abandon) {
      history.interrupted = true;
      return;
    }
  }
  run.finish();
}

}  // namespace latentcell
