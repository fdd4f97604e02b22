#include <latentcell/spatial/concentration.hpp>

#include "spatial/planted_spots.hpp"
#include "support/catch.hpp"

using namespace latentcell;
using spatial::Concentration;
using spatial::SpotPair;

TEST_CASE("Concentration: cells add up; differences between spots bound it") {
  CHECK(Concentration{2, 0}.of_spots(5) == Approx(10));
  CHECK(Concentration{2, 0.1}.of_spots(5) == Approx(5));
  CHECK(Concentration{2, 0.1}.of_spots(1e9) == Approx(10));
}

TEST_CASE("pair_spots: neighbours of one slice, each once, with counts") {
  Matrix<float> at = Matrix<float>::Zero(5, 2), counts = Matrix<float>::Constant(5, 2, 3);
  at.col(0) << 0, 1, 2, 10, 11;
  counts.row(1) << 0, 0;
  counts.row(2) << 1, 1;
  const spatial::Locations spots{at, {0, 0, 0, 0, 1}};
  const std::vector<SpotPair> pairs = spatial::pair_spots(spots, counts, {4, 4, 2, 4, 4});
  REQUIRE(pairs.size() == 1);  // spot 1 has no counts, spot 4 lies in another slice, and 3 has no partner left
  CHECK(pairs[0].first == 0);
  CHECK(pairs[0].second == 2);
  CHECK(pairs[0].cells == 6);
  CHECK(pairs[0].share == Approx(0.75));
}

TEST_CASE("fit_concentration: finds the shape of the cells' counts; spots differ besides only where they do") {
  Rng rng(2);
  const planted::Spots made = planted::spots(600, 6, {0.3, 2, 10}, 0, rng);
  const std::vector<double> cells(made.of.cells.begin(), made.of.cells.end());
  const std::vector<SpotPair> pairs = spatial::pair_spots(made.locations, made.of.counts, cells);
  CHECK(pairs.size() > 280);
  const auto fitted = [](const planted::Spots& of, const std::vector<SpotPair>& among, Index g) {
    return spatial::fit_concentration(
        among,
        [&](const SpotPair& p) {
          return std::pair(double(of.of.counts(p.first, g)), double(of.of.counts(p.second, g)));
        },
        [&](const SpotPair& p) { return double(of.of.cells[to_size(p.first)]) / p.cells; });
  };
  CHECK(fitted(made, pairs, 0).cell == Approx(0.3).epsilon(0.35));
  CHECK(fitted(made, pairs, 1).cell == Approx(2).epsilon(0.35));
  CHECK(fitted(made, pairs, 2).cell == Approx(10).epsilon(0.5));
  for (Index g = 0; g < 3; ++g) CHECK(fitted(made, pairs, g).between_spots < 0.05);
  const planted::Spots other = planted::spots(600, 6, {2, 2}, 0.8, rng);
  const std::vector<double> size(other.of.cells.begin(), other.of.cells.end());
  CHECK(fitted(other, spatial::pair_spots(other.locations, other.of.counts, size), 0).between_spots > 0.1);
}
