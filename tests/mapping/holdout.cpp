#include <latentcell/mapping/holdout.hpp>

#include <latentcell/data/simulate.hpp>

#include "support/catch.hpp"

using namespace latentcell;

TEST_CASE("hold_out_batch: the query is one batch whole, the reference all others") {
  Rng rng(1);
  const CellTable cells = simulate({.cells = 90, .genes = 20, .batches = 3}, rng);
  const Categorical batch = cells.obs("batch");
  const mapping::HeldOutBatch parts = mapping::hold_out_batch(cells, "batch", batch.levels[1]);
  CHECK(parts.query.cells() == batch.count(1));
  CHECK(parts.reference.cells() == 90 - batch.count(1));
  CHECK(parts.reference.obs("batch").count(1) == 0);
  CHECK_THROWS_WITH(mapping::hold_out_batch(cells, "batch", "no such"), ContainsText("no such"));
  const CellTable one = simulate({.cells = 10, .genes = 20, .batches = 1}, rng);
  CellTable alone = one;
  alone.cell_columns.set("batch", Categorical{{"only"}, std::vector<int>(10, 0)});
  CHECK_THROWS_WITH(mapping::hold_out_batch(alone, "batch", "only"), ContainsText("0 another one"));
}
