#pragma once

#include <chrono>
#include <cmath>

#include <latentcell/optim/clip.hpp>
#include <latentcell/optim/gradient_sum.hpp>
#include <latentcell/optim/schedule.hpp>
#include <latentcell/train/train_state.hpp>

namespace latentcell {

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
};

/// Where a step stands in its run: what warm-ups look at.
struct StepInfo {
  Index step = 0;   ///< from 0
  Index total = 0;  ///< steps of the whole run
  double share() const { return total > 0 ? double(step) / double(total) : 1.0; }
};

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

}  // namespace detail

/// Minimises loss(tape, batch, step) over the Params of a model: AdamW, warm-up and cosine, clipping, moving average,
/// validation with early stopping that restores the best weights. Everything it needs is an argument; a user who
/// needs another loop writes another loop.
///
/// train and validation (may be null) yield batches: begin_epoch(rng), next(batch), size(), batches(), type Batch.
/// A hook is called as hook(model, state) after each epoch. Continues after the epochs that `state` has already seen.
/// Throws std::runtime_error where a loss or a gradient is not finite, naming the step and the parameter.
template <class T, class Model, class Source, class Loss, class... Hooks>
void fit_with(Model& model, Source& train, Source* validation, Loss&& loss, const FitOptions& options,
              TrainState<T>& state, Hooks&&... hooks) {
  using Clock = std::chrono::steady_clock;
  LATENTCELL_REQUIRE(options.epochs >= 0, "fit: epochs must not be negative, got ", options.epochs);
  LATENTCELL_REQUIRE(train.size() > 0, "fit: there are no cells to train on");
  LATENTCELL_REQUIRE(options.accumulate >= 1, "fit: accumulate must be at least 1, got ", options.accumulate);
  const Index per_epoch = (train.batches() + options.accumulate - 1) / options.accumulate;
  const Index total = per_epoch * options.epochs;
  const CosineSchedule schedule{options.learning_rate, Index(double(options.warmup) * double(total)), total,
                                options.last_rate};
  state.optimizer.options.weight_decay = options.weight_decay;
  state.optimizer.options.beta2 = options.beta2;
  state.ema.decay = options.ema;
  const Params<T> params(model);
  state.optimizer.prepare(params);
  state.ema.prepare(params);

  Tape<T> tape;
  GradientSum<T> gathered;
  typename Source::Batch batch;
  History& history = state.history;
  state.stop = history.interrupted = false;
  for (int epoch = int(history.epochs.size()); epoch < options.epochs && !history.stopped_early; ++epoch) {
    const auto start = Clock::now();
    Rng rng = Rng(options.seed, 1).at(std::uint64_t(epoch));
    EpochReport report{epoch + 1, options.epochs, 0, std::numeric_limits<double>::quiet_NaN(), 0, 0, 0};
    train.begin_epoch(rng);
    for (Index i = 0; train.next(batch); ++i) {
      const StepInfo at{epoch * per_epoch + i / options.accumulate, total};
      tape.reset(Mode::train, rng.fork());
      const Var<T> value = loss(tape, batch, at);
      const double number = double(value.item());
      if (!std::isfinite(number)) throw_runtime("fit: the loss is ", number, " at step ", at.step);
      tape.backward(value);
      report.loss += number * double(batch.size());
      report.cells += batch.size();
      if (options.accumulate > 1) {
        const bool last = (i + 1) % options.accumulate == 0 || i + 1 == train.batches();
        gathered.add(params, tape, T(batch.size()));
        if (!last) continue;
        gathered.hand_over(params, tape);
      }
      const double norm = gradient_norm(params, tape);
      if (!std::isfinite(norm)) {
        throw_runtime("fit: the gradient of ", first_not_finite(model, tape), " is not finite at step ", at.step);
      }
      report.rate = schedule(at.step);
      const double factor = options.clip > 0 ? clip_factor(norm, options.clip) : 1.0;
      state.optimizer.step(params, tape, T(report.rate), T(factor), &state.ema);
      static_assert(
          requires { model.after_step(tape, batch, 0.5); } || !requires { model.after_step(tape, batch); },
          "after_step takes (tape, batch, share of the run)");
      if constexpr (requires { model.after_step(tape, batch, 0.5); }) model.after_step(tape, batch, at.share());
    }
    report.loss /= double(report.cells);
    if (validation != nullptr) {
      state.ema.swap(params);
      report.validation =
          detail::mean_loss(*validation, loss, tape, {(epoch + 1) * per_epoch, total}, Rng(options.seed, 2));
      if (report.validation < state.best_loss) {
        state.best_loss = report.validation;
        history.best = epoch + 1;
        copy_values(params, state.best);
      }
      state.ema.swap(params);
      history.stopped_early = options.patience > 0 && epoch + 1 - history.best >= options.patience;
    } else {
      history.best = epoch + 1;
    }
    report.seconds = std::chrono::duration<double>(Clock::now() - start).count();
    history.epochs.push_back(report);
    (hooks(model, state), ...);
    if (state.stop) {
      history.interrupted = true;
      return;
    }
  }
  if (!state.best.empty()) {
    set_values(params, state.best);
  } else {
    state.ema.copy_to(params);
  }
}

}  // namespace latentcell
