#include <latentcell/metric/two_sample_auc.hpp>

#include <latentcell/core/threads.hpp>

#include "support/catch.hpp"

using namespace latentcell;

namespace {

Matrix<float> cloud(Index rows, Index cols, double shift, Rng& rng) {
  Matrix<float> out(rows, cols);
  for (Index k = 0; k < out.size(); ++k) out.data()[k] = float(rng.normal() + shift);
  return out;
}

const metric::TwoSampleAucOptions quick{.folds = 3, .forest = {.trees = 60}};

}  // namespace

TEST_CASE("two_sample_auc: one half for one distribution, more with distance, 1 far apart") {
  Rng rng(1);
  const Matrix<float> x = cloud(240, 10, 0, rng), same = cloud(240, 10, 0, rng), near = cloud(240, 10, 0.3, rng),
                      far = cloud(240, 10, 20, rng);
  const double half = metric::two_sample_auc(view(x), view(same), quick, rng);
  const double some = metric::two_sample_auc(view(x), view(near), quick, rng);
  CHECK(half == Approx(0.5).margin(0.09));
  CHECK(some > 0.65);
  CHECK(some < 0.85);
  CHECK(metric::two_sample_auc(view(x), view(far), quick, rng) == 1.0);
}

TEST_CASE("two_sample_auc: sees a difference in spread that no mean shows") {
  Rng rng(2);
  const Matrix<float> x = cloud(200, 5, 0, rng);
  Matrix<float> wide = cloud(200, 5, 0, rng);
  wide.array() *= 3.0f;
  CHECK(metric::two_sample_auc(view(x), view(wide), quick, rng) > 0.85);
}

TEST_CASE("two_sample_auc: sets of different sizes are fine, and so is either order") {
  Rng rng(3);
  const Matrix<float> x = cloud(300, 6, 0, rng), y = cloud(90, 6, 0.7, rng);
  const double xy = metric::two_sample_auc(view(x), view(y), quick, rng),
               yx = metric::two_sample_auc(view(y), view(x), quick, rng);
  CHECK(xy == Approx(yx).margin(0.03));
  CHECK(xy > 0.8);
}

TEST_CASE("two_sample_auc: the same seed gives the same with 1 and 3 threads") {
  Rng data(4), a(5), b(5);
  const Matrix<float> x = cloud(60, 6, 0, data), y = cloud(60, 6, 0.2, data);
  const int before = threads();
  set_threads(1);
  const double one = metric::two_sample_auc(view(x), view(y), quick, a);
  set_threads(3);
  CHECK(metric::two_sample_auc(view(x), view(y), quick, b) == one);
  set_threads(before);
}

TEST_CASE("two_sample_auc: refuses fewer cells than folds and other features") {
  Rng rng(6);
  const Matrix<float> x = Matrix<float>::Ones(9, 2), y = Matrix<float>::Ones(2, 2), z = Matrix<float>::Ones(9, 3);
  CHECK_THROWS_WITH(metric::two_sample_auc(view(x), view(y), {}, rng), ContainsText("3 folds of 9 and 2 cells"));
  CHECK_THROWS_WITH(metric::two_sample_auc(view(x), view(z), {}, rng), ContainsText("2 features and 3 features"));
}
