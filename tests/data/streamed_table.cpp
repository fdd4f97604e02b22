#include <latentcell/data/streamed_table.hpp>

#include "data/made_counts.hpp"
#include "support/catch.hpp"

using namespace latentcell;
using data_tests::made_counts;
using data_tests::made_table;

TEST_CASE("StreamedTable: selections are those of the table in memory, and loaded gives it") {
  const CellTable all = made_table(made_counts(60, 12));
  StreamedTable table{all.counts, all};
  table.header.counts = no_counts(60, 12);
  const std::vector<Index> rows{40, 3, 4, 59}, genes{0, 5, 11};
  const CellTable expected = all.select_cells(rows).select_genes(genes);
  const StreamedTable part = table.select_cells(rows).select_genes(genes);
  CHECK(part.cells() == 4);
  CHECK(part.genes() == 3);
  CHECK(part.obs("type").codes == expected.obs("type").codes);
  for (const CellTable& loaded : {part.loaded(), table.select_cells(rows).loaded().select_genes(genes)}) {
    loaded.check();
    CHECK(loaded.gene_names == expected.gene_names);
    CHECK(loaded.cell_names == expected.cell_names);
    CHECK(std::equal(loaded.counts.values().begin(), loaded.counts.values().end(), expected.counts.values().begin(),
                     expected.counts.values().end()));
  }
  CHECK(table.loaded().counts.nonzeros() == all.counts.nonzeros());
  CHECK(header_of(part).cells() == 4);
  CHECK(&header_of(all) == &all);
}

TEST_CASE("StreamedTable: minibatches over it are those over the table in memory") {
  const CellTable all = made_table(made_counts(60, 12));
  const StreamedTable table{all.counts, all};
  CellBatches in_memory = batches_over(all, {.batch = 8});
  StreamedBatches streamed = batches_over(table, {.batch = 8});
  CellBatch a, b;
  while (in_memory.next(a)) {
    REQUIRE(streamed.next(b));
    CHECK(std::equal(a.cell.begin(), a.cell.end(), b.cell.begin(), b.cell.end()));
  }
  CHECK_FALSE(streamed.next(b));
}
