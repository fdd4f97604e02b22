#include <latentcell/conformal/group_means.hpp>

#include "support/catch.hpp"

using namespace latentcell;
using conformal::GroupMeans;

TEST_CASE("GroupMeans: means of the predictions, by hand; at least a thousandth; all one without groups") {
  Matrix<float> mean(4, 2);
  mean << 1, 0, 3, -2, 5, 0.5f, 7, 0.5f;
  const GroupMeans levels(mean, {0, 0, 2, 2});
  CHECK(levels.of(1) == RowVector<float>{{2, GroupMeans::smallest}});
  CHECK(levels.of(3) == RowVector<float>{{6, 0.5f}});
  CHECK(GroupMeans(mean, {}).of(3) == RowVector<float>{{1, 1}});
  // A negative prediction counts as none: 3 and 0.
  CHECK(GroupMeans(Matrix<float>{{3}, {-5}}, {0, 0}).of(0)(0) == Approx(1.5));
}

TEST_CASE("GroupMeans: groups that do not fit the cells are named") {
  const Matrix<float> mean = Matrix<float>::Ones(4, 2);
  CHECK_THROWS_WITH(GroupMeans(mean, {0, 1}), ContainsText("2 groups"));
  CHECK_THROWS_WITH(GroupMeans(mean, {0, 1, -1, 0}), ContainsText("none below 0"));
}
