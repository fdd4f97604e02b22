#include <csignal>

#include <sys/wait.h>
#include <unistd.h>

#include "support/catch.hpp"
#include "train/small_run.hpp"

#include <latentcell/train/checkpoint.hpp>
#include <latentcell/train/stop_on_signal.hpp>

using namespace small_run;

namespace {

int heard = 0;
void listen(int signal) { heard = signal; }

}  // namespace

TEST_CASE("stop_on_signal: a signal ends the run after the epoch, with a checkpoint") {
  const Folder folder;
  for (const int signal : {SIGINT, SIGTERM, SIGHUP}) {
    lc::StopOnSignal stop;
    Net net;
    lc::TrainState<float> state;
    const auto raise_in_second = [&](const auto&, const auto& s) {
      if (s.history.epochs.size() == 2) REQUIRE(std::raise(signal) == 0);
    };
    run(net, state, {.epochs = 5}, Watch::no, raise_in_second, stop.hook(),
        lc::checkpoint(folder.file("run"), {.seconds = 1e6}));
    CHECK(stop.signal() == signal);
    CHECK(state.history.epochs.size() == 2);
    CHECK(state.history.interrupted);
    lc::TrainState<float> found;
    lc::restore_training(folder.file("run"), net, found);
    CHECK(found.history.epochs.size() == 2);
  }
}

TEST_CASE("stop_on_signal: without a signal the run goes to its end") {
  lc::StopOnSignal stop;
  Net net;
  lc::TrainState<float> state;
  run(net, state, {.epochs = 3}, Watch::no, stop.hook());
  CHECK(stop.signal() == 0);
  CHECK(state.history.epochs.size() == 3);
  CHECK(!state.history.interrupted);
}

TEST_CASE("stop_on_signal: the former handling comes back, and what was ignored stays ignored") {
  const auto before = std::signal(SIGTERM, listen);
  const auto ignored_before = std::signal(SIGINT, SIG_IGN);
  {
    lc::StopOnSignal stop;
    std::raise(SIGINT);
    CHECK(stop.signal() == 0);
    std::raise(SIGTERM);
    CHECK(stop.signal() == SIGTERM);
    CHECK(heard == 0);
  }
  std::raise(SIGTERM);
  CHECK(heard == SIGTERM);
  CHECK(std::signal(SIGINT, ignored_before) == SIG_IGN);
  std::signal(SIGTERM, before);
}

TEST_CASE("stop_on_signal: an alarm of before is handled as before") {
  const auto before = std::signal(SIGALRM, listen);
  { const lc::StopOnSignal stop({.seconds = 60}); }
  heard = 0;
  std::raise(SIGALRM);
  CHECK(heard == SIGALRM);
  std::signal(SIGALRM, before);
}

TEST_CASE("stop_on_signal: one inside another hears what the outer one heard, and leaves it in place") {
  const lc::StopOnSignal outer;
  CHECK(outer.signal() == 0);
  std::raise(SIGTERM);
  {
    const lc::StopOnSignal inner;
    CHECK(inner.signal() == SIGTERM);
  }
  CHECK(outer.signal() == SIGTERM);
}

TEST_CASE(
    "stop_on_signal: a signal within an epoch ends the run after the step, and the next run gives the same bits") {
  const Folder folder;
  const lc::FitOptions options{.epochs = 3, .ema = 0.9f};
  for (const Watch watch : {Watch::no, Watch::yes}) {
    Net whole, first, second(8, 99);
    lc::TrainState<float> whole_state, state, found;
    run(whole, whole_state, options, watch);
    {
      lc::StopOnSignal stop;
      const auto raise_in_step = [](const auto&, const auto&, const lc::StepInfo& at) {
        if (at.step == 6) REQUIRE(std::raise(SIGTERM) == 0);
      };
      const auto nothing = [](const auto&, const auto&) {};
      run(first, state, options, watch, lc::Hook{nothing, raise_in_step, [] { return false; }}, stop.hook(),
          lc::checkpoint(folder.file("run"), {.seconds = 1e6}));
    }
    CHECK(state.history.interrupted);
    CHECK(state.history.epochs.size() == 1);  // of five steps
    CHECK(state.position.epoch == 1);
    CHECK(state.position.step == 2);
    CHECK(state.position.cells == 16);
    lc::restore_training(folder.file("run"), second, found);
    CHECK(found.position.step == 2);
    run(second, found, options, watch);
    CHECK(found.history.epochs.size() == 3);
    CHECK(found.history.epochs[1].loss == whole_state.history.epochs[1].loss);
    CHECK(second.in.weight.value == whole.in.weight.value);
    CHECK(second.steps.value == whole.steps.value);
  }
}

TEST_CASE("stop_on_signal: what does not look at signals ends with the deadline, with its message and status") {
  int ends[2];
  REQUIRE(::pipe(ends) == 0);
  const ::pid_t child = ::fork();
  if (child == 0) {
    ::dup2(ends[1], STDOUT_FILENO);
    const lc::StopOnSignal stop({.seconds = 0.05, .status = 77, .message = "stopped\n"});
    ::kill(::getpid(), SIGHUP);
    for (volatile bool going = true; going;) {
    }
  }
  int status = 0;
  REQUIRE(::waitpid(child, &status, 0) == child);
  REQUIRE(WIFEXITED(status));
  CHECK(WEXITSTATUS(status) == 77);
  char said[9] = {0};
  CHECK(::read(ends[0], said, 8) == 8);
  CHECK(std::string(said) == "stopped\n");
  for (const int end : ends) ::close(end);
}
