#include <latentcell/spatial/smoothing.hpp>

#include "spatial/planted_tissue.hpp"
#include "support/catch.hpp"

using namespace latentcell;

namespace {

spatial::SpatialReference field(double wavelength, double noise) {
  spatial::SpatialReference out{{planted::bent_points(400, 1), std::vector<int>(400, 0)}, {}};
  out.values = planted::smooth_field(out.coordinates, wavelength);
  Rng rng(2);
  for (Index i = 0; i < 400; ++i) out.values(i, 0) += float(noise * rng.normal());
  return out;
}

}  // namespace

TEST_CASE("smooth: a narrow width is the nearest cell, a wide one the mean of the nearest; of none it is zero") {
  const spatial::SpatialReference reference = field(8, 0.3);
  const spatial::NeighborQuery near(reference, {5, 4, 0}, {}, 1, spatial::smoothed_cells);
  CHECK(spatial::smooth(reference, near, 1e-3)(0) == Approx(double(reference.values(near.row[0], 0))).margin(1e-6));
  double mean = 0;
  for (const Index r : near.row) mean += double(reference.values(r, 0)) / double(near.size());
  CHECK(spatial::smooth(reference, near, 1e4)(0) == Approx(mean).margin(1e-5));
  const spatial::NeighborQuery none(reference, {5, 4, 0}, {1e6, false}, 1, 10);
  CHECK(spatial::smooth(reference, none, 1)(0) == 0);
}

TEST_CASE("smooth: weights fall as a Gaussian of the width does") {
  spatial::SpatialReference two{{Matrix<float>(2, 2), {0, 0}}, Matrix<float>(2, 1)};
  two.coordinates << 1, 0, 2, 0;
  two.values << 0, 1;
  const spatial::NeighborQuery near(two, {0, 0, 0}, {}, 1, 2);
  const double weight = std::exp(-0.5 * (4 - 1) / (2.0 * 2.0));
  CHECK(spatial::smooth(two, near, 2)(0) == Approx(weight / (1 + weight)));
}

TEST_CASE("fit_smoothing_width: wider where values are noisier") {
  const auto width = [](double noise) {
    Rng rng(3);
    return spatial::fit_smoothing_width(field(10, noise), {}, 1, rng);
  };
  CHECK(width(3) > width(0.02));
  CHECK(width(0.02) <= 1);
}
