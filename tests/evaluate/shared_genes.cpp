#include <latentcell/evaluate/shared_genes.hpp>

#include "support/catch.hpp"

using namespace latentcell;
using evaluate::NamedCells;

namespace {

using Names = std::vector<std::string>;

// Every cell has one count of each gene but those of `silent`.
CellTable table(const Names& genes, Index cells, const Names& silent = {}) {
  CellTable out;
  out.gene_names = genes;
  out.counts = Counts(Index(genes.size()));
  for (Index i = 0; i < cells; ++i) {
    for (std::size_t g = 0; g < genes.size(); ++g) {
      if (std::find(silent.begin(), silent.end(), genes[g]) == silent.end()) out.counts.push(std::int32_t(g), 1);
    }
    out.counts.end_row();
  }
  out.cell_columns = Annotation(cells);
  return out;
}

}  // namespace

TEST_CASE("shared_genes: those of all tables, in the order of the first, and a note on what is left out") {
  const CellTable train = table({"a", "b", "c", "d", "e"}, 4), held_out = table({"e", "d", "c", "b"}, 4),
                  generated = table({"b", "c", "e", "x"}, 4);
  Names notes;
  const std::vector<NamedCells> tables = {{"training", &train}, {"held-out", &held_out}, {"generated", &generated}};
  CHECK(evaluate::shared_genes(tables, 1, notes) == Names{"b", "c", "e"});
  REQUIRE(notes.size() == 3);
  CHECK(notes[0] == "1 of 5 genes are missing from the held-out cells: not evaluated");
  CHECK(notes[1] == "2 of 5 genes are missing from the generated cells: not evaluated");
  CHECK(notes[2] == "1 of 4 genes of the generated cells are not among those of the training cells: not evaluated");
}

TEST_CASE("shared_genes: a gene needs counts in the first two tables together, generated cells do not count") {
  const CellTable train = table({"a", "b", "c", "d"}, 3, {"a"}), held_out = table({"a", "b", "c", "d"}, 2),
                  generated = table({"a", "b", "c", "d"}, 9);
  const std::vector<NamedCells> tables = {{"training", &train}, {"held-out", &held_out}, {"generated", &generated}};
  Names notes;
  CHECK(evaluate::shared_genes(tables, 2, notes) == Names{"a", "b", "c", "d"});
  CHECK(notes.empty());
  CHECK(evaluate::shared_genes(tables, 3, notes) == Names{"b", "c", "d"});
  CHECK(notes == Names{"1 genes have counts in fewer than 3 cells: not evaluated"});
  CHECK(evaluate::shared_genes(tables, 5, notes) == Names{"b", "c", "d"});
  CHECK_THROWS_WITH(evaluate::shared_genes(tables, 6, notes), ContainsText("at least 3 genes"));
}

TEST_CASE("shared_genes: tables without a gene in common throw") {
  const CellTable train = table({"a", "b", "c"}, 3), other = table({"x", "y"}, 3);
  Names notes;
  const std::vector<NamedCells> tables = {{"training", &train}, {"held-out", &other}};
  CHECK_THROWS_WITH(evaluate::shared_genes(tables, 1, notes),
                    ContainsText("none of the 2 genes of the held-out cells (x, ...) is among the 3 of the training"));
}
