#pragma once

#include <algorithm>
#include <cstddef>
#include <utility>
#include <vector>

#include <latentcell/core/error.hpp>

namespace latentcell {

/// Returns element n / 2 of the sorted values: the median of an odd number, the upper of the two middle ones else.
/// values (N) -> one of them
/// Throws std::invalid_argument where there are none.
template <class N>
N median(std::vector<N> values) {
  LATENTCELL_REQUIRE(!values.empty(), "median: needs at least one value, got none");
  const auto middle = values.begin() + std::ptrdiff_t(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

}  // namespace latentcell
