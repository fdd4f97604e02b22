#include <latentcell/core/rng.hpp>
#include <latentcell/core/threads.hpp>
#include <latentcell/kernel/csc.hpp>

#include "support/catch.hpp"

using namespace latentcell;

TEST_CASE("csc_counts: every non-zero once, gene by gene, cells ascending, whatever the threads and the window") {
  Counts counts(53);
  Rng rng(4);
  for (int b = 0; b < 300; ++b) {
    for (std::int32_t g = 0; g < 53; ++g) {
      if (b != 9 && rng.below(5) == 0) counts.push(g, float(1 + rng.below(90)));
    }
    counts.end_row();
  }
  const int before = threads();
  for (int n : {1, 3}) {
    for (Index first : {Index(0), Index(17)}) {
      set_threads(n);
      const CountsView x = counts.view().middle(first, 300 - first);
      const kernel::CscPlan plan{x.rows, x.cols};
      CHECK(plan.turns() == 3);
      CHECK(plan.stride() == 128);
      std::vector<kernel::Csc<float>> pieces(std::size_t(plan.pieces()));
      std::vector<std::int32_t> words(std::size_t(plan.words(x.nonzeros())));
      std::vector<float> numbers(std::size_t(x.nonzeros()));
      const auto turned = kernel::csc_counts(x, x.first_value(), pieces.data(), words.data(), numbers.data());
      std::vector<std::vector<std::pair<std::int32_t, float>>> rows(std::size_t(x.rows));
      for (Index t = 0; t < plan.turns(); ++t) {
        for (Index p = 0; p < kernel::CscPlan::parts; ++p) {
          const kernel::Csc<float>& piece = turned.piece(t, p);
          CHECK(piece.genes == plan.genes_of(p));
          for (Index g = 0; g < piece.genes; ++g) {
            for (Index k = piece.start[g]; k < piece.start[g + 1]; ++k) {
              const Index cell = piece.place[k] - g * piece.stride;
              REQUIRE(cell >= 0);
              REQUIRE(cell < plan.cells_of(t));
              if (k > piece.start[g]) CHECK(piece.place[k - 1] < piece.place[k]);
              rows[std::size_t(plan.first_cell(t) + cell)].emplace_back(std::int32_t(piece.first_gene + g),
                                                                        piece.value[k]);
            }
          }
        }
      }
      for (Index b = 0; b < x.rows; ++b) {
        const auto columns = x.row_columns(b);
        const auto values = x.row_values(b);
        REQUIRE(rows[std::size_t(b)].size() == columns.size());
        for (std::size_t k = 0; k < columns.size(); ++k)
          CHECK(rows[std::size_t(b)][k] == std::pair(columns[k], values[k]));
      }
    }
  }
  set_threads(before);
}
