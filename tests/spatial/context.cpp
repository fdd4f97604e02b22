#include <latentcell/spatial/context.hpp>

#include "spatial/planted_tissue.hpp"
#include "support/catch.hpp"

using namespace latentcell;
using spatial::SpatialContext;
using spatial::SpatialMask;

namespace {

spatial::SpatialReference made() {
  Rng rng(3);
  spatial::SpatialReference out{{planted::bent_points(60, 2), std::vector<int>(60, 0)}, Matrix<float>(60, 3)};
  for (Index i = 0; i < out.values.size(); ++i) out.values.data()[i] = float(rng.normal());
  for (std::size_t i = 30; i < 60; ++i) out.slice[i] = 1;
  return out;
}

std::vector<float> features(const SpatialContext& context, const spatial::SpatialReference& reference,
                            const SpatialMask& mask) {
  std::vector<float> out(to_size(context.columns(reference.values.cols())));
  spatial::Location at = reference[0];
  at.row = 0;
  context.features(reference, at, mask, out.data());
  return out;
}

}  // namespace

TEST_CASE("SpatialContext: means of neighbours, their distances, kriging, place and slice, in this order") {
  const spatial::SpatialReference reference = made();
  const SpatialContext context({.neighbors = {1, 4}, .kriged = 10, .waves = 2});
  REQUIRE(context.columns(3) == 3 * 3 + 2 + 2 + 8 + 1);
  const std::vector<float> f = features(context, reference, {});
  spatial::Location at = reference[0];
  at.row = 0;
  const spatial::NeighborQuery near(reference, at, {}, 1, 10);
  CHECK(f[0] == reference.values(near.row[0], 0));
  CHECK(f[3] == Approx(std::log1p(near.distance[0]) - 1));
  double mean = 0;
  for (std::size_t k = 0; k < 4; ++k) mean += double(reference.values(near.row[k], 1)) / 4;
  CHECK(f[5] == Approx(mean));
  CHECK(f[7] == Approx(std::log1p(near.distance[3]) - 1));
  REQUIRE(context.first_kriged(3) == 8);
  CHECK(f[9] == Approx(spatial::krige(reference, near, context.fitted_variogram(), 1, 10)(1)));
  CHECK(f[11] == reference.coordinates(0, 0));
  CHECK(f[13] == Approx(std::sin(3.14159265 * double(f[11]))).margin(1e-5));
  CHECK(f[17] == Approx(std::sin(2 * 3.14159265 * double(f[11]))).margin(1e-5));
  CHECK(f.back() == 0);
}

TEST_CASE("SpatialContext: what a mask hides has no part in the features") {
  spatial::SpatialReference reference = made();
  const SpatialContext context({.neighbors = {1, 4}, .kriged = 10, .waves = 1});
  const SpatialMask radius{4.0, false}, slice{0, true};
  const std::vector<float> before_radius = features(context, reference, radius),
                           before_slice = features(context, reference, slice),
                           before = features(context, reference, {});
  for (Index i = 0; i < 60; ++i) {
    const bool near = (reference.coordinates.row(i) - reference.coordinates.row(0)).norm() < 3.5f && i < 30;
    if (near) reference.values.row(i).setConstant(100);
  }
  CHECK(features(context, reference, radius) == before_radius);
  CHECK(features(context, reference, {}) != before);
  reference = made();
  for (Index i = 0; i < 30; ++i) reference.values.row(i).setConstant(100);
  CHECK(features(context, reference, slice) == before_slice);
}

TEST_CASE("SpatialContext: fit centres the coordinates in [-1, 1] and finds the variogram; a cell alone has defaults") {
  const spatial::SpatialReference reference = made();
  SpatialContext context({.neighbors = {1}, .kriged = 10, .waves = 0});
  Rng rng(1);
  context.fit(reference, {}, rng);
  CHECK(context.frame.value(0, 2) == Approx(10).margin(0.7));
  CHECK(context.frame.value(0, 0) == Approx(10).margin(0.7));
  CHECK(context.fitted_variogram().nugget >= 0.7);  // the values are noise
  const std::vector<float> alone = features(context, reference, {1000, false});
  CHECK(alone[0] == 0);
  CHECK(alone[3] == 3);
  for (std::size_t k = 4; k < 7; ++k) CHECK(alone[k] == 0);
}
