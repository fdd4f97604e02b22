#include <latentcell/data/align_genes.hpp>

#include "support/catch.hpp"

using namespace latentcell;

namespace {

// Two cells in genes c, a, x.
CellTable small() {
  CellTable t;
  t.counts = Counts(3, {0, 2, 3}, {0, 1, 2}, {5, 7, 9});
  t.cell_names = {"one", "two"};
  t.gene_names = {"c", "a", "x"};
  t.cell_columns = Annotation(2);
  t.gene_columns = Annotation(3);
  return t;
}

}  // namespace

TEST_CASE("align_genes: counts follow their gene's name; what is missing is zero, other genes go") {
  const std::vector<std::string> wanted{"a", "b", "c"};
  const AlignedGenes out = align_genes(small(), wanted);
  CHECK(out.missing == 1);
  CHECK(out.extra == 1);
  REQUIRE(out.cells.genes() == 3);
  REQUIRE(out.cells.counts.nonzeros() == 2);
  CHECK(out.cells.counts.view().row_columns(0)[0] == 0);
  CHECK(out.cells.counts.view().row_values(0)[0] == 7);
  CHECK(out.cells.counts.view().row_columns(0)[1] == 2);
  CHECK(out.cells.counts.view().row_values(0)[1] == 5);
  CHECK(out.cells.counts.view().row_values(1).empty());
  out.cells.check();
}

TEST_CASE("align_genes: tables without a gene in common are refused with a name of each") {
  const std::vector<std::string> wanted{"y"};
  CHECK_THROWS_WITH(align_genes(small(), wanted),
                    ContainsText("none of 3 genes (c, ...) is among the 1 target ones (y"));
}

TEST_CASE("align_genes: no target genes, a table without genes and genes without names are refused") {
  CHECK_THROWS_WITH(align_genes(small(), {}), ContainsText("there are no target genes for the 3 genes of the table"));
  const std::vector<std::string> target{"a"};
  CellTable nameless = small();
  nameless.gene_names.clear();
  CHECK_THROWS_WITH(align_genes(nameless, target), ContainsText("the table has 0 gene names for 3 genes"));
  CHECK_THROWS_WITH(align_genes(CellTable(), target), ContainsText("the table has 0 gene names for 0 genes"));
}

TEST_CASE("align_genes: genes are found by a column of var and without versions, and what was done is said") {
  CellTable t = small();
  t.gene_columns.set("gene_symbol", std::vector<std::string>{"GAPDH", "LYZ", "CD3D"});
  t.gene_columns.set("ids", Categorical{{"ENSG01.3", "ENSG02", "ENSG03.11"}, {0, 1, 2}});
  const std::vector<std::string> symbols{"LYZ", "GAPDH"}, ids{"ENSG03.2", "ENSG01"}, names{"a", "GAPDH", "c"};
  const AlignedGenes by_symbol = align_genes(t, symbols);
  CHECK(by_symbol.how == "by var 'gene_symbol'");
  CHECK(by_symbol.cells.counts.view().row_values(0)[0] == 7);
  CHECK(by_symbol.cells.counts.view().row_values(0)[1] == 5);
  CHECK(std::get<std::vector<std::string>>(by_symbol.cells.gene_columns.get("gene_symbol")) == symbols);
  const AlignedGenes by_id = align_genes(t, ids);
  CHECK(by_id.how == "by var 'ids', versions of gene ids ignored");
  CHECK(by_id.missing == 0);
  CHECK(by_id.cells.counts.view().row_columns(0)[0] == 1);
  CHECK(by_id.cells.counts.view().row_values(0)[0] == 5);
  CHECK(align_genes(t, names).how.empty());
  CHECK(align_genes(t, names).missing == 1);
}
