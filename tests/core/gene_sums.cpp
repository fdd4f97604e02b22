#include <latentcell/core/gene_sums.hpp>

#include "data/made_counts.hpp"
#include "support/catch.hpp"

using namespace latentcell;
using data_tests::made_counts;

namespace {

bool same(const GeneSums& a, const GeneSums& b) {
  return a.cells == b.cells && a.total == b.total && a.library_sum == b.library_sum &&
         a.library_square == b.library_square && a.sum == b.sum && a.square == b.square && a.cross == b.cross &&
         a.detected == b.detected;
}

}  // namespace

TEST_CASE("GeneSums: are those of a dense matrix") {
  const Counts m(3, {0, 2, 2, 3}, {0, 2, 2}, {3, 1, 2});
  const GeneSums s = gene_sums(m);
  CHECK(s.cells == 3);
  CHECK(s.total == 6);
  CHECK(s.library_sum == 4 + 1 + 2);  // a cell without counts has size 1
  CHECK(s.library_square == 16 + 1 + 4);
  CHECK(s.sum == std::vector<double>{3, 0, 3});
  CHECK(s.square == std::vector<double>{9, 0, 5});
  CHECK(s.cross == std::vector<double>{12, 0, 8});
  CHECK(s.detected == std::vector<Index>{1, 0, 2});
}

TEST_CASE("GeneSums: parts merge to the whole to the bit, in any order") {
  const Counts m = made_counts(500, 30);
  std::vector<Index> even, odd;
  for (Index i = 0; i < 500; ++i) (i % 2 == 0 ? even : odd).push_back(i);
  GeneSums a = gene_sums(CountRows(m).select_rows(even)), b = gene_sums(CountRows(m).select_rows(odd));
  GeneSums other = b;
  other += a;
  a += b;
  CHECK(same(a, gene_sums(m)));
  CHECK(same(other, a));
}

TEST_CASE("GeneSums: bad input is named") {
  GeneSums two(2);
  REQUIRE_THROWS_WITH(two.add(Counts(3)), ContainsText("counts of 3 genes but sums of 2"));
  REQUIRE_THROWS_WITH(two += GeneSums(3), ContainsText("2 genes and of 3"));
}
