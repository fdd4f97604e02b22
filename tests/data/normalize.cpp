#include <cmath>

#include <latentcell/data/normalize.hpp>

#include "data/made_counts.hpp"
#include "support/catch.hpp"
#include "support/reference.hpp"

using namespace latentcell;
using data_tests::made_counts;

TEST_CASE("size_factors: total over target, 1 for a cell without counts") {
  const Counts m(2, {0, 2, 2, 3}, {0, 1, 0}, {3, 2, 10});
  CHECK(size_factors(m, {.target = 5}) == std::vector<double>{1, 1, 2});
  CHECK(size_factors(m)[2] == Approx(1e-3));
}

TEST_CASE("size_factors: target 0 is the median of the cells with counts") {
  const Counts three(1, {0, 1, 2, 2, 3}, {0, 0, 0}, {4, 8, 2});
  CHECK(size_factors(three, {.target = 0}) == std::vector<double>{1, 2, 1, 0.5});
  const Counts four(1, {0, 1, 2, 3, 4}, {0, 0, 0, 0}, {4, 8, 2, 100});
  CHECK(size_factors(four, {.target = 0})[0] == Approx(4.0 / 6));
  const Counts none(1, {0, 0}, {}, {});
  CHECK(size_factors(none, {.target = 0}) == std::vector<double>{1});
}

TEST_CASE("normalize: every cell with counts has the target total") {
  const Counts m = made_counts(30, 200);
  const Counts normal = normalize(m, {.target = 500});
  CHECK(normal.nonzeros() == m.nonzeros());
  for (Index b = 0; b < 30; ++b) CHECK(normal.view().row_sum(b) == Approx(500));
}

TEST_CASE("log_normalize: log of one plus the normalised counts, as sparse as they are") {
  const Counts m = made_counts(30, 200);
  for (double target : {0.0, 1e4}) {
    const Counts normal = normalize(m, {.target = target}), logs = log_normalize(m, {.target = target});
    REQUIRE(logs.nonzeros() == m.nonzeros());
    for (Index k = 0; k < m.nonzeros(); ++k) {
      REQUIRE(double(logs.values()[to_size(k)]) ==
              Approx(std::log1p(double(normal.values()[to_size(k)]))).epsilon(1e-5));
    }
  }
}

TEST_CASE("normalize and log_normalize: numbers of scanpy") {
  const Counts m = made_counts(240, 1500);
  for (const auto& [name, target] : {std::pair{"cp10k", 1e4}, std::pair{"median", 0.0}}) {
    const Counts normal = normalize(m, {.target = target}), logs = log_normalize(m, {.target = target});
    const std::vector<double> most = Reference("data").vector(text("normal_", name));
    const std::vector<double> sums = Reference("data").vector(text("log_", name));
    for (std::size_t i = 0; i < most.size(); ++i) {
      const auto row = normal.view().row_values(Index(40 * i));
      CHECK(double(*std::max_element(row.begin(), row.end())) == Approx(most[i]).epsilon(1e-6));
      CHECK(logs.view().row_sum(Index(40 * i)) == Approx(sums[i]).epsilon(1e-6));
    }
  }
}

TEST_CASE("normalize: a target that is no number of counts is refused") {
  const Counts m = made_counts(3, 5);
  REQUIRE_THROWS_WITH(size_factors(m, {.target = -1}), ContainsText("size_factors: target must be at least 0, got -1"));
  REQUIRE_THROWS_WITH(log_normalize(m, {.target = NAN}), ContainsText("log_normalize: target must be at least 0, got"));
}
