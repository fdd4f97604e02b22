#include <latentcell/core/count_rows.hpp>

#include "data/made_counts.hpp"
#include "support/catch.hpp"

using namespace latentcell;
using data_tests::made_counts;

namespace {

/// A matrix as if it were in a file.
struct Reader {
  Counts all;
  int reads = 0;
  Index most = 0;
  Index cells() const { return all.rows(); }
  Index genes() const { return all.cols(); }
  void read(Index first, Index count, Counts& to) {
    ++reads;
    most = std::max(most, count);
    to.clear(all.cols());
    for (Index i = 0; i < count; ++i) to.push_row(all, first + i);
  }
};

void check_equal(const CountRows& rows, const Counts& b) {
  Counts memory;
  const CountsView a = rows.gather(memory);
  CHECK(a.cols == b.cols());
  CHECK(std::equal(a.row_start, a.row_start + a.rows + 1, b.row_start().begin(), b.row_start().end()));
  REQUIRE(a.nonzeros() == b.nonzeros());
  CHECK(std::equal(b.columns().begin(), b.columns().end(), a.columns));
  CHECK(std::equal(b.values().begin(), b.values().end(), a.values));
}

}  // namespace

TEST_CASE("CountRows: selections of rows and columns are those of select_rows and select_cols, read or in memory") {
  Reader reader{made_counts(3000, 20)};
  const std::vector<Index> rows{2999, 5, 6, 7, 6, 100, 40}, fewer{6, 0, 1, 2}, cols{1, 4, 7, 19}, last{0, 3};
  for (const CountRows& of : {CountRows(reader), CountRows(reader.all)}) {
    check_equal(of, reader.all);
    check_equal(of.select_rows(rows), select_rows(reader.all, rows));
    check_equal(of.select_cols(cols), select_cols(reader.all, cols));
    const CountRows both = of.select_cols(cols).select_rows(rows).select_cols(last).select_rows(fewer);
    CHECK(both.rows() == 4);
    CHECK(both.cols() == 2);
    check_equal(both, select_cols(select_cols(select_rows(select_rows(reader.all, rows), fewer), cols), last));
  }
}

TEST_CASE("CountRows: blocks follow each other and hold every row once") {
  Reader reader{made_counts(2500, 6)};
  Index next = 0, nonzeros = 0;
  CountRows(reader).each_block([&](const CountsView& block, Index first) {
    CHECK(first == next);
    next += block.rows;
    nonzeros += block.nonzeros();
  });
  CHECK(next == 2500);
  CHECK(nonzeros == reader.all.nonzeros());
  CHECK(reader.most <= 1024);
  int blocks = 0;
  CountRows(reader.all).each_block([&](const CountsView& block, Index) {
    ++blocks;
    CHECK(block.values == reader.all.values().data());  // no copy
  });
  CHECK(blocks == 1);
}

TEST_CASE("CountRows: rows near each other are read at once, far ones apart") {
  Reader reader{made_counts(2000, 6)};
  const CountRows rows(reader);
  Counts to(6);
  rows.append(std::vector<Index>{3, 5, 20, 1000, 1001}, to);
  CHECK(reader.reads == 2);
  CHECK(to.rows() == 5);
  CHECK(rows.in_memory() == false);
}

TEST_CASE("CountRows: non-zeros of a row are exact in memory, and near it when sampled") {
  Reader reader{made_counts(4000, 30)};
  const double exact = double(reader.all.nonzeros()) / 4000;
  CHECK(CountRows(reader.all).nonzeros_per_row() == exact);
  CHECK(std::abs(CountRows(reader).nonzeros_per_row() / exact - 1) < 0.05);
  struct Teller : Reader {
    Index entries(Index first, Index count) const {
      return all.row_start()[to_size(first + count)] - all.row_start()[to_size(first)];
    }
  } teller{{reader.all}};
  const CountRows told(teller);
  CHECK(told.nonzeros_per_row() == exact);
  const std::vector<Index> cols{0, 3, 8, 9};
  const Counts chosen = select_cols(reader.all, cols);
  CHECK(std::abs(told.select_cols(cols).nonzeros_per_row() / (double(chosen.nonzeros()) / 4000) - 1) < 0.05);
  Reader few{made_counts(7, 30)};
  CHECK(CountRows(few).nonzeros_per_row() == double(few.all.nonzeros()) / 7);
  CHECK(CountRows(Counts(3)).nonzeros_per_row() == 0);
}

TEST_CASE("CountRows: bad input is named") {
  const Counts m = made_counts(5, 4);
  const CountRows rows(m);
  Counts to(4);
  REQUIRE_THROWS_WITH(rows.append(std::vector<Index>{5}, to), ContainsText("row 5 of 5"));
  REQUIRE_THROWS_WITH(rows.select_rows(std::vector<Index>{-1}), ContainsText("row -1 of 5"));
  REQUIRE_THROWS_WITH(rows.select_cols(std::vector<Index>{4}), ContainsText("column 4 of 4"));
  REQUIRE_THROWS_WITH(rows.select_cols(std::vector<Index>{1, 1}), ContainsText("ascend"));
}
