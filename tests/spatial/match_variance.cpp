#include <latentcell/spatial/match_variance.hpp>

#include "support/catch.hpp"

using namespace latentcell;
using spatial::column_deviation;
using spatial::match_variance;

TEST_CASE("match_variance: the asked deviation about the same mean, five times the own at most, nothing below zero") {
  Matrix<float> mean(4, 3);
  mean << 5, 5, 1, 6, 5, 2, 7, 5, 0, 6, 5, 1;
  const RowVector<float> own = column_deviation(mean);
  CHECK(own(0) == Approx(std::sqrt(0.5)));
  CHECK(own(1) == 0);
  const Matrix<float> out = match_variance(mean, RowVector<float>(2 * own));
  CHECK((out.col(0) - (mean.col(0).array() * 2 - 6).matrix()).cwiseAbs().maxCoeff() < 1e-5f);
  CHECK(out.col(1) == mean.col(1));
  CHECK(out.col(2) == (Matrix<float>(4, 1) << 1, 3, 0, 1).finished());
  const float widest = column_deviation(match_variance(mean, RowVector<float>::Constant(3, 100)))(0);
  CHECK(widest > 4 * own(0));
  CHECK(widest <= 5 * own(0));
  CHECK(match_variance(mean, RowVector<float>::Zero(3)) == mean);
}
