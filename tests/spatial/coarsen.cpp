#include <latentcell/spatial/coarsen.hpp>

#include "spatial/planted_tissue.hpp"
#include "support/catch.hpp"

using namespace latentcell;

TEST_CASE("mean_neighbor_distance: within slices, over all locations") {
  Matrix<float> at = Matrix<float>::Zero(5, 2);
  at.col(0) << 0, 1, 3, 0, 4;
  CHECK(spatial::mean_neighbor_distance({at, {0, 0, 0, 0, 0}}, 1) == Approx((0 + 1 + 1 + 0 + 1) / 5.0));
  CHECK(spatial::mean_neighbor_distance({at, {0, 0, 0, 1, 1}}, 2) == Approx((1 + 1 + 2 + 4 + 4) / 5.0));
  CHECK(spatial::mean_neighbor_distance({at, {0, 0, 0, 1, 2}}, 3) == Approx((1 + 1 + 2) / 3.0));
  CHECK_THROWS_WITH(spatial::mean_neighbor_distance({Matrix<float>::Zero(3, 2), {0, 0, 0}}, 1),
                    ContainsText("all 3 locations coincide"));
}

TEST_CASE(
    "coarsen: a spot has the mean counts and the mean location of its cells, all within one square of one slice") {
  spatial::Tissue t = planted::tissue({.spots = 300, .genes = 5}, 1);
  for (std::size_t i = 0; i < 150; ++i) t.locations.slice[i] = 1;
  t.slices = 2;
  const spatial::CoarseTissue coarse = spatial::coarsen(t, 4);
  REQUIRE(coarse.spot.size() == 300);
  const Index spots = coarse.spots.cells.cells();
  CHECK(spots == coarse.spots.locations.size());
  CHECK(coarse.spots.slices == 2);
  CHECK(coarse.spots.cells.embeddings.empty());
  Matrix<double> mean = Matrix<double>::Zero(spots, 2), counts = Matrix<double>::Zero(spots, 1);
  std::vector<double> cells(to_size(spots), 0.0);
  for (Index i = 0; i < 300; ++i) {
    const Index s = coarse.spot[to_size(i)];
    CHECK(coarse.spots.locations.slice[to_size(s)] == t.locations.slice[to_size(i)]);
    mean.row(s) += t.locations.coordinates.row(i).cast<double>();
    counts(s, 0) += t.cells.counts.view().row_sum(i);
    cells[to_size(s)] += 1;
  }
  for (Index s = 0; s < spots; ++s) {
    CHECK(double(coarse.spots.locations.coordinates(s, 0)) == Approx(mean(s, 0) / cells[to_size(s)]));
    CHECK(coarse.spots.cells.counts.view().row_sum(s) == Approx(counts(s, 0) / cells[to_size(s)]));
  }
  for (Index i = 0; i < 300; ++i) {
    for (Index j = 0; j < i; ++j) {
      if (coarse.spot[to_size(i)] != coarse.spot[to_size(j)]) continue;
      CHECK((t.locations.coordinates.row(i) - t.locations.coordinates.row(j)).cwiseAbs().maxCoeff() <= 4.001f);
    }
  }
  CHECK_THROWS_WITH(spatial::coarsen(t, 0), ContainsText("side must be above 0"));
}
