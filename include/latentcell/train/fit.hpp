#pragma once

#include <concepts>
#include <utility>

#include <latentcell/train/training_run.hpp>

namespace LATENTCELL_NAMESPACE {

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
/// A hook is called as hook(model, state) after each report, and where the run stops within an epoch; see Hook for
/// single steps. Continues after the position of `state`, to the same bits as without the stop. The ranks of a team
/// share the minibatches of each step and agree on every decision: all of them end with the same model, which depends
/// on their number by rounding alone.
/// Throws std::runtime_error where a loss or a gradient is not finite, naming the step and the parameter;
/// std::invalid_argument where the team's size does not divide options.accumulate or its ranks begin differently.
template <class T, Team Ranks, class Model, CellSource Source, class Loss, class... Hooks>
void fit_with(Ranks&& team, Model& model, TrainingData<Source> data, Loss&& loss, const FitOptions& options,
              TrainState<T>& state, Hooks&&... hooks) {
  check_options("fit", options);
  LATENTCELL_REQUIRE(data.train.size() > 0, "fit: there are no cells to train on");
  detail::TrainingRun run(team, model, data, loss, options, state);
  const auto asks = [&] { return state.stop || (detail::asks_to_stop(hooks) || ...); };
  bool whole = true;
  while (whole && !run.finished()) {
    if (run.report_due()) {
      whole = run.report(asks);
      if (whole) (hooks(model, state), ...);
      // Other ranks learn of it in the next step, or below.
      if (whole && state.stop && team.size() == 1) break;
    } else {
      [[maybe_unused]] const StepInfo at = run.at();
      whole = run.step(asks);
      if (whole) (detail::call_on_step(hooks, model, state, at), ...);
    }
  }
  if (!whole) {
    state.stop = true;
    (hooks(model, state), ...);
  }
  state.history.interrupted = !whole || any_rank(team, state.stop);
  if (!state.history.interrupted) run.finish();
}

/// The same with the team of the state: this process alone, if none was given.
template <class T, class Model, CellSource Source, class Loss, class... Hooks>
void fit_with(Model& model, TrainingData<Source> data, Loss&& loss, const FitOptions& options, TrainState<T>& state,
              Hooks&&... hooks) {
  fit_with(state.team, model, std::move(data), loss, options, state, hooks...);
}

}  // namespace latentcell
