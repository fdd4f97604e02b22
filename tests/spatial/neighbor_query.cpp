#include <latentcell/spatial/neighbor_query.hpp>

#include "support/catch.hpp"

using namespace latentcell;
using spatial::Location;
using spatial::NeighborQuery;
using Rows = std::vector<Index>;

namespace {

// Cells at x = 0, 1, 2, 3 of slice 0 and at x = 0 of slices 1 and 3.
spatial::Locations made() {
  Matrix<float> at = Matrix<float>::Zero(6, 2);
  at.col(0) << 0, 1, 2, 3, 0, 0;
  return {at, {0, 0, 0, 0, 1, 3}};
}

}  // namespace

TEST_CASE("NeighborQuery: nearest first, equally near in the reference's order, slices at their distance") {
  const spatial::Locations reference = made();
  const NeighborQuery all(reference, {0, 0, 0, -1}, {}, 1.5, 100);
  CHECK(all.row == Rows{0, 1, 4, 2, 3, 5});
  CHECK(all.distance[2] == Approx(1.5));
  CHECK(all.distance[5] == Approx(4.5));
  CHECK(NeighborQuery(reference, {0, 0, 0, -1}, {}, 1, 3).row == Rows{0, 1, 4});  // 1 and 4 are equally near
  CHECK(NeighborQuery(reference, {1, 2, 0, -1}, {}, 9, 1).distance[0] == Approx(2));
  CHECK(NeighborQuery(reference, {0, 0, 3, -1}, {}, 0.1, 1).row == Rows{5});
}

TEST_CASE("NeighborQuery: masked cells, masked slices and the location itself are no neighbours") {
  const spatial::Locations reference = made();
  CHECK(NeighborQuery(reference, {1, 0, 0, 1}, {}, 9, 2).row == Rows{0, 2});
  CHECK(NeighborQuery(reference, {0, 0, 0, 0}, {2.0, false}, 5, 10).row == Rows{2, 3, 4, 5});
  CHECK(NeighborQuery(reference, {0, 0, 0, 0}, {2.0, false}, 1, 10).row == Rows{2, 3, 5});
  CHECK(NeighborQuery(reference, {0, 0, 0, 0}, {0, true}, 1, 10).row == Rows{4, 5});
  CHECK(NeighborQuery(reference, {0, 0, 1, -1}, {0, true}, 1, 1).row == Rows{0});
}
