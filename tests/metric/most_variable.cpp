#include <latentcell/metric/most_variable.hpp>

#include "support/catch.hpp"
#include "support/reference.hpp"

using namespace latentcell;

namespace {

Counts from(const Matrix<double>& m) {
  Counts out(m.cols());
  for (Index r = 0; r < m.rows(); ++r) {
    for (Index c = 0; c < m.cols(); ++c) {
      if (m(r, c) != 0) out.push(std::int32_t(c), float(m(r, c)));
    }
    out.end_row();
  }
  return out;
}

}  // namespace

TEST_CASE("most_variable: takes the columns of greatest variance, ties by column, ascending") {
  Matrix<double> m(3, 5);
  m << 0, 9, 1, 5, 1,  //
      0, 0, 2, 5, 2,   //
      0, 3, 3, 5, 3;
  const Counts x = from(m);
  CHECK(metric::most_variable(x, 1) == std::vector<Index>{1});
  CHECK(metric::most_variable(x, 2) == std::vector<Index>{1, 2});
  CHECK(metric::most_variable(x, 3) == std::vector<Index>{1, 2, 4});
  CHECK(metric::most_variable(x, 9) == std::vector<Index>{0, 1, 2, 3, 4});
}

TEST_CASE("most_variable: agrees with the variances of numpy") {
  const Reference reference("metric");
  const std::vector<double> variance = reference.vector("gene_variance");
  const std::vector<Index> top = metric::most_variable(reference.counts("counts_a"), 4);
  for (Index g : top) {
    const auto larger =
        std::count_if(variance.begin(), variance.end(), [&](double v) { return v > variance[to_size(g)]; });
    CHECK(larger < 4);
  }
}

TEST_CASE("most_variable: refuses to take none") {
  CHECK_THROWS_WITH(metric::most_variable(from(Matrix<double>::Ones(2, 2)), 0), ContainsText("at least 1 gene, got 0"));
}
