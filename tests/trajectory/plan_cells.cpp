#include <latentcell/trajectory/plan_cells.hpp>

#include <set>

#include <latentcell/core/threads.hpp>

#include "moving_cells.hpp"
#include "support/catch.hpp"

using namespace latentcell;
using moving_cells::two_lines;
using trajectory::plan_cells;
using trajectory::PlanCells;

namespace {

const trajectory::OtPathOptions sharp{.window = 60, .epsilon = 0.03, .marginal_relaxation = 0};

}  // namespace

TEST_CASE("plan_cells: as far along a pair's path as the time is, on the pair's line, for each time") {
  const LatentTable cells = two_lines(100, {0, 1, 3}, 1);
  const std::vector<double> time = read_times(cells.cell_columns, "time"), to(200, 2.5);
  Rng rng(2);
  const PlanCells out = plan_cells(view(cells.mean), time, to, sharp, rng);
  REQUIRE(out.mean.rows() == 200);
  CHECK(double(out.mean.col(0).mean()) == Approx(7.5).margin(0.1));
  Index stray = 0;
  for (Index i = 0; i < 200; ++i) stray += std::abs(std::abs(out.mean(i, 1)) - 2) > 1.2f;
  CHECK(stray == 0);
  for (Index i = 0; i < 200; ++i) {
    CHECK(out.from[to_size(i)] == 3);  // the nearer one of the pair
    CHECK(time[to_size(out.row[to_size(i)])] == 3);
  }
  const PlanCells early = plan_cells(view(cells.mean), time, std::vector<double>(20, 1.25), sharp, rng);
  CHECK(double(early.mean.col(0).mean()) == Approx(3.75).margin(0.2));
  CHECK(early.from.front() == 1);
}

TEST_CASE("plan_cells: times in a range each have their own place; at a snapshot it is that snapshot") {
  const LatentTable cells = two_lines(100, {0, 2}, 1);
  const std::vector<double> time = read_times(cells.cell_columns, "time");
  Rng rng(2);
  const PlanCells out = plan_cells(view(cells.mean), time, {0.5, 1.5, 1.0}, sharp, rng);
  CHECK(double(out.mean(0, 0)) == Approx(1.5).margin(0.9));
  CHECK(double(out.mean(1, 0)) == Approx(4.5).margin(0.9));
  const PlanCells there = plan_cells(view(cells.mean), time, {2, 2}, sharp, rng);
  CHECK(there.mean.row(0) == cells.mean.row(there.row[0]));
  CHECK(plan_cells(view(cells.mean), time, {}, sharp, rng).mean.rows() == 0);
}

TEST_CASE("plan_cells: many cells come from many plans, so that few are of the same pair") {
  const LatentTable cells = two_lines(2000, {0, 2}, 1);
  const std::vector<double> time = read_times(cells.cell_columns, "time");
  Rng rng(2);
  std::set<Index> distinct;
  for (const Index row : plan_cells(view(cells.mean), time, std::vector<double>(3000, 0.5), sharp, rng).row)
    distinct.insert(row);
  CHECK(distinct.size() > 1200);  // two plans have 600 cells of a side
}

TEST_CASE("plan_cells: threads do not matter; a time beyond the cells is refused") {
  const LatentTable cells = two_lines(60, {0, 2}, 1);
  const std::vector<double> time = read_times(cells.cell_columns, "time"), to(50, 1.0);
  const int before = threads();
  const auto with = [&](int count) {
    set_threads(count);
    Rng rng(2);
    return plan_cells(view(cells.mean), time, to, sharp, rng).mean;
  };
  CHECK(with(1) == with(2));
  set_threads(before);
  Rng rng(2);
  CHECK_THROWS_WITH(plan_cells(view(cells.mean), time, {3}, sharp, rng), ContainsText("no cell is after the times 3"));
  CHECK_THROWS_WITH(plan_cells(view(cells.mean), time, {-1}, sharp, rng), ContainsText("no cell is before"));
}
