#include <latentcell/trajectory/time_order.hpp>

#include <limits>

#include "support/catch.hpp"

using namespace latentcell;
using trajectory::TimeOrder;
using Rows = std::vector<Index>;

namespace {
constexpr double missing = std::numeric_limits<double>::quiet_NaN();
}

TEST_CASE("TimeOrder: distinct times rise, and every cell with a time is under its own") {
  const TimeOrder order({5, 1, missing, 5, 3, 1});
  CHECK(order.times == std::vector<double>{1, 3, 5});
  CHECK(order.rows == std::vector<Rows>{{1, 5}, {4}, {0, 3}});
  CHECK(TimeOrder({missing}).size() == 0);
}

TEST_CASE("TimeOrder: positions of times that cells have, between them and beyond") {
  const TimeOrder order({1, 3, 5});
  CHECK(order.at_or_after(0) == 0);
  CHECK(order.at_or_after(3) == 1);
  CHECK(order.at_or_after(3.5) == 2);
  CHECK(order.at_or_after(6) == 3);
  CHECK(order.after(0) == 0);
  CHECK(order.after(3) == 2);
  CHECK(order.after(3.5) == 2);
  CHECK(order.after(5) == 3);
}

TEST_CASE("TimeOrder: a window takes all cells of a time or none, until there are enough, in either direction") {
  const TimeOrder order({0, 0, 1, 1, 2, 2});
  CHECK(order.window(0, 1, 1) == Rows{0, 1});
  CHECK(order.window(0, 1, 2) == Rows{0, 1});
  CHECK(order.window(0, 1, 3) == Rows{0, 1, 2, 3});
  CHECK(order.window(1, -1, 9) == Rows{2, 3, 0, 1});
  CHECK(order.window(-1, -1, 5).empty());
  CHECK(order.window(3, 1, 5).empty());
}
