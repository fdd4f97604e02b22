#include <latentcell/data/match_genes.hpp>

#include "support/catch.hpp"

using namespace latentcell;

namespace {

CellTable small() {
  CellTable t;
  t.counts = Counts(3, {0, 3}, {0, 1, 2}, {5, 6, 7});
  t.cell_names = {"cell"};
  t.gene_names = {"a", "b", "c"};
  t.cell_columns = Annotation(1);
  t.gene_columns = Annotation(3);
  return t;
}

}  // namespace

TEST_CASE("match_genes: of genes that share a symbol the first is taken; dots of other names are no versions") {
  CellTable t = small();
  t.gene_columns.set("symbol", std::vector<std::string>{"LYZ", "LYZ", "RP11-34P13.7"});
  const std::vector<std::string> wanted{"LYZ", "RP11-34P13.8"};
  const GeneMatch match = match_genes(t, wanted);
  CHECK(match.place == std::vector<std::int32_t>{0, -1, -1});
  CHECK(match.matched == 1);
}

TEST_CASE("match_genes: names win over a column that finds no more, the column that finds most over the others") {
  CellTable t = small();
  t.gene_columns.set("few", std::vector<std::string>{"x", "-", "-"});
  t.gene_columns.set("most", std::vector<std::string>{"x", "y", "-"});
  CHECK(match_genes(t, std::vector<std::string>{"x", "y"}).key == "most");
  CHECK(match_genes(t, std::vector<std::string>{"x", "a"}).key.empty());
  CHECK(match_genes(t, std::vector<std::string>{"q"}).matched == 0);
}
