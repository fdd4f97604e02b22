#include <latentcell/condition/covariates.hpp>

#include "support/catch.hpp"

using namespace latentcell;

TEST_CASE("drop_attribute: makes its share of its own columns unknown, none or all at the ends") {
  Rng rng(1);
  Matrix<float> cells = Matrix<float>::Ones(20000, 3);
  const auto dropped = [&](Index column) {
    return double((cells.col(column).array() != cells.col(column).array()).count());
  };
  View<float> view(cells.data(), 20000, 3);
  drop_attribute(view, 1, 2, 0.0f, rng);
  CHECK(dropped(1) == 0);
  drop_attribute(view, 1, 2, 0.1f, rng);
  CHECK(dropped(1) == Approx(2000).margin(215));  // five standard errors
  CHECK(dropped(2) == dropped(1));
  CHECK(dropped(0) == 0);
  drop_attribute(view, 0, 1, 1.0f, rng);
  CHECK(dropped(0) == 20000);
}

TEST_CASE("is_unknown: one NaN is enough") {
  const float known[] = {1, 0, -2}, not_all[] = {1, unknown, 2};
  CHECK_FALSE(is_unknown(known, 3));
  CHECK(is_unknown(not_all, 3));
  CHECK_FALSE(is_unknown(not_all, 1));
}
