#include <latentcell/metric/batch_mixing.hpp>

#include <latentcell/core/rng.hpp>

#include "support/catch.hpp"

using namespace latentcell;

TEST_CASE("batch_mixing: 1 for batches drawn from one law, 0 for batches apart; labels apart are pure") {
  Rng rng(1);
  Matrix<float> x(400, 3);
  std::vector<int> batch_covariate, label;
  for (Index i = 0; i < 400; ++i) {
    batch_covariate.push_back(int(i % 2));
    label.push_back(int(i / 200));
    for (Index j = 0; j < 3; ++j) x(i, j) = float(rng.normal()) + 20 * float(label.back());
  }
  const metric::BatchMixing mixed = metric::batch_mixing(view(x), batch_covariate, label);
  CHECK(mixed.batches > 0.9);
  CHECK(mixed.labels == Approx(1));
  Matrix<float> apart = x;
  for (Index i = 0; i < 400; ++i) apart(i, 1) += 10 * float(batch_covariate[to_size(i)]);
  CHECK(metric::batch_mixing(view(apart), batch_covariate, label).batches < 0.05);
  // Batches of different composition, mixed within each label, are mixed.
  std::vector<int> skewed;
  for (int i = 0; i < 400; ++i) skewed.push_back(i % 10 == 0 ? 1 - i / 200 : i / 200);
  CHECK(metric::batch_mixing(view(x), skewed, label).batches > 0.8);
}

TEST_CASE("batch_mixing: labels of few cells or of one batch are left out; without any it refuses") {
  Rng rng(2);
  Matrix<float> x(100, 2);
  for (Index i = 0; i < x.size(); ++i) x.data()[i] = float(rng.normal());
  std::vector<int> one(100, 0), two;
  for (int i = 0; i < 100; ++i) two.push_back(i % 2);
  CHECK_THROWS_WITH(metric::batch_mixing(view(x), one, one),
                    ContainsText("no label has 30 cells and two levels of the batch covariate"));
  CHECK(metric::batch_mixing(view(x), two, one).batches > 0.8);
  CHECK_THROWS_WITH(metric::batch_mixing(view(x), {}, one), ContainsText("0 batches and 100 labels for 100 points"));
  one.pop_back();
  CHECK_THROWS_WITH(metric::batch_mixing(view(x), two, one), ContainsText("100 batches and 99 labels"));
}
