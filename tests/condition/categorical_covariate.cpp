#include <latentcell/condition/categorical_covariate.hpp>
#include <latentcell/op/reduce.hpp>

#include "support/catch.hpp"
#include "support/made_matrix.hpp"

using namespace latentcell;
using support::window;

namespace {

Matrix<float> column(std::initializer_list<float> values) {
  Matrix<float> out(Index(values.size()), 1);
  std::copy(values.begin(), values.end(), out.data());
  return out;
}

}  // namespace

TEST_CASE("CategoricalCovariate: each label its row, unknown the last one") {
  Rng rng(1);
  const CategoricalCovariate<float> category(3, 5, rng);
  CHECK(category.levels() == 3);
  CHECK(category.width() == 5);
  const Matrix<float> label = column({2, unknown, 2});
  Tape<float> tape;
  const Var<float> y = category(tape, window(label));
  CHECK(y.value().row(0) == category.table.value.row(2));
  CHECK(y.value().row(1) == category.table.value.row(3));
  tape.backward(mean(y));
  const ConstView<float> g(tape.grad(category.table), 4, 5);
  CHECK(g.row(0).cwiseAbs().maxCoeff() == 0);
  CHECK(g(2, 0) == Approx(2 * g(3, 0)));
}

TEST_CASE("CategoricalCovariate: labels and levels out of range are named") {
  Rng rng(1);
  const CategoricalCovariate<float> category(3, 5, rng);
  Tape<float> tape;
  const Matrix<float> high = column({0, 3}), low = column({-2}), half = column({0.5f});
  REQUIRE_THROWS_WITH(category(tape, window(high)), ContainsText("code 3 of cell 1 but there are 3 levels"));
  REQUIRE_THROWS_WITH(category(tape, window(low)), ContainsText("code -2 of cell 0"));
  REQUIRE_THROWS_WITH(category(tape, window(half)), ContainsText("code 0.5 of cell 0"));
  REQUIRE_THROWS_WITH(CategoricalCovariate<float>(0, 5, rng), ContainsText("needs at least one level, got 0"));
}
