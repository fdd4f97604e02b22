#include <latentcell/data/cell_table.hpp>

#include "data/made_counts.hpp"
#include "support/catch.hpp"

using namespace latentcell;
using data_tests::made_counts;
using data_tests::made_table;

TEST_CASE("CellTable: selected cells keep everything they carry, in the order asked for") {
  CellTable table = made_table(made_counts(6, 9));
  table.strings["method"] = {"made"};
  const std::vector<Index> rows{4, 1};
  const CellTable part = table.select_cells(rows);
  part.check();
  CHECK(part.cell_names == std::vector<std::string>{"cell_4", "cell_1"});
  CHECK(part.counts.view().row_sum(0) == table.counts.view().row_sum(4));
  CHECK(part.obs("type").codes == std::vector<int>{1, 0});
  CHECK(part.embeddings.at("places")(0, 1) == 4.0f);
  CHECK(part.gene_names == table.gene_names);
  CHECK(part.strings == table.strings);
}

TEST_CASE("CellTable: selected genes are renumbered and keep their annotations") {
  const CellTable table = made_table(made_counts(6, 9));
  const std::vector<Index> cols{0, 7};
  const CellTable part = table.select_genes(cols);
  part.check();
  CHECK(part.genes() == 2);
  CHECK(part.gene_names[1] == "gene_7");
  CHECK(std::get<std::vector<std::string>>(part.gene_columns.get("symbol"))[1] == "symbol_7");
  CHECK(part.cell_names == table.cell_names);
  for (Index b = 0; b < 6; ++b) {
    double expected = 0, found = 0;
    for (std::size_t k = 0; k < table.counts.view().row_columns(b).size(); ++k) {
      if (table.counts.view().row_columns(b)[k] == 7) expected = double(table.counts.view().row_values(b)[k]);
    }
    for (std::size_t k = 0; k < part.counts.view().row_columns(b).size(); ++k) {
      if (part.counts.view().row_columns(b)[k] == 1) found = double(part.counts.view().row_values(b)[k]);
    }
    CHECK(found == expected);
  }
}

TEST_CASE("CellTable: parts of different length are named") {
  CellTable table = made_table(made_counts(4, 3));
  table.check();
  table.gene_names.pop_back();
  REQUIRE_THROWS_WITH(table.check(), ContainsText("CellTable: 2 gene names but 3 genes"));
  const std::vector<Index> outside{4}, descending{1, 0};
  REQUIRE_THROWS_WITH(table.select_cells(outside), ContainsText("row 4 of a matrix with 4 rows"));
  REQUIRE_THROWS_WITH(table.select_genes(descending), ContainsText("columns must ascend"));
}

TEST_CASE("CellTable: obs of an unknown column lists the columns") {
  REQUIRE_THROWS_WITH(made_table(made_counts(4, 3)).obs("cell_type"),
                      ContainsText("no column 'cell_type'; there are type, number"));
}
