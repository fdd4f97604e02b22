#include <latentcell/core/threads.hpp>

#include <chrono>
#include <set>
#include <thread>
#include <vector>

#include <latentcell/kernel/parallel.hpp>

#include "support/catch.hpp"

using namespace latentcell;

namespace {

// Threads that ran one of 64 items of so much work together.
std::size_t threads_used(Index work) {
  std::set<std::thread::id> seen;
  kernel::parallel_items(64, work, [&](Index) {
#pragma omp critical(latentcell_test_threads)
    seen.insert(std::this_thread::get_id());
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  });
  return seen.size();
}

}  // namespace

TEST_CASE("thread_grain: less than two grains of work stay on one thread") {
  const int before = threads();
  set_threads(2);
  set_thread_grain(1000);
  CHECK(threads_used(1999) == 1);
  CHECK(threads_used(2000) == 2);
  CHECK(kernel::grain_of(10) == 100);
  CHECK(kernel::grain_of(0) == 1000);
  CHECK(kernel::grain_of(5000) == 1);
  set_thread_grain(1 << 20);
  CHECK(threads_used(2000) == 1);
  set_thread_grain(0);
  CHECK(thread_grain() == Index(1) << 17);
  CHECK_FALSE(thread_grain_is_set());
  set_thread_grain(1 << 12);  // as tests/main.cpp
  set_threads(before);
}

TEST_CASE("set_threads, set_thread_grain: numbers out of range are refused") {
  CHECK_THROWS_WITH(set_threads(0), ContainsText("set_threads: needs at least 1, got 0"));
  CHECK_THROWS_WITH(set_thread_grain(-1), ContainsText("set_thread_grain: must be in [0, 2^40], got -1"));
}
