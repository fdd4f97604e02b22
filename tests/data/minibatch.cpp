#include <set>

#include <latentcell/data/minibatch.hpp>

#include "data/made_counts.hpp"
#include "support/allocations.hpp"
#include "support/catch.hpp"

using namespace latentcell;
using data_tests::made_counts;
using data_tests::made_table;

namespace {

std::vector<std::vector<Index>> pass(CellBatches& source) {
  std::vector<std::vector<Index>> out;
  for (CellBatch batch; source.next(batch);) out.emplace_back(batch.cell.begin(), batch.cell.end());
  return out;
}

std::vector<Index> flat(const std::vector<std::vector<Index>>& batches) {
  std::vector<Index> out;
  for (const auto& b : batches) out.insert(out.end(), b.begin(), b.end());
  return out;
}

}  // namespace

TEST_CASE("CellBatches: an epoch holds every cell once, in another order each time") {
  const Counts m = made_counts(103, 12);
  CellBatches source(m, {.batch = 10});
  Rng rng(1);
  source.begin_epoch(rng);
  const std::vector<Index> first = flat(pass(source));
  source.begin_epoch(rng);
  const std::vector<Index> second = flat(pass(source));
  CHECK(first != second);
  for (std::vector<Index> order : {first, second}) {
    std::sort(order.begin(), order.end());
    for (Index i = 0; i < 103; ++i) REQUIRE(order[to_size(i)] == i);
  }
}

TEST_CASE("CellBatches: rows, library sizes and codes are those of the table") {
  const Counts m = made_counts(50, 40);
  std::vector<int> codes;
  for (int i = 0; i < 50; ++i) codes.push_back(i % 4 - 1);
  CellBatches source(m, {.batch = 8, .batch_covariate = codes});
  CHECK(source.genes() == 40);
  CHECK(source.size() == 50);
  Rng rng(2);
  source.begin_epoch(rng);
  for (CellBatch batch; source.next(batch);) {
    REQUIRE(batch.library.size() == to_size(batch.size()));
    REQUIRE(batch.batch_covariate.size() == to_size(batch.size()));
    for (Index b = 0; b < batch.size(); ++b) {
      const Index row = batch.cell[to_size(b)];
      const auto columns = batch.counts.row_columns(b), from = m.view().row_columns(row);
      const auto values = batch.counts.row_values(b), from_values = m.view().row_values(row);
      REQUIRE(std::equal(columns.begin(), columns.end(), from.begin(), from.end()));
      REQUIRE(std::equal(values.begin(), values.end(), from_values.begin(), from_values.end()));
      REQUIRE(batch.library[to_size(b)] == float(m.view().row_sum(row)));
      REQUIRE(batch.batch_covariate[to_size(b)] == codes[to_size(row)]);
    }
  }
}

TEST_CASE("CellBatches: the last batch holds what is left, a single cell joins the batch before") {
  const auto sizes = [](Index cells, Index batch) {
    const Counts m = made_counts(int(cells), 3);
    CellBatches source(m, {.batch = batch});
    std::vector<Index> out;
    for (const auto& b : pass(source)) out.push_back(Index(b.size()));
    CHECK(source.batches() == Index(out.size()));
    return out;
  };
  CHECK(sizes(10, 4) == std::vector<Index>{4, 4, 2});
  CHECK(sizes(9, 4) == std::vector<Index>{4, 5});
  CHECK(sizes(8, 4) == std::vector<Index>{4, 4});
  CHECK(sizes(3, 4) == std::vector<Index>{3});
  CHECK(sizes(5, 4) == std::vector<Index>{5});
  CHECK(sizes(1, 4) == std::vector<Index>{1});
  CHECK(sizes(3, 2) == std::vector<Index>{3});
}

TEST_CASE("CellBatches: the order of an epoch is a function of the generator alone") {
  const Counts m = made_counts(40, 5);
  CellBatches a(m, {.batch = 7}), b(m, {.batch = 7});
  Rng used(3), same(3);
  b.begin_ordered();
  pass(b);
  a.begin_epoch(used);
  b.begin_epoch(same);
  CHECK(pass(a) == pass(b));
  CHECK(used.state() == same.state());
}

