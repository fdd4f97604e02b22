#include <latentcell/trajectory/time_range.hpp>

#include <algorithm>
#include <limits>

#include "support/catch.hpp"

using latentcell::trajectory::TimeRange;

TEST_CASE("TimeRange: a time or a range is read, and both ends belong to it") {
  const TimeRange one = TimeRange::parse("2.5"), range = TimeRange::parse("270-330.5");
  CHECK(one.from == 2.5);
  CHECK(one.to == 2.5);
  CHECK(range.from == 270);
  CHECK(range.to == 330.5);
  CHECK(range.middle() == 300.25);
  CHECK(range.contains(270));
  CHECK(range.contains(330.5));
  CHECK_FALSE(range.contains(269.9));
  CHECK_FALSE(range.contains(330.6));
  CHECK_FALSE(range.contains(std::numeric_limits<double>::quiet_NaN()));
  CHECK(TimeRange::parse("-3--1").from == -3);
}

TEST_CASE("TimeRange: what is no time and no rising range is refused with its text") {
  for (const char* wrong : {"", "soon", "3-1", "1-", "1-2-3", "1 2", "inf", "nan"})
    CHECK_THROWS_WITH(TimeRange::parse(wrong),
                      ContainsText(std::string("'") + wrong + "' is neither a time nor a range of times"));
  CHECK_THROWS_WITH((TimeRange{2, 1}.check("someone")), ContainsText("someone: the range 2 to 1 must rise"));
  CHECK_THROWS_WITH((TimeRange{0, std::numeric_limits<double>::infinity()}.check("someone")),
                    ContainsText("must rise"));
  CHECK_NOTHROW((TimeRange{1, 1}.check("someone")));
}

TEST_CASE("spread_times: one in each of equal parts of the range, in random order") {
  latentcell::Rng rng(3);
  std::vector<double> times = latentcell::trajectory::spread_times({2, 6}, 8, rng);
  CHECK_FALSE(std::is_sorted(times.begin(), times.end()));
  std::sort(times.begin(), times.end());
  for (int k = 0; k < 8; ++k) {
    CHECK(times[std::size_t(k)] >= 2 + 0.5 * k);
    CHECK(times[std::size_t(k)] <= 2.5 + 0.5 * k);
  }
  CHECK(latentcell::trajectory::spread_times({3, 3}, 2, rng) == std::vector<double>{3, 3});
}
