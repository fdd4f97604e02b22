#include <latentcell/perturbation/similarity_weights.hpp>

#include "support/catch.hpp"

using namespace latentcell;
using perturbation::similarity_weights;

namespace {

Matrix<float> profiles() {
  Matrix<float> out(3, 4);
  out << 1, 2, 3, 4, 1, 2, 4, 4, 4, 3, 2, 1;
  return out;
}

}  // namespace

TEST_CASE("similarity_weights: the nearest group has weight 1, others less, down to none") {
  const Matrix<float> p = profiles();
  const std::vector<double> soft = similarity_weights(p, p, 0, 2), hard = similarity_weights(p, p, 0, 1000);
  CHECK(soft[0] == 1);
  CHECK(soft[1] < 1);
  CHECK(soft[1] > soft[2]);
  CHECK(hard == std::vector<double>{1, hard[1], hard[2]});
  CHECK(hard[1] < 1e-3);
  CHECK(similarity_weights(p, p, 0, 0) == std::vector<double>{1, 1, 1});
  CHECK(similarity_weights(p.topRows(1), p, 2, 50) == std::vector<double>{1});
}

TEST_CASE("similarity_weights: groups of one profile weigh the same") {
  const Matrix<float> p = profiles().row(0).replicate(3, 1);
  CHECK(similarity_weights(p, p, 0, 8) == std::vector<double>{1, 1, 1});
}

TEST_CASE("similarity_weights: bad input is refused") {
  const Matrix<float> p = profiles(), narrow = p.leftCols(3);
  CHECK_THROWS_WITH(similarity_weights(p, narrow, 0, 1), ContainsText("profiles of 4 and 3 genes"));
  CHECK_THROWS_WITH(similarity_weights(p, p, 3, 1), ContainsText("row 3 of 3"));
  CHECK_THROWS_WITH(similarity_weights(p, p, 0, -1), ContainsText("similarity -1"));
}
