#include <latentcell/core/counts.hpp>

#include "support/catch.hpp"

using namespace latentcell;

namespace {

Counts made() { return Counts(4, {0, 2, 2, 5}, {1, 3, 0, 1, 2}, {5, 6, 1, 2, 3}); }

}  // namespace

TEST_CASE("Counts: rows, sums and windows") {
  const Counts counts = made();
  CHECK(counts.rows() == 3);
  CHECK(counts.nonzeros() == 5);
  CHECK(counts.view().row_sum(0) == 11);
  CHECK(counts.view().row_sum(1) == 0);
  const CountsView middle = counts.view().middle(1, 2);
  CHECK(middle.rows == 2);
  CHECK(middle.nonzeros() == 3);
  CHECK(middle.row_values(1)[2] == 3);
}

TEST_CASE("Counts: rows and columns are picked and renumbered") {
  const Counts counts = made();
  const std::vector<Index> rows{2, 0}, cols{1, 3};
  const Counts picked = select_cols(select_rows(counts, rows), cols);
  CHECK(picked.rows() == 2);
  CHECK(picked.cols() == 2);
  CHECK(std::vector<std::int32_t>(picked.columns().begin(), picked.columns().end()) ==
        std::vector<std::int32_t>{0, 0, 1});
  CHECK(std::vector<float>(picked.values().begin(), picked.values().end()) == std::vector<float>{2, 5, 6});
}

TEST_CASE("Counts: arrays that are no matrix are named") {
  REQUIRE_THROWS_WITH(Counts(4, {1, 2}, {0}, {1}), ContainsText("row starts must begin with 0"));
  REQUIRE_THROWS_WITH(Counts(4, {0, 2}, {0}, {1}), ContainsText("the last row ends at 2 but there are 1 values"));
  REQUIRE_THROWS_WITH(Counts(4, {0, 1}, {0, 1}, {1}), ContainsText("2 columns but 1 values"));
  REQUIRE_THROWS_WITH(Counts(4, {0, 1}, {4}, {1}), ContainsText("row 0 has column 4 but there are 4 columns"));
  REQUIRE_THROWS_WITH(Counts(4, {0, 2}, {1, 1}, {1, 1}), ContainsText("in ascending order, once each"));
  const Counts counts = made();
  const std::vector<Index> row{3}, col{4}, falling{2, 1};
  REQUIRE_THROWS_WITH(select_rows(counts, row), ContainsText("row 3 of a matrix with 3 rows"));
  REQUIRE_THROWS_WITH(select_cols(counts, col), ContainsText("column 4 of a matrix with 4 columns"));
  REQUIRE_THROWS_WITH(select_cols(counts, falling), ContainsText("columns must ascend"));
}

TEST_CASE("Counts: row starts that fall are refused before a value is read") {
  REQUIRE_THROWS_WITH(Counts(4, {0, 5, 2}, {0, 1}, {1, 1}), ContainsText("row 1 ends before it starts"));
}
