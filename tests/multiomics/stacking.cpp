#include <latentcell/multiomics/stacking.hpp>

#include <numeric>

#include <latentcell/core/rng.hpp>

#include "support/catch.hpp"

using namespace latentcell;
using namespace latentcell::multiomics;

TEST_CASE("Stacking: it begins as the ensemble alone, with a regression for each set of sources") {
  const Stacking s(5, 3, 2);
  CHECK(s.ridge.size() == 3);
  CHECK(s.mean_weight(StackPart::ensemble) == 1);
  CHECK(s.mean_weight(StackPart::joint) == 0);
  CHECK(s.mean_weight(StackPart::ridge) == 0);
  CHECK(s.to_text() == "100 % ensemble, 0 % joint VAE, 0 % ridge");
  CHECK_THROWS_WITH(Stacking(5, 3, 9), ContainsText("9 sources are more than 8"));
}

TEST_CASE("fit_ridge: each set of sources has its own line, learned from the cells that have them") {
  // Column 0 is of source 0, column 1 of source 1; the target is 2 + 3 a - b.
  Rng rng(2);
  Matrix<float> source(400, 2), target(400, 1);
  std::vector<Index> measured(400, 3), rows(400);
  std::iota(rows.begin(), rows.end(), Index(0));
  for (Index i = 0; i < 400; ++i) {
    source(i, 0) = float(rng.normal());
    source(i, 1) = float(rng.normal());
    target(i, 0) = 2 + 3 * source(i, 0) - source(i, 1);
    if (i < 100) measured[to_size(i)] = 1, source(i, 1) = 0;
  }
  auto maps = Stacking(2, 1, 2).ridge;
  fit_ridge(maps, source, target, measured, {0, 1}, rows);
  CHECK(maps[2].slope.value(0, 0) == Approx(3).margin(0.05));
  CHECK(maps[2].slope.value(1, 0) == Approx(-1).margin(0.05));
  CHECK(maps[2].intercept.value(0, 0) == Approx(2).margin(0.05));
  CHECK(maps[0].slope.value(0, 0) == Approx(3).margin(0.2));
  CHECK(maps[0].slope.value(1, 0) == 0);
  Matrix<float> query(3, 2);
  query << 1, 1, 1, 100, 1, 1;
  const Matrix<float> out = ridge_latents(maps, query, {3, 1, 0});
  CHECK(out(0, 0) == Approx(4).margin(0.1));
  CHECK(out(1, 0) == Approx(5).margin(0.4));  // whatever stands where nothing was measured
  CHECK(out(2, 0) == 0);
  fit_ridge(maps, source, target, measured, {0, 1}, std::vector<Index>{0, 1});
  CHECK(maps[2].slope.value.isZero());  // two cells teach nothing
  // No cell has all sources: of their subsets the one with most cells predicts, whatever the order of the sources.
  for (const Index most : {1, 2}) {
    for (Index i = 0; i < 400; ++i) measured[to_size(i)] = i < 300 ? most : 3 - most;
    fit_ridge(maps, source, target, measured, {0, 1}, rows);
    CHECK(maps[2].slope.value == maps[to_size(most - 1)].slope.value);
    CHECK(maps[2].intercept.value == maps[to_size(most - 1)].intercept.value);
    CHECK_FALSE(maps[2].slope.value.isZero());
  }
  CHECK_THROWS_WITH(ridge_latents({}, query, {3, 1, 0}), ContainsText("there is no regression"));
}