TEST_CASE("CellBatches: an epoch cut short goes on where it stopped") {
  const Counts m = made_counts(40, 5);
  CellBatches source(m, {.batch = 7});
  Rng rng(4);
  const Rng::State start = rng.state();
  source.begin_epoch(rng);
  const auto whole = pass(source);
  Rng again = Rng::restore(start);
  source.begin_epoch(again);
  CellBatch batch;
  source.next(batch);
  source.next(batch);
  const Index position = source.position();
  CHECK(position == 14);
  CellBatches other(m, {.batch = 7});
  Rng third = Rng::restore(start);
  other.begin_epoch(third);
  other.skip_to(position);
  CHECK(flat(pass(other)) == flat({whole.begin() + 2, whole.end()}));
}

TEST_CASE("CellBatches: minibatches that are skipped leave the others as they are") {
  for (const int cells : {30, 29, 28, 1}) {  // the last with 2, with 1 that joins, with none left over
    const Counts m = made_counts(cells, 4);
    CellBatches source(m, {.batch = 7});
    Rng rng(4);
    const Rng::State start = rng.state();
    source.begin_epoch(rng);
    const auto whole = pass(source);
    CHECK(Index(whole.size()) == source.batches());
    for (Index n = 0; n <= source.batches(); ++n) {
      Rng again = Rng::restore(start);
      source.begin_epoch(again);
      source.skip(n);
      CHECK(flat(pass(source)) == flat({whole.begin() + n, whole.end()}));
    }
  }
}

TEST_CASE("CellBatches: an ordered pass follows the rows that were given") {
  const Counts m = made_counts(20, 5);
  CellBatches source(m, {.batch = 3, .rows = std::vector<Index>{19, 2, 7, 11}});
  CHECK(flat(pass(source)) == std::vector<Index>{19, 2, 7, 11});
  Rng rng(5);
  source.begin_epoch(rng);
  const std::vector<Index> order = flat(pass(source));
  CHECK(std::set<Index>(order.begin(), order.end()) == std::set<Index>{2, 7, 11, 19});
  source.begin_ordered();
  CHECK(flat(pass(source)) == std::vector<Index>{19, 2, 7, 11});
}

TEST_CASE("CellBatches: a cell without counts has library size 1") {
  const Counts m(2, {0, 0, 1}, {1}, {3});
  CellBatches source(m);
  CellBatch batch;
  REQUIRE(source.next(batch));
  CHECK(batch.library[0] == 1.0f);
  CHECK(batch.library[1] == 3.0f);
  CHECK(batch.batch_covariate.empty());
  CHECK(batch.counts.nonzeros() == 3 - 2);
}

TEST_CASE("CellBatches: an epoch allocates nothing on the heap") {
  const CellTable table = made_table(made_counts(200, 300));
  CellBatches source(table, {.batch = 32, .batch_covariate = std::vector<int>(200, 1)});
  Rng rng(6);
  const long before = support::allocations;
  double sum = 0;
  for (int epoch = 0; epoch < 3; ++epoch) {
    source.begin_epoch(rng);
    for (CellBatch batch; source.next(batch);) sum += double(batch.library[0]);
  }
  CHECK(support::allocations == before);
  CHECK(sum > 0);
}

TEST_CASE("CellBatches: bad input is named") {
  const Counts m = made_counts(5, 5);
  using Rows = std::vector<Index>;
  REQUIRE_THROWS_WITH(CellBatches(m, {.batch = 1}), ContainsText("batch must be at least 2, got 1"));
  REQUIRE_THROWS_WITH(CellBatches(m, {.rows = Rows{}}), ContainsText("there are no cells"));
  REQUIRE_THROWS_WITH(CellBatches(m, {.rows = Rows{5}}), ContainsText("row 5 of a table with 5 cells"));
  REQUIRE_THROWS_WITH(CellBatches(m, {.batch_covariate = {1}}),
                      ContainsText("1 codes of the batch covariate for 5 cells"));
  CellBatches source(m);
  REQUIRE_THROWS_WITH(source.skip_to(6), ContainsText("position 6 of an epoch of 5 cells"));
}
