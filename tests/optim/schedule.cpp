#include <latentcell/optim/schedule.hpp>

#include "support/catch.hpp"

using namespace latentcell;

TEST_CASE("CosineSchedule: rises in a line, falls along half a cosine, stays at the last") {
  const CosineSchedule s{.peak = 2, .warmup = 4, .total = 24, .last = 0.1};
  CHECK(s(0) == Approx(0.5));
  CHECK(s(3) == Approx(2));
  CHECK(s(4) == Approx(2));
  CHECK(s(14) == Approx(2 * 0.55));
  CHECK(s(24) == Approx(0.2));
  CHECK(s(1000) == Approx(0.2));
  for (Index i = 4; i < 30; ++i) CHECK(s(i + 1) <= s(i));
}

TEST_CASE("CosineSchedule: without warm-up it begins at the peak; a run of one step is one") {
  CHECK(CosineSchedule{.peak = 1, .warmup = 0, .total = 10}(0) == 1);
  CHECK(CosineSchedule{.peak = 1, .warmup = 0, .total = 0}(0) == 1);
  CHECK(CosineSchedule{.peak = 1, .warmup = 1, .total = 1}(0) == 1);
}
