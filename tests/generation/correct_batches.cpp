#include <latentcell/generation/correct_batches.hpp>

#include "support/generator.hpp"
#include "support/catch.hpp"

using namespace latentcell;
using namespace latentcell::generation;

TEST_CASE("transform_batch: all cells look like those of the one level, and keep names and obs") {
  const auto& [cells, m] = generator::shared();
  Rng rng(2);
  const std::vector<int> batch_covariate = cells.obs("batch").codes;
  const CellTable same = transform_batch(m.vae, cells, 0, rng);
  CHECK(same.cell_names == cells.cell_names);
  CHECK(same.obs("batch").codes == batch_covariate);
  // The cells of the other level come nearer to the first.
  const auto first = generator::profile(cells, batch_covariate, 0);
  const double before = generator::gap(generator::profile(cells, batch_covariate, 1), first),
               after = generator::gap(generator::profile(same, batch_covariate, 1), first);
  INFO(before << " " << after);
  CHECK(after < 0.8 * before);
  // Library sizes stay.
  double counted = 0, drawn = 0;
  for (Index i = 0; i < cells.cells(); ++i) {
    counted += cells.counts.view().row_sum(i);
    drawn += same.counts.view().row_sum(i);
  }
  CHECK(drawn == Approx(counted).epsilon(0.05));
  CHECK_THROWS_WITH(transform_batch(m.vae, cells, 2, rng), ContainsText("level 2 of a batch covariate of 2 levels"));
  CHECK_THROWS_WITH(transform_batch(m.vae, cells, -1, rng), ContainsText("level -1 of a batch covariate of 2 levels"));
}

TEST_CASE("largest_level: the level with most cells, of equally frequent ones the first") {
  CHECK(largest_level({{"a", "b", "c"}, {2, 1, 2, -1, -1, -1}}) == 2);
  CHECK(largest_level({{"a", "b"}, {0, 1}}) == 0);
}
