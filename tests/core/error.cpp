#include <cmath>
#include <limits>

#include <latentcell/core/error.hpp>

#include "support/catch.hpp"

using namespace latentcell;

TEST_CASE("text: joins words and numbers") {
  CHECK(text("a ", 3, ", ", std::size_t{4}, ", ", 0.5, ", ", 1e-9f, 'x', true, std::string("!")) ==
        "a 3, 4, 0.5, 1e-09xtrue!");
  CHECK(text(std::nan(""), " ", -std::numeric_limits<double>::infinity(), " ", std::numeric_limits<long>::min()) ==
        "nan -inf -9223372036854775808");
}

TEST_CASE("errors: arguments and trouble are told apart") {
  CHECK_THROWS_AS(throw_invalid("x ", 1), std::invalid_argument);
  CHECK_THROWS_AS(throw_runtime("x ", 1), std::runtime_error);
  const auto check = [](int n) { LATENTCELL_REQUIRE(n > 2, "check: n must be above 2, got ", n); };
  CHECK_NOTHROW(check(3));
  CHECK_THROWS_WITH(check(2), "check: n must be above 2, got 2");
}
