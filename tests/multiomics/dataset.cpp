#include <latentcell/multiomics/dataset.hpp>

#include "multiomics/fixtures.hpp"
#include "support/catch.hpp"

using namespace multiomics_fixtures;

TEST_CASE("make_dataset: modalities by their keys, names of proteins, rows of NaN are cells without") {
  CellTable cells = simulated(20);
  cells.embeddings.at("protein_expression").row(3).setConstant(std::nanf(""));
  const Dataset d = make_dataset(cells, {.extra_key = "accessibility"});
  CHECK(d.protein.features == cells.strings.at("protein_names"));
  CHECK(d.rows(0) == std::vector<Index>{3});
  CHECK(d.rows(1).size() == 19);
  REQUIRE(d.extra);
  CHECK(d.extra->counts.cols() == 70);
  REQUIRE(d.notes.size() == 1);
  CHECK(d.notes[0] == "1 cells have no 'protein_expression': they are predicted");
  CHECK_FALSE(make_dataset(cells, {}).extra);
}

TEST_CASE("make_dataset: what cannot be used is named") {
  CellTable cells = simulated(20);
  CHECK_THROWS_WITH(make_dataset(cells, {.protein_key = "adt"}),
                    ContainsText("no obsm entry 'adt'; there are accessibility, protein_expression"));
  cells.embeddings["one"] = Matrix<float>::Ones(20, 1);
  CHECK_THROWS_WITH(make_dataset(cells, {.protein_key = "one"}), ContainsText("'one' has one column"));
  cells.embeddings["none"] = Matrix<float>::Constant(20, 3, std::nanf(""));
  CHECK_THROWS_WITH(make_dataset(cells, {.protein_key = "none"}), ContainsText("no cell has 'none'"));
  cells.embeddings["below"] = Matrix<float>::Constant(20, 3, -1);
  CHECK_THROWS_WITH(make_dataset(cells, {.protein_key = "below"}), ContainsText("has -1"));
}

TEST_CASE("add_rna_only: genes that are lacking are noted; a column of another kind is left out") {
  CellTable cells = simulated(20), more = simulated(10, 4);
  cells.cell_columns.set("batch", std::vector<double>(20, 1.0));
  more.cell_columns.set("batch", std::vector<std::string>(10, "a"));
  more.cell_columns.set("donor", std::vector<std::string>(10, "d"));
  Dataset d = make_dataset(cells, {});
  add_rna_only(d, more.select_genes(range(0, 90)));
  REQUIRE(d.rna_only);
  CHECK(d.rna_only->cells() == 10);
  CHECK_FALSE(d.rna_only->cell_columns.has("batch"));
  CHECK(d.rna_only->cell_columns.has("donor"));
  REQUIRE(d.notes.size() == 2);
  CHECK_THAT(d.notes[0], ContainsText("lack 10 of the genes and have 0 others: 90 are shared"));
  CHECK_THAT(d.notes[1], ContainsText("'batch'"));
}

TEST_CASE("make_dataset: names of proteins are those of the entry itself before those of uns") {
  CellTable cells = simulated(20);
  const Index n = cells.embeddings.at("protein_expression").cols();
  std::vector<std::string> own;
  for (Index f = 0; f < n; ++f) own.push_back("own_" + std::to_string(f));
  cells.strings["protein_expression_columns"] = own;
  CHECK(make_dataset(cells, {}).protein.features == own);
  cells.strings.erase("protein_expression_columns");
  cells.strings["protein_names"].pop_back();
  const Dataset d = make_dataset(cells, {});
  CHECK(d.protein.features[0] == "protein_expression_1");
  REQUIRE(d.notes.size() == 1);
  CHECK_THAT(d.notes[0], ContainsText("uns 'protein_names' has "));
}

TEST_CASE("make_dataset: values that are no counts are refused, and cells with nothing but zeros noted") {
  CellTable cells = simulated(20);
  cells.embeddings.at("protein_expression").row(2).setZero();
  const Dataset d = make_dataset(cells, {});
  REQUIRE(d.notes.size() == 1);
  CHECK(d.notes[0] ==
        "1 cells have 0 of every column of 'protein_expression': if they were not measured, let their rows be NaN");
  cells.embeddings.at("protein_expression")(0, 0) = 0.5f;
  CHECK_THROWS_WITH(make_dataset(cells, {}), ContainsText("'protein_expression' holds 0.5 in cell 0, column 0"));
}
