#include <latentcell/core/threads.hpp>
#include <latentcell/data/filter.hpp>

#include "data/made_counts.hpp"
#include "support/catch.hpp"
#include "support/reference.hpp"

using namespace latentcell;
using data_tests::made_counts;
using data_tests::made_table;

namespace {

// Rows (1 0 2), (0 0 0), (0 5 0), (1 1 1).
Counts small() { return Counts(3, {0, 2, 2, 3, 6}, {0, 2, 1, 0, 1, 2}, {1, 2, 5, 1, 1, 1}); }

}  // namespace

TEST_CASE("cell_totals: sums and detected genes of each row") {
  const Counts m = small();
  const Totals totals = cell_totals(m);
  CHECK(totals.counts == std::vector<double>{3, 0, 5, 3});
  CHECK(totals.detected == std::vector<Index>{2, 0, 1, 3});
}

TEST_CASE("gene_totals: sums and expressing cells of each column") {
  const Totals totals = gene_totals(small().view());
  CHECK(totals.counts == std::vector<double>{2, 6, 3});
  CHECK(totals.detected == std::vector<Index>{2, 2, 2});
}

TEST_CASE("totals: a stored zero is not a detected gene") {
  const Counts m(2, {0, 2}, {0, 1}, {0, 4});
  CHECK(cell_totals(m).detected == std::vector<Index>{1});
  CHECK(gene_totals(m).detected == std::vector<Index>{0, 1});
}

TEST_CASE("totals: numbers of scanpy") {
  const Counts m = made_counts(240, 1500);
  const Totals cells = cell_totals(m), genes = gene_totals(m);
  const std::vector<double> counts = Reference("data").vector("cell_counts");
  for (std::size_t i = 0; i < counts.size(); ++i) CHECK(cells.counts[20 * i] == counts[i]);
  const std::vector<double> detected = Reference("data").vector("gene_cells");
  for (std::size_t i = 0; i < detected.size(); ++i) CHECK(double(genes.detected[100 * i]) == detected[i]);
}

TEST_CASE("cell_totals: the number of threads does not matter") {
  const Counts m = made_counts(600, 20);
  const int before = threads();
  set_threads(1);
  const Totals one = cell_totals(m);
  set_threads(4);
  const Totals four = cell_totals(m);
  set_threads(before);
  CHECK(one.counts == four.counts);
  CHECK(one.detected == four.detected);
}

TEST_CASE("filter_cells: bounds are inclusive") {
  const Counts m = small();
  CHECK(filter_cells(m.view(), {}) == std::vector<Index>{0, 1, 2, 3});
  CHECK(filter_cells(m.view(), {.min_counts = 3}) == std::vector<Index>{0, 2, 3});
  CHECK(filter_cells(m.view(), {.min_counts = 3.5}) == std::vector<Index>{2});
  CHECK(filter_cells(m.view(), {.min_genes = 2}) == std::vector<Index>{0, 3});
  CHECK(filter_cells(m.view(), {.max_counts = 3}) == std::vector<Index>{0, 1, 3});
  CHECK(filter_cells(m.view(), {.max_genes = 2}) == std::vector<Index>{0, 1, 2});
}

TEST_CASE("filter_genes: bounds are inclusive") {
  const Counts m(3, {0, 2, 3, 4}, {0, 1, 0, 0}, {1, 9, 1, 1});
  CHECK(filter_genes(m.view(), {.min_cells = 1}) == std::vector<Index>{0, 1});
  CHECK(filter_genes(m.view(), {.min_cells = 3}) == std::vector<Index>{0});
  CHECK(filter_genes(m.view(), {.min_counts = 9}) == std::vector<Index>{1});
}

TEST_CASE("filter_cells: a table keeps what its cells carry") {
  const CellTable table = filter_cells(made_table(small()), {.min_genes = 2});
  table.check();
  CHECK(table.cell_names == std::vector<std::string>{"cell_0", "cell_3"});
  CHECK(std::get<std::vector<double>>(table.cell_columns.get("number")) == std::vector<double>{0, 3});
  CHECK(table.obs("type").codes == std::vector<int>{1, 0});
  CHECK(table.embeddings.at("places")(1, 0) == 3.0f);
  CHECK(table.counts.view().row_sum(1) == 3);
}

TEST_CASE("filter_genes: a table keeps what its genes carry") {
  const CellTable table = filter_genes(made_table(small()), {.min_counts = 3});
  table.check();
  CHECK(table.gene_names == std::vector<std::string>{"gene_1", "gene_2"});
  CHECK(table.cells() == 4);
  CHECK(table.counts.view().row_sum(0) == 2);
}

TEST_CASE("filter: an empty result says what was asked for") {
  const CellTable table = made_table(small());
  REQUIRE_THROWS_WITH(filter_cells(table, {.min_counts = 100}),
                      ContainsText("none of 4 cells has counts in [100, inf]"));
  REQUIRE_THROWS_WITH(filter_genes(table, {.min_cells = 7}), ContainsText("none of 3 genes has 0 counts or more in 7"));
}
