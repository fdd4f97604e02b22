#include <latentcell/data/cell_sums.hpp>
#include <latentcell/data/filter.hpp>

#include "data/made_counts.hpp"
#include "support/catch.hpp"

using namespace latentcell;
using data_tests::made_counts;

TEST_CASE("CellSums: are the totals of cells and genes, and the mix of labels") {
  const Counts m = made_counts(300, 40);
  CellSumsOptions o{.labels = 3, .batch_covariate_levels = 2};
  for (int i = 0; i < 300; ++i) {
    o.label.push_back(i % 4 - 1);
    o.batch_covariate.push_back(i % 2);
  }
  const CellSums s = cell_sums(m, o);
  const Totals cells = cell_totals(m), genes = gene_totals(m);
  CHECK(s.genes.sum == genes.counts);
  CHECK(s.genes.detected == genes.detected);
  for (std::size_t i = 0; i < 300; ++i) {
    REQUIRE(double(s.library[i]) == cells.counts[i]);
    REQUIRE(s.detected[i] == cells.detected[i]);
  }
  CHECK(s.cells_of(-1, 0) == 75);
  CHECK(s.cells_of(-1, 1) == 0);
  CHECK(s.cells_of(0, 1) == 75);
  CHECK(s.cells_of(1, -1) == 0);
}

TEST_CASE("CellSums: parts merge to the whole to the bit") {
  const Counts m = made_counts(301, 40);
  const CellSumsOptions o{.label = std::vector<int>(301, 1), .labels = 2};
  const CellSums whole = cell_sums(m, o);
  CellSums a(301, 40, o), b(301, 40, o);
  for (Index first = 0; first < 301; first += 50)
    (first % 100 == 0 ? a : b).add(m.view().middle(first, std::min<Index>(50, 301 - first)), first, o);
  b += a;
  CHECK(b.genes.cross == whole.genes.cross);
  CHECK(b.genes.library_square == whole.genes.library_square);
  CHECK(b.library == whole.library);
  CHECK(b.detected == whole.detected);
  CHECK(b.mix == whole.mix);
  CHECK(whole.cells_of(1) == 301);
}

TEST_CASE("CellSums: bad input is named") {
  const Counts m = made_counts(5, 4);
  REQUIRE_THROWS_WITH(cell_sums(m, {.label = {1}}), ContainsText("1 codes for 5 cells"));
  REQUIRE_THROWS_WITH(cell_sums(m, {.label = {0, 0, 2, 0, 0}, .labels = 2}), ContainsText("codes 2 and -1"));
  CellSums s(5, 4, {});
  REQUIRE_THROWS_WITH(s += CellSums(6, 4, {}), ContainsText("5 cells and of another of 6"));
}
