#include <latentcell/evaluate/select_counts.hpp>

#include "support/catch.hpp"

using namespace latentcell;

TEST_CASE("select_counts: cells in the given order, genes by name, genes that are not there as zeros") {
  CellTable cells;
  cells.gene_names = {"a", "b", "c"};
  cells.counts = Counts(3);
  for (const float value : {1.0f, 2.0f, 3.0f}) {
    cells.counts.push(0, value);
    cells.counts.push(2, 10 * value);
    cells.counts.end_row();
  }
  cells.cell_columns = Annotation(3);
  const std::vector<Index> rows = {2, 0, 2};
  const std::vector<std::string> genes = {"c", "x", "a"};
  const Counts counts = evaluate::select_counts(cells, rows, genes);
  REQUIRE(counts.rows() == 3);
  REQUIRE(counts.cols() == 3);
  Matrix<float> dense = Matrix<float>::Zero(3, 3);
  for (Index i = 0; i < 3; ++i) {
    for (std::size_t k = 0; k < counts.view().row_columns(i).size(); ++k)
      dense(i, counts.view().row_columns(i)[k]) = counts.view().row_values(i)[k];
  }
  Matrix<float> expected(3, 3);
  expected << 30, 0, 3, 10, 0, 1, 30, 0, 3;
  CHECK(dense == expected);
}
