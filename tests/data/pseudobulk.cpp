#include <cmath>
#include <limits>

#include <latentcell/data/pseudobulk.hpp>

#include "support/catch.hpp"

using namespace latentcell;

namespace {

CellTable four_cells() {
  CellTable cells;
  cells.counts = Counts(3);
  const std::int32_t columns[] = {0, 1, 2};
  const float values[4][3] = {{1, 2, 3}, {3, 0, 1}, {5, 5, 5}, {2, 0, 0}};
  for (const auto& row : values) {
    for (int g = 0; g < 3; ++g) {
      if (row[g] > 0) cells.counts.push(columns[g], row[g]);
    }
    cells.counts.end_row();
  }
  cells.cell_names = {"a", "b", "c", "d"};
  cells.gene_names = {"x", "y", "z"};
  cells.gene_columns = Annotation(3);
  cells.cell_columns = Annotation(4);
  cells.cell_columns.set("type", Categorical{{"T", "B"}, {1, -1, 0, 1}});
  cells.cell_columns.set("age", std::vector<double>{1, std::numeric_limits<double>::quiet_NaN(), 4, 3});
  cells.cell_columns.set("remark", std::vector<std::string>{"p", "q", "r", "s"});
  cells.embeddings["spatial"] = Matrix<float>(4, 2);
  cells.embeddings["spatial"] << 0, 0, 2, 4, 9, 9, 4, 2;
  return cells;
}

}  // namespace

TEST_CASE("pseudobulk: means of counts and places, the most frequent label, the mean of known numbers") {
  const CellTable out = pseudobulk(four_cells(), std::vector<int>{0, 0, -1, 1}, 2);
  out.check();
  REQUIRE(out.cells() == 2);
  const CountsView c = out.counts.view();
  CHECK(std::vector<float>(c.row_values(0).begin(), c.row_values(0).end()) == std::vector<float>{2, 1, 2});
  CHECK(std::vector<std::int32_t>(c.row_columns(1).begin(), c.row_columns(1).end()) == std::vector<std::int32_t>{0});
  CHECK(out.obs("type").codes == std::vector<int>{1, 1});
  CHECK(std::get<std::vector<double>>(out.cell_columns.get("age")) == std::vector<double>{1, 3});
  CHECK_FALSE(out.cell_columns.has("remark"));
  CHECK(out.embeddings.at("spatial")(0, 1) == 2);
}

TEST_CASE("pseudobulk: a group of itself for each cell changes nothing") {
  const CellTable cells = four_cells(), out = pseudobulk(cells, std::vector<int>{0, 1, 2, 3}, 4);
  for (Index i = 0; i < 4; ++i) {
    const auto a = cells.counts.view().row_values(i), b = out.counts.view().row_values(i);
    CHECK(std::equal(a.begin(), a.end(), b.begin(), b.end()));
  }
  CHECK(out.obs("type").codes == cells.obs("type").codes);
  CHECK(out.embeddings.at("spatial") == cells.embeddings.at("spatial"));
}

TEST_CASE("pseudobulk: refuses empty groups and groups that do not fit") {
  const CellTable cells = four_cells();
  CHECK_THROWS_WITH(pseudobulk(cells, std::vector<int>{0, 0, 0, 0}, 2), ContainsText("group 1 has no cell"));
  CHECK_THROWS_WITH(pseudobulk(cells, std::vector<int>{0, 0}, 1), ContainsText("2 groups for 4 cells"));
  CHECK_THROWS_WITH(pseudobulk(cells, std::vector<int>{0, 0, 3, 0}, 2), ContainsText("group 3 of 2"));
}
