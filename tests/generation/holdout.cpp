#include <latentcell/generation/holdout.hpp>

#include <set>

#include <latentcell/data/simulate.hpp>

#include "support/catch.hpp"

using namespace latentcell;

TEST_CASE("generation::hold_out: every cell is in one part, and each label gives its share") {
  Rng rng(1);
  const CellTable cells = simulate({.cells = 300, .genes = 20, .types = 3}, rng);
  const generation::HeldOutCells parts = generation::hold_out(cells, "cell_type", 0.3, rng);
  CHECK(parts.test.cells() == 90);
  std::set<std::string> names(parts.train.cell_names.begin(), parts.train.cell_names.end());
  names.insert(parts.test.cell_names.begin(), parts.test.cell_names.end());
  CHECK(names.size() == 300);
  const Categorical all = cells.obs("cell_type"), held = parts.test.obs("cell_type");
  for (int l = 0; l < 3; ++l) CHECK(double(held.count(l)) == Approx(0.3 * double(all.count(l))).margin(1.01));
  CHECK(parts.single.empty());
}

TEST_CASE("generation::hold_out: a label of one cell is trained on and named") {
  Rng rng(1);
  CellTable cells = simulate({.cells = 20, .genes = 20}, rng);
  std::vector<int> codes(20, 0);
  codes[7] = 1;
  cells.cell_columns.set("cell_type", Categorical{{"many", "one"}, codes});
  const generation::HeldOutCells parts = generation::hold_out(cells, "cell_type", 0.5, rng);
  CHECK(parts.single == std::vector<std::string>{"one"});
  CHECK(parts.train.obs("cell_type").count(1) == 1);
  REQUIRE_THROWS_WITH(generation::hold_out(cells, "cell_type", 1.0, rng), ContainsText("share"));
}
