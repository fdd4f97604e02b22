#include <latentcell/trajectory/holdout.hpp>

#include <cmath>
#include <limits>

#include "support/catch.hpp"

using namespace latentcell;
using trajectory::split_times;
using trajectory::TimeRange;

namespace {

/// Cells of times 0, 0, 1, 1, 2, 2 and one without; gene "late" is detected at time 2 alone, "rare" in two cells.
trajectory::Snapshots cells() {
  trajectory::Snapshots out;
  CellTable& c = out.counts.emplace();
  c.counts = Counts(3);
  std::vector<double> time = {0, 0, 1, 1, 2, 2, std::numeric_limits<double>::quiet_NaN()};
  for (std::size_t i = 0; i < time.size(); ++i) {
    c.counts.push(0, 1);
    if (time[i] == 2) c.counts.push(1, 1);
    if (i == 0 || i == 2) c.counts.push(2, 1);
    c.counts.end_row();
    c.cell_names.push_back(text("cell_", i));
  }
  c.gene_names = {"always", "late", "rare"};
  c.gene_columns = Annotation(3);
  c.cell_columns = Annotation(Index(time.size()));
  c.cell_columns.set("time", time);
  return out;
}

}  // namespace

TEST_CASE("split_times: held-out cells are those of the range, and no other cell is lost") {
  const auto split = split_times(cells(), "time", {.holdout = TimeRange{1, 1.5}, .min_cells = 1});
  CHECK(split.train.counts->cell_names == std::vector<std::string>{"cell_0", "cell_1", "cell_4", "cell_5"});
  CHECK(split.test.counts->cell_names == std::vector<std::string>{"cell_2", "cell_3"});
  CHECK(split.without_time == 1);
  const auto all = split_times(cells(), "time", {.min_cells = 1});
  CHECK(all.train.cells() == 6);
  CHECK(all.test.cells() == 0);
}

TEST_CASE("split_times: genes are chosen by the training cells alone") {
  const auto split = split_times(cells(), "time", {.holdout = TimeRange{2, 2}, .min_cells = 2});
  CHECK(split.train.counts->gene_names == std::vector<std::string>{"always", "rare"});
  const auto rarer = split_times(cells(), "time", {.holdout = TimeRange{2, 2}, .min_cells = 3});
  CHECK(rarer.train.counts->gene_names == std::vector<std::string>{"always"});
}

TEST_CASE("split_times: points of an embedding are split as they are, and two times must be left") {
  trajectory::Snapshots points;
  points.points.mean = Matrix<float>::Random(3, 2);
  points.points.cell_columns = Annotation(3);
  points.points.cell_columns.set("time", std::vector<double>{0, 1, 2});
  const auto split = split_times(points, "time", {.holdout = TimeRange{1, 1}});
  CHECK(split.train.points.mean.row(1) == points.points.mean.row(2));
  CHECK(split.test.points.mean.row(0) == points.points.mean.row(1));
  CHECK_THROWS_WITH(split_times(points, "time", {.holdout = TimeRange{1, 2}}),
                    ContainsText("at least two times, there are 1"));
  CHECK_THROWS_WITH(split_times(points, "day"), ContainsText("no column 'day'"));
}

TEST_CASE("split_times: a falling range and numbers out of range are refused by name") {
  CHECK_THROWS_WITH(split_times(cells(), "time", {.min_cells = -1}),
                    ContainsText("split_times: min_cells must be at least 0, got -1"));
  CHECK_THROWS_WITH(split_times(cells(), "time", {.holdout = TimeRange{std::nan(""), 1}}),
                    ContainsText("split_times: holdout.from must be a finite number, got nan"));
  CHECK_THROWS_WITH(split_times(cells(), "time", {.holdout = TimeRange{2, 1}}),
                    ContainsText("split_times: the range 2 to 1 must rise"));
}
