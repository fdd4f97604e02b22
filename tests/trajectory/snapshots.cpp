#include <latentcell/trajectory/snapshots.hpp>

#include "support/catch.hpp"

using namespace latentcell;

namespace {

trajectory::Snapshots of_counts() {
  trajectory::Snapshots out;
  CellTable& cells = out.counts.emplace();
  cells.counts = Counts(2);
  for (int i = 0; i < 3; ++i) {
    cells.counts.push(0, float(i + 1));
    cells.counts.end_row();
    cells.cell_names.push_back(text("cell_", i));
  }
  cells.gene_names = {"a", "b"};
  cells.gene_columns = Annotation(2);
  cells.cell_columns = Annotation(3);
  cells.cell_columns.set("day", to_categorical(std::vector<std::string>{"1-2", "3", ""}));
  return out;
}

trajectory::Snapshots of_points() {
  trajectory::Snapshots out;
  out.points.mean.resize(3, 2);
  out.points.mean << 1, 2, 3, 4, 5, 6;
  out.points.cell_columns = Annotation(3);
  out.points.cell_columns.set("day", std::vector<double>{0, 1, 2});
  out.axes = {"x", "y"};
  return out;
}

}  // namespace

TEST_CASE("Snapshots: cells, times and selection of counts") {
  const trajectory::Snapshots cells = of_counts();
  CHECK(cells.cells() == 3);
  const std::vector<double> time = cells.times("day");
  CHECK(time[0] == 1.5);
  CHECK(time[1] == 3);
  CHECK(std::isnan(time[2]));
  const trajectory::Snapshots some = cells.select_cells(std::vector<Index>{1, 0});
  REQUIRE(some.counts);
  CHECK(some.cells() == 2);
  CHECK(some.counts->cell_names == std::vector<std::string>{"cell_1", "cell_0"});
  CHECK_THROWS_WITH(cells.times("hour"), ContainsText("no column 'hour'"));
}

TEST_CASE("Snapshots: cells, times and selection of points") {
  const trajectory::Snapshots cells = of_points();
  CHECK(cells.cells() == 3);
  CHECK(cells.times("day") == std::vector<double>{0, 1, 2});
  const trajectory::Snapshots some = cells.select_cells(std::vector<Index>{2});
  CHECK_FALSE(some.counts);
  CHECK(some.axes == cells.axes);
  CHECK(some.points.mean(0, 1) == 6);
  CHECK(some.times("day") == std::vector<double>{2});
}
