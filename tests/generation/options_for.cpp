#include <latentcell/generation/options_for.hpp>

#include <latentcell/data/simulate.hpp>

#include "support/catch.hpp"

using namespace latentcell;

TEST_CASE("options_for: genes and levels are the table's; levels without cells are left out") {
  Rng rng(1);
  CellTable cells = simulate({.cells = 40, .genes = 30, .types = 3, .batch_covariate_levels = 2}, rng);
  Categorical type = cells.obs("cell_type");
  type.levels.insert(type.levels.begin() + 1, "no cell has it");
  for (int& code : type.codes) code += code > 0;
  cells.cell_columns.set("type", type);
  generation::Options o;
  o.label = "type";
  CHECK(generation::options_for(cells, o).batch_covariate_levels.empty());
  o.batch_covariate = "batch";
  o = generation::options_for(cells, o);
  CHECK(o.levels == cells.obs("cell_type").levels);
  CHECK(o.batch_covariate_levels == cells.obs("batch").levels);
  CHECK(o.vae.genes == 30);
  CHECK(o.vae.batch_covariate_levels == 2);
  CHECK(o.vae.prior.labels == 3);
  CHECK(o.vae.dropout == 0.3f);  // what was given otherwise stays
}

TEST_CASE("options_for: a column that is not there and one without labels are refused") {
  Rng rng(1);
  CellTable cells = simulate({.cells = 10, .genes = 30}, rng);
  generation::Options o;
  o.label = "louvain";
  REQUIRE_THROWS_WITH(generation::options_for(cells, o), ContainsText("louvain"));
  cells.cell_columns.set("louvain", Categorical{{"a"}, std::vector<int>(10, -1)});
  REQUIRE_THROWS_WITH(generation::options_for(cells, o), ContainsText("no cell has a label in column 'louvain'"));
}
