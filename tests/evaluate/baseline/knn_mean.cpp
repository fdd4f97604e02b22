#include <latentcell/evaluate/baseline/knn_mean.hpp>

#include "evaluate/baseline/linear_cells.hpp"
#include "support/catch.hpp"

using namespace latentcell;
using evaluate::baseline::knn_mean;

TEST_CASE("knn_mean: the mean of the nearest cells' targets, by hand") {
  Matrix<float> x(4, 1), y(4, 2), at(2, 1);
  x << 0, 1, 2, 10;
  y << 1, 10, 3, 20, 5, 30, 7, 40;
  at << 0.4f, 9;
  const Matrix<float> two = knn_mean({x, y}, at, 2);
  CHECK(two(0, 0) == Approx(2));
  CHECK(two(0, 1) == Approx(15));
  CHECK(two(1, 0) == Approx(6));
  CHECK(knn_mean({x, y}, at, 1)(1, 1) == Approx(40));
}

TEST_CASE("knn_mean: more neighbors than cells are all cells") {
  const linear_cells::Pair train = linear_cells::draw(20, 1);
  const Matrix<float> predicted = knn_mean({train.x, train.y}, train.x, 1000);
  CHECK((predicted.rowwise() - train.y.colwise().mean()).cwiseAbs().maxCoeff() < 1e-4f);
}

TEST_CASE("knn_mean: beats the mean on what depends on the source") {
  const linear_cells::Pair train = linear_cells::draw(800, 2), query = linear_cells::draw(200, 3);
  const double variance = double((query.y.col(0).array() - query.y.col(0).mean()).square().mean());
  CHECK(linear_cells::error(knn_mean({train.x, train.y}, query.x), query.y, 0) < 0.3 * variance);
}
