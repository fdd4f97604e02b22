#include <latentcell/spatial/kriging.hpp>

#include "spatial/planted_tissue.hpp"
#include "support/catch.hpp"

using namespace latentcell;
using spatial::krige;
using spatial::NeighborQuery;

TEST_CASE(
    "krige: the value of a reference cell at its location, without nugget; between two their mean; none is zero") {
  Matrix<float> at(2, 2), values(2, 1);
  at << 0, 0, 2, 0;
  values << 1, 5;
  const spatial::SpatialReference reference{{at, {0, 0}}, values};
  const auto value = [&](float x, const kernel::Variogram& v) {
    return krige(reference, NeighborQuery(reference, {x, 0, 0, -1}, {}, 1, 10), v, 1, 10)(0);
  };
  CHECK(value(0, {2, 1e-6}) == Approx(1).epsilon(1e-4));
  CHECK(value(1, {2, 0.3}) == Approx(3));
  CHECK(value(0.5f, {2, 0.3}) < 3);
  CHECK(krige(reference, NeighborQuery(reference, {0, 0, 0, -1}, {100, false}, 1, 10), {}, 1, 10).isZero());
  // Only the first neighbours count where fewer are asked for.
  CHECK(krige(reference, NeighborQuery(reference, {0.5f, 0, 0, -1}, {}, 1, 10), {}, 1, 1)(0) == Approx(1));
}

TEST_CASE("krige: cells of other slices are as far as the slice gap puts them") {
  Matrix<float> at = Matrix<float>::Zero(3, 2), values(3, 1);
  at(1, 0) = 1;
  values << 0, 1, 5;
  const spatial::SpatialReference reference{{at, {0, 0, 1}}, values};
  const auto value = [&](double gap) {
    return krige(reference, NeighborQuery(reference, {0, 0, 1, -1}, {}, gap, 3), {5, 0.2}, gap, 3)(0);
  };
  CHECK(value(10) > value(0.5));  // the slice's own cell weighs more where the others are far
}

TEST_CASE("fit_variogram: a planted range and nugget are found; noise alone has a large nugget") {
  const Matrix<float> at = planted::bent_points(400, 2);
  const auto fitted = [&](double wavelength, double noise) {
    Rng rng(5);
    Matrix<float> values = planted::smooth_field(at, wavelength);
    for (Index i = 0; i < values.rows(); ++i) values(i, 0) += float(noise * rng.normal());
    return spatial::fit_variogram({{at, std::vector<int>(400, 0)}, values}, {}, {.trials = 150, .neighbors = 20}, rng);
  };
  CHECK(fitted(12, 0).nugget == Approx(0.1));
  CHECK(fitted(12, 3).nugget >= 0.7);
  CHECK(fitted(12, 0.1).range > fitted(3, 0.1).range);
}

TEST_CASE("fit_variogram: predicts other cells better than a variogram of another range") {
  const Matrix<float> at = planted::bent_points(500, 3), field = planted::smooth_field(at, 6);
  const spatial::SpatialReference reference{{at, std::vector<int>(500, 0)}, field};
  Rng rng(1);
  const kernel::Variogram found = spatial::fit_variogram(reference, {}, {.trials = 200, .neighbors = 20}, rng);
  const auto error = [&](const kernel::Variogram& v) {
    double sum = 0;
    for (Index i = 0; i < 500; ++i) {
      spatial::Location here = reference[i];
      here.row = i;
      const double gap = krige(reference, NeighborQuery(reference, here, {}, 1, 20), v, 1, 20)(0) - double(field(i, 0));
      sum += gap * gap;
    }
    return sum;
  };
  CHECK(error(found) < error({1.5, 0.85}));
  CHECK(error(found) <= error({1.5, 0.1}) * 1.0001);
}

TEST_CASE("fit_variogram: options out of range are refused by name and number") {
  const Matrix<float> at = Matrix<float>::Zero(3, 2), values = Matrix<float>::Zero(3, 1);
  const spatial::SpatialReference reference{{at, {0, 0, 0}}, values};
  Rng rng(1);
  const auto refused = [&](const spatial::VariogramOptions& o, const char* why) {
    CHECK_THROWS_WITH(spatial::fit_variogram(reference, {}, o, rng), ContainsText(why));
  };
  refused({.slice_gap = -1}, "fit_variogram: slice_gap must be at least 0, got -1");
  refused({.trials = 0}, "fit_variogram: trials must be at least 1, got 0");
  refused({.neighbors = 0}, "fit_variogram: neighbors must be at least 1, got 0");
}
