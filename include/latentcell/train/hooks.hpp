#pragma once

#include <memory>
#include <utility>

#include <latentcell/train/position.hpp>
#include <latentcell/train/team.hpp>

namespace LATENTCELL_NAMESPACE {

/// A hook that looks at single steps. A lambda (model, state) is a hook without them.
/// report(model, state)      after each report, and where the run stops within an epoch
/// step(model, state, at)    after each step, with its StepInfo
/// stop()                    asked before each minibatch: true ends the run between two steps
template <class Report, class Step, class Stop>
struct Hook {
  Report report;
  Step step;
  Stop stop;

  template <class Model, class State>
  void operator()(Model& model, State& state) {
    report(model, state);
  }
  template <class Model, class State>
  void on_step(Model& model, State& state, const StepInfo& at) {
    step(model, state, at);
  }
  bool asks_to_stop() { return stop(); }
};
template <class Report, class Step, class Stop>
Hook(Report, Step, Stop) -> Hook<Report, Step, Stop>;

namespace detail {

/// Calls what a hook has besides the report; nothing where it has none.
template <class Of, class Model, class State>
void call_on_step(Of& hook, Model& model, State& state, const StepInfo& at) {
  if constexpr (requires { hook.on_step(model, state, at); }) hook.on_step(model, state, at);
}
template <class Of>
bool asks_to_stop(Of& hook) {
  if constexpr (requires { hook.asks_to_stop(); }) return hook.asks_to_stop();
  return false;
}

}  // namespace detail

/// The hook on rank 0 and nothing on the others: for files, tables and progress.
template <Team Of, class Inner>
auto on_first(const Of& team, Inner hook) {
  const bool here = team.rank() == 0;
  // Hooks that count what they saw are changed by a call, and report and step are of the same one.
  const auto kept = std::make_shared<Inner>(std::move(hook));
  return Hook{[=](auto& model, auto& state) {
                if (here) (*kept)(model, state);
              },
              [=](auto& model, auto& state, const StepInfo& at) {
                if (here) detail::call_on_step(*kept, model, state, at);
              },
              [=] { return here && detail::asks_to_stop(*kept); }};
}

}  // namespace latentcell
