#include <latentcell/data/batch_buffer.hpp>

#include "data/made_counts.hpp"
#include "support/catch.hpp"

using namespace latentcell;
using data_tests::made_counts;

TEST_CASE("BatchBuffer: cells keep the order in which they came, with their covariates") {
  const Counts m = made_counts(6, 9);
  BatchBuffer buffer({0, 1, 2, 3, 4, 5}, {5, 4, 3, 2, 1, -1}, 1);
  CHECK_FALSE(buffer.thins());
  for (int round = 0; round < 2; ++round) {
    buffer.clear(9);
    buffer.add(m, 4, 4);
    buffer.add(m.view().middle(2, 1), 0, 2);
    const CellBatch batch = buffer.batch();
    CHECK(batch.size() == 2);
    CHECK(batch.input.rows == 0);
    CHECK(batch.cell[0] == 4);
    CHECK(batch.batch_covariate[1] == 2);
    CHECK(batch.label[0] == 1);
    CHECK(batch.library[1] == float(m.view().row_sum(2)));
    CHECK(batch.counts.row_sum(0) == m.view().row_sum(4));
  }
}

TEST_CASE("BatchBuffer: thinned molecules go to one of two parts") {
  const Counts m = made_counts(6, 9);
  BatchBuffer buffer({}, {}, 0.5f);
  CHECK(buffer.thins());
  buffer.clear(9);
  buffer.add_thinned(m, 3, 3, Rng(1));
  const CellBatch batch = buffer.batch();
  CHECK(batch.input.rows == 1);
  CHECK(batch.counts.row_sum(0) + batch.input.row_sum(0) == m.view().row_sum(3));
  CHECK(batch.label.empty());
}
