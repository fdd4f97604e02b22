#include <csignal>

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
  for (const int signal : {SIGINT, SIGTERM}) {
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
