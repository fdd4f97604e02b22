#include <latentcell/data/simulate_tissue_slice.hpp>

#include "support/catch.hpp"

using namespace latentcell;

TEST_CASE("simulate_tissue_slice: spots with places and layers, from one seed the same") {
  Rng rng(2), again(2);
  const CellTable cells = simulate_tissue_slice({.spots = 90, .genes = 12}, rng),
                  twin = simulate_tissue_slice({.spots = 90, .genes = 12}, again);
  cells.check();
  CHECK(cells.embeddings.at("spatial") == twin.embeddings.at("spatial"));
  CHECK(cells.counts.nonzeros() == twin.counts.nonzeros());
  const Matrix<float>& at = cells.embeddings.at("spatial");
  CHECK(at.minCoeff() >= 0);
  CHECK(double(at.maxCoeff()) <= std::sqrt(90.0));
  CHECK(cells.obs("region").levels.size() >= 4);
  CHECK_THROWS_WITH(simulate_tissue_slice({.spots = 0}, rng), ContainsText("spots must be at least 1, got 0"));
}
