#include <latentcell/trajectory/read_embedding.hpp>

#include "io/fixtures.hpp"
#include "support/catch.hpp"

using namespace latentcell;

TEST_CASE("read_embedding: one column is the time, the others coordinates in their order") {
  const fixtures::TemporaryFolder folder;
  fixtures::write_bytes(folder / "points.csv", "x,day,y\n1,0,2\n3,1.5,4\n");
  const trajectory::Snapshots cells = trajectory::read_embedding(folder / "points.csv", "day");
  CHECK_FALSE(cells.counts);
  CHECK(cells.axes == std::vector<std::string>{"x", "y"});
  CHECK(cells.times("day") == std::vector<double>{0, 1.5});
  Matrix<float> expected(2, 2);
  expected << 1, 2, 3, 4;
  CHECK(cells.points.mean == expected);
  CHECK(cells.points.cell_names == std::vector<std::string>{"row_1", "row_2"});
}

TEST_CASE("read_embedding: what is missing is named with the file") {
  const fixtures::TemporaryFolder folder;
  fixtures::write_bytes(folder / "points.csv", "x,day\n1,0\n,1\n");
  fixtures::write_bytes(folder / "bare.csv", "day\n1\n");
  CHECK_THROWS_WITH(trajectory::read_embedding(folder / "points.csv", "hour"),
                    ContainsText("points.csv: has no column 'hour'; there are x, day"));
  CHECK_THROWS_WITH(trajectory::read_embedding(folder / "points.csv", "day"), ContainsText("point 2 lacks"));
  CHECK_THROWS_WITH(trajectory::read_embedding(folder / "bare.csv", "day"), ContainsText("no coordinates beside"));
}
