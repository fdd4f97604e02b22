#include <latentcell/metric/stacking_weights.hpp>

#include <cmath>

#include <latentcell/core/rng.hpp>

#include "support/catch.hpp"

using namespace latentcell;
using metric::stacking_weights;

namespace {

/// Truth with predictors that add errors of these deviations; of each column the first or the second is swapped.
struct Planted {
  Matrix<float> truth;
  std::vector<Matrix<float>> parts;
};
Planted planted(Index cells, const std::vector<double>& deviation, bool swap_second_column = false) {
  Rng rng(4);
  Planted out{Matrix<float>(cells, 2), std::vector<Matrix<float>>(deviation.size(), Matrix<float>(cells, 2))};
  for (Index i = 0; i < cells; ++i) {
    for (Index c = 0; c < 2; ++c) {
      out.truth(i, c) = float(rng.normal());
      for (std::size_t k = 0; k < deviation.size(); ++k) {
        const std::size_t of = swap_second_column && c == 1 ? deviation.size() - 1 - k : k;
        out.parts[k](i, c) = out.truth(i, c) + float(deviation[of] * rng.normal());
      }
    }
  }
  return out;
}

}  // namespace

TEST_CASE("stacking_weights: independent errors weigh as the inverse of their variances") {
  const Planted p = planted(20'000, {1, 2, 1});
  const Matrix<double> w = stacking_weights(p.parts, p.truth);
  for (Index c = 0; c < 2; ++c) {
    CHECK(w.col(c).sum() == Approx(1.0));
    CHECK(w(0, c) == Approx(4.0 / 9).margin(0.02));
    CHECK(w(1, c) == Approx(1.0 / 9).margin(0.02));
  }
}

TEST_CASE("stacking_weights: the whole weight goes to the one that is right, in each column") {
  const Planted p = planted(5'000, {0.05, 3}, true);
  const Matrix<double> w = stacking_weights(p.parts, p.truth);
  CHECK(w(0, 0) > 0.95);
  CHECK(w(1, 1) > 0.95);
  const Matrix<double> held = stacking_weights(p.parts, p.truth, {.to_equal = 10, .to_shared = 1e9});
  CHECK(held(0, 0) == Approx(held(0, 1)).margin(1e-4));  // columns are held to one weight
}

TEST_CASE("stacking_weights: few cells are held to the plain mean; a predictor that errs in step with another gets 0") {
  const Planted few = planted(4, {1, 3});
  const Matrix<double> equal = stacking_weights(few.parts, few.truth, {.to_equal = 1e6, .to_shared = 1e6});
  CHECK((equal.array() - 0.5).abs().maxCoeff() < 1e-3);
  Planted p = planted(2'000, {1, 1});
  p.parts[1] = p.truth + 2 * (p.parts[0] - p.truth);  // the same error, twice
  const Matrix<double> w = stacking_weights(p.parts, p.truth, {.to_equal = 0, .to_shared = 0});
  CHECK(w.row(1).maxCoeff() == 0);
}

TEST_CASE("stacking_weights: a column without any error has the shared weights; other shapes are refused") {
  Planted p = planted(100, {1, 1});
  for (Matrix<float>& part : p.parts) part.col(1) = p.truth.col(1);
  const Matrix<double> w = stacking_weights(p.parts, p.truth);
  CHECK(w.allFinite());
  CHECK(w.col(1).sum() == Approx(1.0));
  CHECK_THROWS_WITH(stacking_weights({}, p.truth), ContainsText("0 predictors of 100 cells"));
  CHECK_THROWS_WITH(stacking_weights({p.truth.leftCols(1)}, p.truth),
                    ContainsText("a prediction (100, 1) of a truth (100, 2)"));
  p.parts[1](3, 0) = std::nanf("");
  CHECK_THROWS_WITH(stacking_weights(p.parts, p.truth), ContainsText("a prediction holds numbers that are not finite"));
  p.parts[1](3, 0) = 0;
  p.truth(7, 1) = INFINITY;
  CHECK_THROWS_WITH(stacking_weights(p.parts, p.truth), ContainsText("the truth holds numbers that are not finite"));
  p.truth(7, 1) = 0;
  CHECK_THROWS_WITH(stacking_weights(p.parts, p.truth, {.to_equal = -1}), ContainsText("to_equal must be at least 0"));
}
