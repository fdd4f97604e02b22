#include <latentcell/metric/class_gaussian.hpp>

#include <latentcell/core/threads.hpp>

#include "support/catch.hpp"

using namespace latentcell;
using metric::ClassGaussian;

TEST_CASE("class_gaussian: draws have the mean and covariance of their class") {
  Rng rng(2);
  Matrix<float> x(900, 3);
  std::vector<int> labels(900);
  for (Index i = 0; i < 900; ++i) {
    labels[to_size(i)] = i % 3 == 0 ? 2 : 0;
    const double a = rng.normal(), b = rng.normal(), c = rng.normal();
    const double sign = i % 3 == 0 ? -1 : 1;
    x.row(i) << float(5 * sign + 2 * a), float(sign * a + 0.5 * b), float(c);
  }
  const ClassGaussian floor(view(x), labels, {.ridge = 1e-6});
  for (const int label : {0, 2}) {
    const std::vector<int> wanted(20000, label);
    const Matrix<double> y = floor.draw(wanted, rng).cast<double>();
    Matrix<double> own(0, 3);
    for (Index i = 0; i < 900; ++i) {
      if (labels[to_size(i)] != label) continue;
      own.conservativeResize(own.rows() + 1, 3);
      own.row(own.rows() - 1) = x.row(i).cast<double>();
    }
    const Matrix<double> cy = y.rowwise() - y.colwise().mean(), cx = own.rowwise() - own.colwise().mean();
    for (Index a = 0; a < 3; ++a) {
      CHECK(y.col(a).mean() == Approx(own.col(a).mean()).margin(0.06));
      for (Index b = 0; b < 3; ++b) {
        const double expected = cx.col(a).dot(cx.col(b)) / double(own.rows() - 1);
        CHECK(cy.col(a).dot(cy.col(b)) / 20000 == Approx(expected).margin(0.15));
      }
    }
  }
}

TEST_CASE("class_gaussian: a class of one point is that point, one of few has full rank") {
  Matrix<float> x = Matrix<float>::Random(4, 6);
  Rng rng(3);
  const ClassGaussian floor(view(x), std::vector<int>{0, 1, 1, 1});
  const std::vector<int> wanted{0, 1};
  const Matrix<float> y = floor.draw(wanted, rng);
  CHECK(y.row(0) == x.row(0));
  for (Index c = 0; c < 6; ++c) CHECK(std::isfinite(y(1, c)));
}

TEST_CASE("class_gaussian: the same seed gives the same with 1 and 3 threads") {
  const Matrix<float> x = Matrix<float>::Random(30, 4);
  const std::vector<int> labels(30, 0), wanted(100, 0);
  const ClassGaussian floor(view(x), labels);
  const int before = threads();
  Rng a(4), b(4);
  set_threads(1);
  const Matrix<float> one = floor.draw(wanted, a);
  set_threads(3);
  CHECK(floor.draw(wanted, b) == one);
  set_threads(before);
}

TEST_CASE("class_gaussian: refuses classes without points") {
  const Matrix<float> x = Matrix<float>::Random(3, 2);
  Rng rng(5);
  const ClassGaussian floor(view(x), std::vector<int>{0, 2, 2});
  CHECK_THROWS_WITH(floor.draw(std::vector<int>{1}, rng), ContainsText("no points of class 1"));
  CHECK_THROWS_WITH(floor.draw(std::vector<int>{3}, rng), ContainsText("no points of class 3"));
  CHECK_THROWS_WITH(ClassGaussian(view(x), std::vector<int>{0, 1}), ContainsText("2 labels for 3 points"));
  CHECK_THROWS_WITH(ClassGaussian(view(x), std::vector<int>(3, -1)), ContainsText("none of 3 points has a label"));
}
