#include <latentcell/kernel/parallel.hpp>

#include "support/catch.hpp"

using namespace latentcell;
using kernel::ThreadGain;

TEST_CASE("ThreadGain: threads that gain are kept, those that lose rest, ever longer, and come back when they gain") {
  ThreadGain gain;
  double now = 100;
  const auto regions = [&](int n, double alone) {
    for (int i = 0; i < n && gain.worthwhile(now); ++i) now += 1e-3, gain.add(alone, 1e-3, now);
  };
  // How long the rest is, once threads lose.
  const auto rest = [&] {
    regions(100, 0.5e-3);
    REQUIRE_FALSE(gain.worthwhile(now));
    const double start = now;
    while (!gain.worthwhile(now)) now += 1e-3;
    return now - start;
  };
  regions(1000, 1.8e-3);
  CHECK(gain.worthwhile(now));
  const double first = rest();
  CHECK(first == Approx(ThreadGain::first_rest).margin(2e-3));
  CHECK(rest() == Approx(2 * first).margin(4e-3));
  for (int i = 0; i < 8; ++i) rest();
  CHECK(rest() == Approx(ThreadGain::longest).margin(2e-3));
  regions(1000, 1.8e-3);
  CHECK(gain.worthwhile(now));
  CHECK(rest() == Approx(first).margin(2e-3));
}

TEST_CASE("ThreadGain: one slow region among many fast ones changes nothing") {
  ThreadGain gain;
  double now = 0;
  for (int i = 0; i < 1000; ++i) {
    now += 1e-3;
    gain.add(i % 100 == 50 ? 0.5e-3 : 1.8e-3, 1e-3, now);
    CHECK(gain.worthwhile(now));
  }
}

TEST_CASE("run_phases: every part of the second phase sees all parts of the first") {
  for (Index parts : {1, 2, 3, 7}) {
    std::vector<int> made(std::size_t(parts), 0), seen(std::size_t(parts), 0);
    kernel::run_phases(
        parts, [&](Index p) { made[std::size_t(p)] = 1; },
        [&](Index p) {
          for (int one : made) seen[std::size_t(p)] += one;
        });
    for (int count : seen) CHECK(count == int(parts));
  }
}

TEST_CASE("parallel_ranges, parallel_items: everything is done once, while threads gain, rest and are nested") {
  const int before = threads();
  set_threads(3);
  set_thread_grain(0);
  for (int round = 0; round < 60; ++round) {
    // A region that lost a second sends the threads to rest; later ones go on alone and then try again.
    if (round == 20) kernel::thread_gain().add(0, 1, kernel::seconds_now());
    if (round == 20) CHECK_FALSE(kernel::thread_gain().worthwhile(kernel::seconds_now()));
    std::vector<int> runs(1000, 0);
    kernel::parallel_ranges(1000, 1, [&](Index first, Index last) {
      for (Index i = first; i < last; ++i) ++runs[to_size(i)];
    });
    kernel::parallel_items(
        10, [&](Index block) { kernel::parallel_items(100, [&](Index i) { ++runs[to_size(100 * block + i)]; }); });
    CHECK(runs == std::vector<int>(1000, 2));
  }
  const auto fail = [](Index i) { LATENTCELL_REQUIRE(i != 7, "item ", i); };
  CHECK_THROWS_WITH(kernel::parallel_items(10, fail), "item 7");
  CHECK_THROWS_WITH(kernel::parallel_ranges(10, 1,
                                            [&](Index first, Index last) {
                                              for (Index i = first; i < last; ++i) fail(i);
                                            }),
                    "item 7");
  set_thread_grain(1 << 12);  // as tests/main.cpp
  set_threads(before);
}
