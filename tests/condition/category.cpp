#include <latentcell/condition/category.hpp>
#include <latentcell/condition/drop.hpp>
#include <latentcell/op/reduce.hpp>

#include "support/catch.hpp"

using namespace latentcell;

TEST_CASE("Category: each label its row, unknown the last one") {
  Rng rng(1);
  const Category<float> category(3, 5, rng);
  CHECK(category.levels() == 3);
  CHECK(category.width() == 5);
  const std::vector<int> label{2, Category<float>::unknown, 2};
  Tape<float> tape;
  const Var<float> y = category(tape, label);
  CHECK(y.value().row(0) == category.table.value.row(2));
  CHECK(y.value().row(1) == category.table.value.row(3));
  tape.backward(mean(y));
  const ConstView<float> g(tape.grad(category.table), 4, 5);
  CHECK(g.row(0).cwiseAbs().maxCoeff() == 0);
  CHECK(g(2, 0) == Approx(2 * g(3, 0)));
}

TEST_CASE("Category: labels and levels out of range are named") {
  Rng rng(1);
  const Category<float> category(3, 5, rng);
  Tape<float> tape;
  const std::vector<int> high{0, 3}, low{-2};
  REQUIRE_THROWS_WITH(category(tape, high), ContainsText("label 3 of cell 1 but there are 3 levels"));
  REQUIRE_THROWS_WITH(category(tape, low), ContainsText("label -2 of cell 0"));
  REQUIRE_THROWS_WITH(Category<float>(0, 5, rng), ContainsText("needs at least one level, got 0"));
}

TEST_CASE("drop_labels: makes its share unknown, none or all at the ends") {
  Rng rng(1);
  std::vector<int> label(20000, 2);
  drop_labels(label, 0.0f, rng);
  CHECK(std::count(label.begin(), label.end(), 2) == 20000);
  drop_labels(label, 0.1f, rng);
  CHECK(double(std::count(label.begin(), label.end(), -1)) == Approx(2000).margin(215));  // five standard errors
  drop_labels(label, 1.0f, rng);
  CHECK(std::count(label.begin(), label.end(), -1) == 20000);
}
