#include <numeric>
#include <set>

#include <latentcell/data/split.hpp>

#include "support/catch.hpp"

using namespace latentcell;

namespace {

// Levels of 50, 20, 7, 2 and 1 cells, four cells without a label.
Categorical labels() {
  Categorical out{{"a", "b", "c", "d", "e"}, {}};
  const int sizes[] = {50, 20, 7, 2, 1};
  for (int level = 0; level < 5; ++level) out.codes.insert(out.codes.end(), std::size_t(sizes[level]), level);
  out.codes.insert(out.codes.end(), 4, Categorical::missing);
  return out;
}

Index count(const Categorical& c, const std::vector<Index>& rows, int level) {
  return std::count_if(rows.begin(), rows.end(), [&](Index r) { return c.codes[to_size(r)] == level; });
}

}  // namespace

TEST_CASE("stratified_split: the parts are disjoint, ascending and hold all") {
  Rng rng(1);
  const Split split = stratified_split(labels(), 0.3, rng);
  std::vector<Index> both = split.train;
  both.insert(both.end(), split.test.begin(), split.test.end());
  CHECK(std::is_sorted(split.train.begin(), split.train.end()));
  CHECK(std::is_sorted(split.test.begin(), split.test.end()));
  std::sort(both.begin(), both.end());
  std::vector<Index> all(84);
  std::iota(all.begin(), all.end(), Index(0));
  CHECK(both == all);
}

TEST_CASE("stratified_split: every level gives its share, rounded, and the whole adds up") {
  const Categorical c = labels();
  for (double share : {0.1, 0.2, 0.3, 0.5, 0.75}) {
    Rng rng(2);
    const Split split = stratified_split(c, share, rng);
    for (int level = -1; level < 5; ++level) {
      const double exact = share * double(c.count(level));
      INFO("share " << share << ", level " << level);
      CHECK(std::abs(double(count(c, split.test, level)) - exact) < 1 + 1e-9);
    }
    CHECK(double(split.test.size()) == Approx(share * 84).margin(1.001));
  }
  Rng rng(3);
  CHECK(stratified_split(c, 0.5, rng).test.size() == 42);
}

TEST_CASE("stratified_split: a level of two cells or more is in train, and in the larger part") {
  const Categorical c = labels();
  for (double share : {0.01, 0.1, 0.3, 0.5, 0.6, 0.9, 0.99, 1 - 1e-12}) {
    for (std::uint64_t seed = 0; seed < 5; ++seed) {
      Rng rng(seed);
      const Split split = stratified_split(c, share, rng);
      for (int level = -1; level < 4; ++level) {
        CHECK(count(c, split.train, level) >= 1);
        if (share >= 0.5) CHECK(count(c, split.test, level) >= 1);
      }
    }
  }
}

TEST_CASE("stratified_split: a level with a single cell stays in train and is mentioned") {
  for (double share : {0.1, 0.9}) {
    Rng rng(4);
    const Split split = stratified_split(labels(), share, rng);
    CHECK(split.single == std::vector<std::string>{"e"});
    CHECK(std::binary_search(split.train.begin(), split.train.end(), Index(79)));
  }
}

TEST_CASE("stratified_split: the same generator gives the same split, another one another") {
  Rng a(5), b(5), c(6);
  const Split first = stratified_split(labels(), 0.5, a), second = stratified_split(labels(), 0.5, b);
  CHECK(first.test == second.test);
  CHECK(first.test != stratified_split(labels(), 0.5, c).test);
  CHECK(first.test != stratified_split(labels(), 0.5, a).test);
}

TEST_CASE("stratified_split: cells of a level are equally likely to be kept out") {
  const Categorical c = no_labels(10);
  std::vector<int> hits(10, 0);
  Rng rng(7);
  for (int round = 0; round < 2000; ++round) {
    for (Index r : stratified_split(c, 0.3, rng).test) ++hits[to_size(r)];
  }
  for (int h : hits) CHECK(std::abs(h - 600) < 4 * 20.5);  // binomial deviation of 20.5
}

TEST_CASE("stratified_split: bad input is named") {
  Rng rng(1);
  REQUIRE_THROWS_WITH(stratified_split(labels(), 0, rng), ContainsText("share must lie in (0, 1), got 0"));
  REQUIRE_THROWS_WITH(stratified_split(labels(), 1, rng), ContainsText("share must lie in (0, 1), got 1"));
  REQUIRE_THROWS_WITH(stratified_split(no_labels(1), 0.5, rng), ContainsText("needs at least 2 cells, got 1"));
  REQUIRE_THROWS_WITH(stratified_split({{"a"}, {0, 1}}, 0.5, rng),
                      ContainsText("row 1 has code 1 but there are 1 levels"));
}

TEST_CASE("stratified_folds: folds are a partition, even in size and in every level") {
  const Categorical c = labels();
  for (Index k : {2, 5, 84}) {
    Rng rng(8);
    const auto folds = stratified_folds(c, k, rng);
    REQUIRE(Index(folds.size()) == k);
    std::set<Index> seen;
    Index least = 84, most = 0;
    for (const auto& fold : folds) {
      seen.insert(fold.begin(), fold.end());
      least = std::min(least, Index(fold.size()));
      most = std::max(most, Index(fold.size()));
    }
    CHECK(seen.size() == 84);
    CHECK(most - least <= 1);
    for (int level = -1; level < 5; ++level) {
      Index low = 84, high = 0;
      for (const auto& fold : folds) {
        low = std::min(low, count(c, fold, level));
        high = std::max(high, count(c, fold, level));
      }
      CHECK(high - low <= 1);
    }
  }
}

TEST_CASE("stratified_folds: k out of range is named") {
  Rng rng(1);
  REQUIRE_THROWS_WITH(stratified_folds(labels(), 1, rng),
                      ContainsText("k must lie in [2, 84], the number of cells, got 1"));
  REQUIRE_THROWS_WITH(stratified_folds(labels(), 85, rng), ContainsText("got 85"));
}
