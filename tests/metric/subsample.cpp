#include <latentcell/metric/subsample.hpp>

#include "support/catch.hpp"

using namespace latentcell;

TEST_CASE("subsample_rows: every row is taken equally often, none twice") {
  Rng rng(1);
  std::vector<int> seen(10, 0);
  const int rounds = 6000;
  for (int r = 0; r < rounds; ++r) {
    const std::vector<Index> rows = metric::subsample_rows(10, 3, rng);
    REQUIRE(rows.size() == 3);
    REQUIRE((rows[0] < rows[1] && rows[1] < rows[2]));
    for (Index i : rows) ++seen[to_size(i)];
  }
  for (int count : seen) CHECK(count == Approx(0.3 * rounds).margin(5 * 36));
}

TEST_CASE("subsample: all rows are the points themselves") {
  Rng rng(2);
  const Matrix<float> x = Matrix<float>::Random(6, 3);
  CHECK(metric::subsample(view(x), 6, rng) == x);
  CHECK(metric::subsample(view(x), 0, rng).rows() == 0);
}

TEST_CASE("pick_rows: gives the rows in the order asked for") {
  const Matrix<float> x = Matrix<float>::Random(4, 2);
  const std::vector<Index> rows{3, 1, 3};
  const Matrix<float> y = metric::pick_rows(view(x), rows);
  for (Index i = 0; i < 3; ++i) CHECK(y.row(i) == x.row(rows[to_size(i)]));
}

TEST_CASE("subsample: refuses more rows than there are") {
  Rng rng(3);
  const Matrix<float> x = Matrix<float>::Random(4, 2);
  const std::vector<Index> rows{4};
  CHECK_THROWS_WITH(metric::subsample(view(x), 5, rng), ContainsText("subsample_rows: 5 of 4 rows"));
  CHECK_THROWS_WITH(metric::pick_rows(view(x), rows), ContainsText("pick_rows: row 4 of 4"));
}
