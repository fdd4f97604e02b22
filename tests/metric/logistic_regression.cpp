#include <latentcell/metric/logistic_regression.hpp>

#include <limits>

#include <latentcell/core/rng.hpp>
#include <latentcell/core/threads.hpp>

#include "support/catch.hpp"
#include "support/reference.hpp"

using namespace latentcell;
using metric::Inputs;
using metric::LogisticRegression;

TEST_CASE("logistic_regression: equals scikit-learn's coefficients for several classes") {
  const Reference reference("metric");
  const Matrix<float> x = reference.floats("logistic_x");
  const LogisticRegression model(view(x), reference.integers("logistic_labels"));
  const Matrix<double> expected = reference.matrix("logistic_weights");
  REQUIRE(model.weights().rows() == 3);
  for (Index k = 0; k < expected.size(); ++k)
    CHECK(model.weights().data()[k] == Approx(expected.data()[k]).margin(1e-5));
}

TEST_CASE("logistic_regression: two classes are scikit-learn's binary model") {
  const Reference reference("metric");
  const Matrix<float> x = reference.floats("logistic_x");
  std::vector<int> labels = reference.integers("logistic_labels");
  for (int& l : labels) l = l > 0;
  const LogisticRegression model(view(x), labels, {.c = 0.3});
  const Matrix<double> expected = reference.matrix("logistic_binary");
  for (Index j = 0; j < 5; ++j) {
    CHECK(model.weights()(1, j) - model.weights()(0, j) == Approx(expected(0, j)).margin(1e-5));
  }
}

TEST_CASE("logistic_regression: standardised inputs equal a scaler before it") {
  const Reference reference("metric");
  const Matrix<float> x = reference.floats("logistic_x");
  const LogisticRegression model(view(x), reference.integers("logistic_labels"), {.inputs = Inputs::standardised});
  const Matrix<double> found = model.probabilities(view(x)), expected = reference.matrix("logistic_standardised");
  for (Index k = 0; k < expected.size(); ++k) CHECK(found.data()[k] == Approx(expected.data()[k]).margin(1e-5));
}

TEST_CASE("logistic_regression: gaps between labels and missing labels are left out") {
  const Reference reference("metric");
  const Matrix<float> x = reference.floats("logistic_x");
  std::vector<int> labels = reference.integers("logistic_labels");
  Matrix<float> more(95, 4);
  more << x, Matrix<float>::Random(5, 4) * 50;
  std::vector<int> wide;
  for (int l : labels) wide.push_back(10 + 3 * l);
  wide.insert(wide.end(), 5, -1);
  const LogisticRegression a(view(x), labels), b(view(more), wide);
  CHECK(std::vector<int>(b.classes().begin(), b.classes().end()) == std::vector<int>{10, 13, 16});
  for (Index k = 0; k < a.weights().size(); ++k) {
    CHECK(a.weights().data()[k] == Approx(b.weights().data()[k]).margin(1e-6));
  }
  const std::vector<int> pa = a.predict(view(x)), pb = b.predict(view(x));
  for (std::size_t i = 0; i < pa.size(); ++i) CHECK(pb[i] == 10 + 3 * pa[i]);
}

TEST_CASE("logistic_regression: classes far apart and badly scaled features still converge") {
  Rng rng(1);
  Matrix<float> x(300, 3);
  std::vector<int> labels(300);
  for (Index i = 0; i < 300; ++i) {
    labels[to_size(i)] = int(i % 5);
    x(i, 0) = float(1000 * labels[to_size(i)] + rng.normal());
    x(i, 1) = float(1e-3 * rng.normal());
    x(i, 2) = float(rng.normal());
  }
  for (const Inputs inputs : {Inputs::as_given, Inputs::standardised}) {
    CHECK(metric::label_accuracy(view(x), labels, view(x), labels, {.inputs = inputs}) > 0.99);
  }
}

TEST_CASE("logistic_regression: 1 and 3 threads give the same") {
  Rng rng(2);
  Matrix<float> x(4000, 29);  // enough for three threads to have work
  std::vector<int> labels(4000);
  for (Index i = 0; i < 4000; ++i) {
    labels[to_size(i)] = int(i % 7);
    for (Index c = 0; c < 29; ++c) x(i, c) = float(rng.normal() + (c == i % 7));
  }
  const int before = threads();
  set_threads(1);
  const LogisticRegression one(view(x), labels);
  set_threads(3);
  const LogisticRegression three(view(x), labels);
  set_threads(before);
  CHECK(one.weights() == three.weights());
}

TEST_CASE("label_accuracy: counts labelled points only") {
  Matrix<float> x(4, 1);
  x << -2.0f, -1.0f, 1.0f, 2.0f;
  const std::vector<int> labels{0, 0, 1, 1}, judged{0, 1, 1, -1}, none(4, -1);
  CHECK(metric::label_accuracy(view(x), labels, view(x), judged) == Approx(2.0 / 3));
  CHECK_THROWS_WITH(metric::label_accuracy(view(x), labels, view(x), none),
                    ContainsText("none of 4 points has a label"));
}

TEST_CASE("logistic_regression: refuses wrong input") {
  Matrix<float> x = Matrix<float>::Ones(3, 2);
  const std::vector<int> labels{0, 1, 1}, one{4, 4, -1}, two{0, 1};
  CHECK_THROWS_WITH(LogisticRegression(view(x), two), ContainsText("2 labels for 3 rows"));
  CHECK_THROWS_WITH(LogisticRegression(view(x), one), ContainsText("at least two classes, got 1"));
  CHECK_THROWS_WITH(LogisticRegression(view(x), labels, {.c = 0}), ContainsText("c must be above 0, got 0"));
  const LogisticRegression model(view(x), labels);
  CHECK_THROWS_WITH(model.predict(ConstView<float>(x.data(), 2, 3)), ContainsText("fitted on 2 features, given 3"));
  x(2, 0) = std::numeric_limits<float>::infinity();
  CHECK_THROWS_WITH(LogisticRegression(view(x), labels), ContainsText("feature 0 of row 2 is not finite"));
}
