#include <latentcell/metric/random_forest.hpp>

#include <cmath>
#include <limits>

#include <latentcell/core/threads.hpp>

#include "support/catch.hpp"
#include "support/reference.hpp"

using namespace latentcell;
using metric::RandomForest;

TEST_CASE("random_forest: many trees give the probabilities of scikit-learn's many trees") {
  const Reference reference("metric");
  const Matrix<float> x = reference.floats("forest_x"), fresh = reference.floats("forest_fresh");
  Rng rng(1);
  const RandomForest forest(view(x), reference.integers("forest_labels"), 3, {.trees = 3000, .depth = 5}, rng);
  const Matrix<double> found = forest.probabilities(view(fresh)), expected = reference.matrix("forest_probabilities");
  double mean = 0;
  for (Index k = 0; k < found.size(); ++k) {
    const double gap = std::abs(found.data()[k] - expected.data()[k]);
    CHECK(gap < 0.035);  // four standard errors of 3,000 trees at most
    mean += gap / double(found.size());
  }
  CHECK(mean < 0.007);
}

TEST_CASE("random_forest: probabilities of a row add up to 1") {
  const Reference reference("metric");
  const Matrix<float> x = reference.floats("forest_x");
  Rng rng(2);
  const RandomForest forest(view(x), reference.integers("forest_labels"), 4, {.trees = 20}, rng);
  const Matrix<double> p = forest.probabilities(view(x));
  for (Index i = 0; i < p.rows(); ++i) {
    CHECK(p.row(i).sum() == Approx(1.0));
    CHECK(p(i, 3) == 0.0);  // a class without a row
  }
}

TEST_CASE("random_forest: learns the exclusive or, which no single feature shows") {
  Rng rng(3);
  Matrix<float> x(400, 4);
  std::vector<int> labels(400);
  for (Index i = 0; i < 400; ++i) {
    for (Index c = 0; c < 4; ++c) x(i, c) = rng.uniform();
    labels[to_size(i)] = (x(i, 0) > 0.5f) != (x(i, 1) > 0.5f);
  }
  const RandomForest forest(ConstView<float>(x.data(), 300, 4), std::span<const int>(labels).first(300), 2,
                            {.trees = 200, .features = 3}, rng);
  const Matrix<double> p = forest.probabilities(ConstView<float>(x.data() + 1200, 100, 4));
  int right = 0;
  for (Index i = 0; i < 100; ++i) right += (p(i, 1) > 0.5) == (labels[to_size(300 + i)] == 1);
  CHECK(right > 88);
}

TEST_CASE("random_forest: a split lies halfway between neighboring values and cannot see beyond its depth") {
  Matrix<float> x(40, 1);
  std::vector<int> labels(40);
  for (Index i = 0; i < 40; ++i) {
    x(i, 0) = i < 20 ? 1.0f : 3.0f;
    labels[to_size(i)] = i < 20 ? 0 : 1;
  }
  Rng rng(4);
  const RandomForest forest(view(x), labels, 2, {.trees = 10, .depth = 1}, rng);
  const std::vector<float> probe{1.99f, 2.01f};
  const Matrix<double> p = forest.probabilities(ConstView<float>(probe.data(), 2, 1));
  CHECK(p(0, 1) == 0.0);
  CHECK(p(1, 1) == 1.0);
}

TEST_CASE("random_forest: features that never vary give the class shares") {
  const Matrix<float> x = Matrix<float>::Ones(300, 3);
  std::vector<int> labels(300, 0);
  for (std::size_t i = 0; i < 100; ++i) labels[i] = 1;
  Rng rng(5);
  const RandomForest forest(view(x), labels, 2, {.trees = 100}, rng);
  CHECK(forest.probabilities(view(x))(0, 1) == Approx(1.0 / 3).margin(0.02));
}

TEST_CASE("random_forest: the same seed gives the same with 1 and 3 threads") {
  const Reference reference("metric");
  const Matrix<float> x = reference.floats("forest_x");
  const std::vector<int> labels = reference.integers("forest_labels");
  const int before = threads();
  Rng a(6), b(6), c(7);
  set_threads(1);
  const Matrix<double> one = RandomForest(view(x), labels, 3, {.trees = 30}, a).probabilities(view(x));
  set_threads(3);
  const Matrix<double> three = RandomForest(view(x), labels, 3, {.trees = 30}, b).probabilities(view(x));
  set_threads(before);
  CHECK(one == three);
  CHECK(RandomForest(view(x), labels, 3, {.trees = 30}, c).probabilities(view(x)) != one);
}

TEST_CASE("random_forest: refuses wrong input") {
  Rng rng(8);
  Matrix<float> x = Matrix<float>::Ones(3, 2);
  const std::vector<int> labels{0, 1, 1};
  const auto grow = [&](std::span<const int> l, const metric::RandomForestOptions& options) {
    return RandomForest(view(x), l, 2, options, rng);
  };
  CHECK_THROWS_WITH(grow(std::vector<int>{0, 1}, {}), ContainsText("2 labels for 3 rows"));
  CHECK_THROWS_WITH(grow(std::vector<int>{0, 1, 2}, {}), ContainsText("label 2 of 2 classes"));
  CHECK_THROWS_WITH(grow(labels, {.trees = 0}), ContainsText("RandomForest: trees must be at least 1, got 0"));
  const RandomForest forest = grow(labels, {.trees = 3});
  CHECK_THROWS_WITH(forest.probabilities(ConstView<float>(x.data(), 2, 3)),
                    ContainsText("grown on 2 features, given 3"));
  x(1, 1) = std::numeric_limits<float>::quiet_NaN();
  CHECK_THROWS_WITH(grow(labels, {}), ContainsText("feature 1 of row 1 is not finite"));
}
