#include <latentcell/multiomics/holdout.hpp>

#include <algorithm>

#include "multiomics/fixtures.hpp"
#include "support/catch.hpp"

using namespace multiomics_fixtures;

TEST_CASE("hold_out_folds: each cell with proteins is held out once and trained on otherwise; others never") {
  CellTable cells = simulated(31);
  for (Index i = 0; i < 10; ++i) cells.embeddings.at("protein_expression").row(3 * i).setConstant(std::nanf(""));
  const Dataset d = make_dataset(cells, {});
  const std::vector<Holdout> folds = hold_out_folds(d, 3, 5);
  REQUIRE(folds.size() == 3);
  std::vector<int> held(31, 0), trained(31, 0);
  for (const Holdout& f : folds) {
    CHECK(f.test.size() == 7);
    for (const Index r : f.test) ++held[to_size(r)];
    for (const Index r : f.train) ++trained[to_size(r)];
  }
  for (Index i = 0; i < 31; ++i) {
    const bool has = d.protein.measured[to_size(i)] != 0;
    CHECK(held[to_size(i)] == (has ? 1 : 0));
    CHECK(trained[to_size(i)] == (has ? 2 : 0));
  }
  CHECK(hold_out_folds(d, 3, 5)[0].test == folds[0].test);
  CHECK(hold_out_folds(d, 3, 6)[0].test != folds[0].test);
}

TEST_CASE("hold_out_folds: too many folds, or one, are refused") {
  const Dataset d = dataset(20);
  CHECK_THROWS_WITH(hold_out_folds(d, 7, 1), ContainsText("20 cells are too few for 7 folds"));
  CHECK_THROWS_WITH(hold_out_folds(d, 1, 1), ContainsText("1 fold alone"));
}
