#include <latentcell/evaluate/baseline/linear_joint.hpp>
#include <latentcell/evaluate/baseline/ridge.hpp>

#include "evaluate/baseline/linear_cells.hpp"
#include "support/catch.hpp"

using namespace latentcell;
using evaluate::baseline::linear_joint;

TEST_CASE("linear_joint: agrees with ridge on what is linear, and predicts the mean where nothing is shared") {
  const linear_cells::Pair train = linear_cells::draw(2000, 7), query = linear_cells::draw(50, 8);
  const Matrix<float> joint = linear_joint({train.x, train.y}, query.x, 2),
                      line = evaluate::baseline::ridge({train.x, train.y}, query.x);
  CHECK((joint.col(0) - line.col(0)).cwiseAbs().maxCoeff() < 0.25f);
  CHECK(joint.col(1).cwiseAbs().maxCoeff() < 0.4f);
}

TEST_CASE("linear_joint: one factor is too few for two") {
  const linear_cells::Pair train = linear_cells::draw(2000, 9), query = linear_cells::draw(300, 10);
  const double one = linear_cells::error(linear_joint({train.x, train.y}, query.x, 1), query.y, 0),
               two = linear_cells::error(linear_joint({train.x, train.y}, query.x, 2), query.y, 0);
  CHECK(two < 0.25);
  CHECK(one > 2 * two);
}

TEST_CASE("linear_joint: more factors than columns are as many as there can be") {
  const linear_cells::Pair train = linear_cells::draw(200, 11);
  CHECK(linear_joint({train.x, train.y}, train.x, 50).allFinite());
}
