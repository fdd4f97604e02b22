#include <latentcell/io/read_points.hpp>

#include <fstream>

#include "io/fixtures.hpp"
#include "support/catch.hpp"

using namespace latentcell;

namespace {

std::string written(const fixtures::TemporaryFolder& folder, const std::string& words) {
  const std::string path = folder / "points.csv";
  std::ofstream(path) << words;
  return path;
}

}  // namespace

TEST_CASE("read_points: named columns, or none") {
  const fixtures::TemporaryFolder folder;
  const io::Points named = io::read_points(written(folder, "samples,x1,x2\n0,-0.5,1e-3\n\n1, 2 ,\n"));
  CHECK(named.columns == std::vector<std::string>{"samples", "x1", "x2"});
  REQUIRE(named.values.rows() == 2);
  CHECK(named.values(0, 1) == -0.5);
  CHECK(named.values(1, 1) == 2);
  CHECK(std::isnan(named.values(1, 2)));
  const io::Points bare = io::read_points(written(folder, "16.08,7.015\n16.12,8.043\n"));
  CHECK(bare.columns == std::vector<std::string>{"x1", "x2"});
  CHECK(bare.values(1, 1) == 8.043);
}

TEST_CASE("read_points: says the file and line of what is wrong") {
  const fixtures::TemporaryFolder folder;
  CHECK_THROWS_WITH(io::read_points(written(folder, "x,y\n1,2\n3,four\n")), ContainsText("'four', is not a number"));
  CHECK_THROWS_WITH(io::read_points(written(folder, "x,y\n1,2\n3\n")), ContainsText("has 1 fields"));
  CHECK_THROWS_WITH(io::read_points(written(folder, "x,y\n")), ContainsText("holds no points"));
  CHECK_THROWS_WITH(io::read_points(folder / "none.csv"), ContainsText("none.csv"));
}
