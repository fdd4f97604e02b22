#include <latentcell/kernel/log_normalize.hpp>

#include <cmath>
#include <limits>

#include "support/catch.hpp"
#include "support/reference.hpp"

using namespace latentcell;

TEST_CASE("log_normalize: equals log1p of counts per ten thousand in numpy") {
  const Reference reference("metric");
  const Counts x = kernel::log_normalize(reference.counts("counts_a"));
  const Counts expected = reference.counts("log_a");
  REQUIRE(x.nonzeros() == expected.nonzeros());
  for (std::size_t k = 0; k < x.values().size(); ++k) {
    CHECK(x.columns()[k] == expected.columns()[k]);
    CHECK(double(x.values()[k]) == Approx(double(expected.values()[k])).epsilon(2e-7));
  }
}

TEST_CASE("log_normalize: every cell has the target as its total again") {
  const Counts counts = Reference("metric").counts("counts_a");
  for (double target : {1.0, 1e4}) {
    const Counts x = kernel::log_normalize(counts, target);
    for (Index r = 0; r < x.rows(); ++r) {
      double total = 0;
      for (float v : x.view().row_values(r)) total += std::expm1(double(v));
      CHECK(total == Approx(counts.view().row_sum(r) > 0 ? target : 0.0).epsilon(1e-5));
    }
  }
}

TEST_CASE("log_normalize: takes a window and keeps cells with no counts") {
  Counts counts(3);
  counts.push(0, 5);
  counts.end_row();
  counts.end_row();
  counts.push(1, 1);
  counts.push(2, 3);
  counts.end_row();
  const Counts x = kernel::log_normalize(counts.view().middle(1, 2), 4);
  REQUIRE(x.rows() == 2);
  CHECK(x.view().row_values(0).empty());
  CHECK(x.view().row_columns(1)[1] == 2);
  CHECK(double(x.view().row_values(1)[1]) == Approx(std::log1p(3.0)));
  CHECK(kernel::log_normalize(Counts(4)).rows() == 0);
}

TEST_CASE("log_normalize: refuses what is no count") {
  Counts counts(2);
  counts.push(1, -1);
  counts.end_row();
  CHECK_THROWS_WITH(kernel::log_normalize(counts), ContainsText("cell 0 has a count of -1"));
  counts.values()[0] = std::numeric_limits<float>::quiet_NaN();
  CHECK_THROWS_WITH(kernel::log_normalize(counts), ContainsText("cell 0 has a count of nan"));
  CHECK_THROWS_WITH(kernel::log_normalize(counts, 0), ContainsText("target must be positive, got 0"));
}
