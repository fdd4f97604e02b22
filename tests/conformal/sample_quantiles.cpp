#include <latentcell/conformal/sample_quantiles.hpp>

#include "support/catch.hpp"

using namespace latentcell;
using conformal::SampleQuantiles;

TEST_CASE("SampleQuantiles: distances from the mean to each quantile, by hand") {
  // Feature 0: 0, 1, 2, 3, 14 in another order, mean 4. Feature 1: the same mirrored.
  std::vector<Matrix<float>> samples;
  for (const float x : {2.0f, 14.0f, 0.0f, 3.0f, 1.0f}) samples.push_back(Matrix<float>{{x, -x}});
  const SampleQuantiles q(samples);
  CHECK(q.low50(0, 0) == Approx(3));     // 4 - 1
  CHECK(q.high50(0, 0) == Approx(-1));   // 3 - 4
  CHECK(q.low80(0, 0) == Approx(3.6));   // 4 - 0.4
  CHECK(q.high80(0, 0) == Approx(5.6));  // 3 + 0.6 * 11 - 4
  CHECK(q.low50(0, 1) == Approx(-1));
  CHECK(q.high50(0, 1) == Approx(3));
  CHECK(q.low80(0, 1) == Approx(5.6));
  CHECK(q.high80(0, 1) == Approx(3.6));
}

TEST_CASE("SampleQuantiles: one sample is refused") {
  CHECK_THROWS_WITH(SampleQuantiles({Matrix<float>::Zero(1, 1)}), ContainsText("1 samples; needs at least 2"));
}
