#include <latentcell/conformal/predict.hpp>

#include "conformal/fixtures.hpp"
#include "support/catch.hpp"

using namespace conformal_fixtures;

TEST_CASE("member_mean: a constant velocity moves the mean of the noise; 4 noise vectors are averaged") {
  Rng rng(1);
  ConditionalEnsemble model(2, 2, 2, small(2), rng);
  set_constant_velocity(model.members[0], 3);
  Rng own(2);
  const Matrix<float> mean = member_mean(model.members[0], normals(4000, 2, 3), own);
  CHECK(mean.mean() == Approx(3).margin(0.03));
  const float sd = std::sqrt((mean.array() - mean.mean()).square().mean());
  CHECK(sd == Approx(0.5).margin(0.02));  // 1 / sqrt(4)
}

TEST_CASE("member_sample: noise is integrated over the whole path, [0, 1]") {
  Rng rng(1);
  ConditionalEnsemble model(2, 2, 2, small(2), rng);
  set_constant_velocity(model.members[0], 3);
  for (const Index steps : {Index(1), Index(5)}) {
    Rng own(2);
    const Matrix<float> x = member_sample(model.members[0], normals(4000, 2, 3), steps, own);
    CHECK(x.mean() == Approx(3).margin(0.05));
    CHECK(std::sqrt((x.array() - x.mean()).square().mean()) == Approx(1).margin(0.04));
  }
}

TEST_CASE("predictions of a cell do not depend on the number of cells") {
  Rng rng(1);
  const ConditionalEnsemble model(2, 2, 2, small(2), rng);
  const Matrix<float> all = normals(1300, 2, 3), first = all.topRows(1100);  // 1024 at once
  Rng a(4), b(4);
  CHECK(member_mean(model.members[0], all, a).topRows(1100) == member_mean(model.members[0], first, b));
  const Matrix<float> sampled = member_sample(model.members[0], all, 2, a);
  CHECK(sampled.topRows(1100) == member_sample(model.members[0], first, 2, b));
  // Equal conditions far apart get noise of their own.
  const Matrix<float> same = Matrix<float>::Ones(1300, 2);
  const Matrix<float> of_same = member_sample(model.members[0], same, 2, a),
                      means = member_mean(model.members[0], same, b);
  CHECK(of_same.row(0) != of_same.row(1024));
  CHECK(means.row(0) != means.row(1024));
}

TEST_CASE("out_of_fold_means: each cell is predicted by the member trained without it; mean_latents by all") {
  Rng rng(1);
  ConditionalEnsemble model(2, 2, 2, small(3), rng);
  const Matrix<float> c = normals(300, 2, 3);
  for (std::size_t m = 0; m < 3; ++m) set_constant_velocity(model.members[m], 100.0f * float(m + 1));
  Rng a(4), b(4);
  const Matrix<float> own = out_of_fold_means(model, c, a), all = mean_latents(model, c, b);
  const std::vector<Index> fold = model.folds(300);
  for (Index i = 0; i < 300; ++i) {
    CHECK(own(i, 0) == Approx(100 * (fold[to_size(i)] + 1)).margin(3));
    CHECK(all(i, 1) == Approx(200).margin(3));
  }
}
