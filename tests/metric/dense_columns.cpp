#include <latentcell/metric/dense_columns.hpp>

#include "support/catch.hpp"
#include "support/reference.hpp"

using namespace latentcell;

TEST_CASE("dense_columns: holds the entries of the columns asked for") {
  const Reference reference("metric");
  const std::vector<Index> cols{0, 3, 11};
  const Matrix<float> x = metric::dense_columns(reference.counts("counts_a"), cols);
  const Matrix<double>& all = reference.matrix("counts_a");
  REQUIRE(x.rows() == all.rows());
  REQUIRE(x.cols() == 3);
  for (Index r = 0; r < x.rows(); ++r) {
    for (Index c = 0; c < 3; ++c) CHECK(double(x(r, c)) == all(r, cols[to_size(c)]));
  }
}

TEST_CASE("dense_columns: refuses a column that is not there") {
  const std::vector<Index> cols{12};
  CHECK_THROWS_WITH(metric::dense_columns(Reference("metric").counts("counts_a"), cols), ContainsText("column 12"));
}
