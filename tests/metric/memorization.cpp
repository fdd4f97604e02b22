#include <latentcell/metric/memorization.hpp>

#include <latentcell/core/rng.hpp>

#include "support/catch.hpp"

using namespace latentcell;

namespace {

Matrix<float> cloud(Index rows, Rng& rng) {
  Matrix<float> out(rows, 5);
  for (Index k = 0; k < out.size(); ++k) out.data()[k] = float(rng.normal());
  return out;
}

}  // namespace

TEST_CASE("memorization: fresh points pass, copies and near copies do not") {
  Rng rng(1);
  const Matrix<float> train = cloud(400, rng), held_out = cloud(300, rng), fresh = cloud(300, rng);
  const metric::Memorization good = metric::memorization(view(train), view(held_out), view(fresh));
  CHECK(good.test.p_value > 0.01);
  CHECK(good.nearer_share == Approx(0.05).margin(0.04));
  CHECK(good.generated == Approx(good.held_out).epsilon(0.1));

  Matrix<float> copies = fresh;
  copies.topRows(150) = train.topRows(150).array() + 1e-3f;
  const metric::Memorization bad = metric::memorization(view(train), view(held_out), view(copies));
  CHECK(bad.test.p_value < 1e-6);
  CHECK(bad.test.statistic > 0.4);
  CHECK(bad.nearer_share > 0.5);
  CHECK(bad.generated < bad.held_out);
}

TEST_CASE("memorization: refuses empty sets") {
  Rng rng(2);
  const Matrix<float> x = cloud(5, rng), none(0, 5);
  CHECK_THROWS_WITH(metric::memorization(view(x), view(none), view(x)),
                    ContainsText("5 training, 0 held-out and 5 generated"));
}
