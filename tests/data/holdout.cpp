#include <latentcell/data/assign_folds.hpp>
#include <latentcell/data/holdout.hpp>

#include "support/catch.hpp"

using namespace latentcell;

namespace {

using Rows = std::vector<Index>;

void check_parts(const Holdout& h, Index cells) {
  Rows all = h.train;
  all.insert(all.end(), h.test.begin(), h.test.end());
  std::sort(all.begin(), all.end());
  REQUIRE(Index(all.size()) == cells);
  for (Index i = 0; i < cells; ++i) CHECK(all[to_size(i)] == i);
  CHECK(std::is_sorted(h.train.begin(), h.train.end()));
  CHECK(std::is_sorted(h.test.begin(), h.test.end()));
}

const Categorical types{{"a", "b", "c"}, {0, 1, 2, 0, -1, 1, 0, 2}};

}  // namespace

TEST_CASE("hold_out_levels: all cells of the levels and no other, cells without a label are trained on") {
  const Holdout h = hold_out_levels(types, {"c", "b"});
  CHECK(h.test == Rows{1, 2, 5, 7});
  CHECK(h.train == Rows{0, 3, 4, 6});
  CHECK_THROWS_WITH(hold_out_levels(types, {"a", "d"}), ContainsText("no level 'd'"));
}

TEST_CASE("hold_out_share: the share of every level") {
  Categorical labels{{"a", "b"}, {}};
  for (int i = 0; i < 40; ++i) labels.codes.push_back(i % 4 == 0 ? 1 : 0);
  Rng rng(1);
  const Holdout h = hold_out_share(labels, 0.3, rng);
  check_parts(h, 40);
  CHECK(h.test.size() == 12);
  CHECK(std::count_if(h.test.begin(), h.test.end(), [](Index i) { return i % 4 == 0; }) == 3);
}

TEST_CASE("hold_out_fold: each cell is held out in one fold") {
  const Rows folds = assign_folds(23, 4, 5);
  Rows times(23, 0);
  for (Index f = 0; f < 4; ++f) {
    const Holdout h = hold_out_fold(folds, f);
    check_parts(h, 23);
    for (const Index i : h.test) ++times[to_size(i)];
  }
  CHECK(times == Rows(23, 1));
}
