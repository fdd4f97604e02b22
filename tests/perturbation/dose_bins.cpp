#include <latentcell/perturbation/dose_bins.hpp>

#include <limits>

#include "support/catch.hpp"

using namespace latentcell;
using perturbation::dose_bins;

TEST_CASE("dose_bins: cells of one dose share a bin, and those without a positive dose are in none") {
  const std::vector<double> dose{2, 0, 1, 1, std::numeric_limits<double>::quiet_NaN(), 2, 1, 3, -1, INFINITY};
  const auto bins = dose_bins({0, 1, 2, 3, 4, 5, 6, 7, 8, 9}, dose);
  REQUIRE(bins.size() == 3);
  CHECK(bins[0].cells == std::vector<Index>{2, 3, 6});
  CHECK(bins[0].dose == 1);
  CHECK(bins[1].cells == std::vector<Index>{0, 5});
  CHECK(bins[2].dose == 3);
}

TEST_CASE("dose_bins: many doses fall into eight bins of equal numbers, each at its mean dose") {
  std::vector<double> dose(1000);
  std::vector<Index> all(1000);
  for (Index i = 0; i < 1000; ++i) dose[to_size(i)] = double(1 + i), all[to_size(i)] = i;
  const auto bins = dose_bins(all, dose);
  REQUIRE(bins.size() == 8);
  for (std::size_t b = 0; b < 8; ++b) {
    CHECK(bins[b].cells.size() == 125);
    CHECK(bins[b].dose == Approx(63 + 125 * double(b)));
  }
}
