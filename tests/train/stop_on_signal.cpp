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
    CHECK_FALSE(inner.is_urgent());  // the signal has just come
  }
  CHECK(outer.signal() == SIGTERM);
}

TEST_CASE("stop_on_signal: a run that is abandoned within an epoch has no report of it and calls no hook") {
  Net net;
  lc::TrainState<float> state;
  int hooks = 0, steps = 0;
  state.on_step = [&](lc::Index, lc::Index) { state.abandon = state.history.epochs.size() == 1 && ++steps == 1; };
  run(net, state, {.epochs = 5, .batch = 8}, Watch::no, [&](const auto&, const auto&) { ++hooks; });
  CHECK(steps == 1);
  CHECK(hooks == 1);
  CHECK(state.history.epochs.size() == 1);
  CHECK(state.history.interrupted);
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
