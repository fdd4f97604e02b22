#include <latentcell/metric/silhouette.hpp>

#include "support/catch.hpp"
#include "support/reference.hpp"

using namespace latentcell;

namespace {

Matrix<float> labelled_points(const Reference& reference, const std::vector<int>& labels) {
  Matrix<float> x = reference.floats("x");
  for (std::size_t i = 0; i < labels.size(); ++i) x(Index(i), labels[i]) += 2.0f;
  return x;
}

}  // namespace

TEST_CASE("silhouettes: equal scikit-learn, a label with one point included") {
  const Reference reference("metric");
  const std::vector<int> labels = reference.integers("labels");
  const Matrix<float> x = labelled_points(reference, labels);
  const std::vector<double> found = metric::silhouettes(view(x), labels), expected = reference.vector("silhouettes");
  double mean = 0;
  for (std::size_t i = 0; i < expected.size(); ++i) {
    CHECK(found[i] == Approx(expected[i]).margin(1e-6));
    mean += expected[i] / double(expected.size());
  }
  CHECK(metric::silhouette(view(x), labels) == Approx(mean).margin(1e-6));
}

TEST_CASE("silhouette: points without a label change nothing") {
  const Reference reference("metric");
  std::vector<int> labels = reference.integers("labels");
  const Matrix<float> x = labelled_points(reference, labels);
  Matrix<float> more(43, 5);
  more << x, Matrix<float>::Random(3, 5);
  const double before = metric::silhouette(view(x), labels);
  labels.insert(labels.end(), 3, -1);
  CHECK(metric::silhouette(view(more), labels) == Approx(before));
}

TEST_CASE("silhouette: near 1 for tight heaps, negative for swapped labels") {
  Matrix<float> x(4, 1);
  x << 0.0f, 0.1f, 9.0f, 9.1f;
  CHECK(metric::silhouette(view(x), std::vector<int>{0, 0, 1, 1}) > 0.98);
  CHECK(metric::silhouette(view(x), std::vector<int>{0, 1, 0, 1}) < 0.0);
}

TEST_CASE("silhouette: refuses one label and another number of labels") {
  const Matrix<float> x = Matrix<float>::Ones(3, 2);
  CHECK_THROWS_WITH(metric::silhouette(view(x), std::vector<int>{5, 5, -1}),
                    ContainsText("at least two labels, got 1"));
  CHECK_THROWS_WITH(metric::silhouette(view(x), std::vector<int>{0, 1}), ContainsText("2 labels for 3 points"));
}
