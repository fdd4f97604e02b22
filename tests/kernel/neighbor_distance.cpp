#include <latentcell/kernel/neighbor_distance.hpp>

#include <latentcell/core/rng.hpp>

#include "support/catch.hpp"

using namespace latentcell;

TEST_CASE("neighbor_distance: by hand on a line") {
  Matrix<float> x(5, 1);
  x << 0, 1, 3, 6, 100;
  // Nearest others: 1, 1, 2, 3, 94; the two nearest on average: 2, 1.5, 2.5, 4, 95.5.
  CHECK(kernel::neighbor_distance(view(x), 1) == 2.0);
  CHECK(kernel::neighbor_distance(view(x), 2) == 2.5);
}

TEST_CASE("neighbor_distance: grows with the points and does not see one that is far away") {
  Rng rng(3);
  Matrix<float> x(60, 4);
  for (Index i = 0; i < x.size(); ++i) x.data()[i] = float(rng.normal());
  const double near = kernel::neighbor_distance(view(x), 5);
  const Matrix<float> wide = 3.0f * x;
  CHECK(kernel::neighbor_distance(view(wide), 5) == Approx(3 * near).epsilon(1e-5));
  Matrix<float> outlier = x;
  outlier.row(0).setConstant(1e4f);
  CHECK(kernel::neighbor_distance(view(outlier), 5) < 1.3 * near);
}
