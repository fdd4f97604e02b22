#include <latentcell/evaluate/baseline/ridge.hpp>

#include "evaluate/baseline/linear_cells.hpp"
#include "support/catch.hpp"

using namespace latentcell;
using evaluate::baseline::ridge;

TEST_CASE("baseline::ridge: predicts what is linear up to its noise, the mean where nothing is shared") {
  const linear_cells::Pair train = linear_cells::draw(1500, 1), query = linear_cells::draw(400, 2);
  const Matrix<float> predicted = ridge({train.x, train.y}, query.x);
  CHECK(linear_cells::error(predicted, query.y, 0) < 0.25);  // the noise of source and target; variance 5
  CHECK(linear_cells::error(predicted, query.y, 1) == Approx(1).margin(0.25));
  CHECK(predicted.col(1).cwiseAbs().maxCoeff() < 0.3f);
}

TEST_CASE("baseline::ridge: with a large weight it predicts the mean, which is not shrunk") {
  const linear_cells::Pair train = linear_cells::draw(300, 3);
  const Matrix<float> predicted = ridge({train.x, train.y}, train.x, 1e9);
  CHECK((predicted.rowwise() - train.y.colwise().mean()).cwiseAbs().maxCoeff() < 1e-2f);
}

TEST_CASE("baseline::ridge: a shift of the source changes nothing") {
  const linear_cells::Pair train = linear_cells::draw(300, 4), query = linear_cells::draw(20, 5);
  const Matrix<float> there = train.x.array() + 50.0f, at = query.x.array() + 50.0f;
  CHECK((ridge({train.x, train.y}, query.x) - ridge({there, train.y}, at)).cwiseAbs().maxCoeff() < 1e-3f);
}

TEST_CASE("baseline::ridge: permuted truth leaves nothing to predict") {
  linear_cells::Pair train = linear_cells::draw(1500, 6);
  const linear_cells::Pair query = linear_cells::draw(400, 7);
  train.y.colwise().reverseInPlace();
  const double variance = double((query.y.col(0).array() - query.y.col(0).mean()).square().mean());
  CHECK(linear_cells::error(ridge({train.x, train.y}, query.x), query.y, 0) == Approx(variance).epsilon(0.1));
}
