#include <latentcell/mapping/holdout.hpp>

#include <latentcell/data/simulate.hpp>

#include "support/catch.hpp"

using namespace latentcell;

TEST_CASE("hold_out_query: the query is one level whole, the reference all others") {
  Rng rng(1);
  const CellTable cells = simulate({.cells = 90, .genes = 20, .batch_covariate_levels = 3}, rng);
  const Categorical batch_covariate = cells.obs("batch");
  const mapping::HeldOutQuery parts = mapping::hold_out_query(cells, "batch", batch_covariate.levels[1]);
  CHECK(parts.query.cells() == batch_covariate.count(1));
  CHECK(parts.reference.cells() == 90 - batch_covariate.count(1));
  CHECK(parts.reference.obs("batch").count(1) == 0);
  CHECK_THROWS_WITH(mapping::hold_out_query(cells, "batch", "no such"), ContainsText("no such"));
  const CellTable one = simulate({.cells = 10, .genes = 20, .batch_covariate_levels = 1}, rng);
  CellTable alone = one;
  alone.cell_columns.set("batch", Categorical{{"only"}, std::vector<int>(10, 0)});
  CHECK_THROWS_WITH(mapping::hold_out_query(alone, "batch", "only"), ContainsText("0 another one"));
}
