#include <latentcell/core/threads.hpp>

#include <stdexcept>

#include "support/catch.hpp"

TEST_CASE("threads: as many as were set, at least one") {
  const int before = latentcell::threads();
  CHECK(before >= 1);
  latentcell::set_threads(2);
  CHECK(latentcell::threads() == 2);
  CHECK_THROWS_WITH(latentcell::set_threads(0), ContainsText("set_threads: needs at least 1, got 0"));
  CHECK(latentcell::threads() == 2);
  latentcell::set_threads(before);
}
