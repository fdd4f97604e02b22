#pragma once

#include <algorithm>
#include <cstddef>
#include <utility>
#include <vector>

#include <latentcell/core/error.hpp>

namespace LATENTCELL_NAMESPACE {

namespace detail {

template <class N>
N sorted_element(const char* caller, std::vector<N> values, std::size_t at) {
  LATENTCELL_REQUIRE(!values.empty(), caller, ": needs at least one value, got none");
  const auto element = values.begin() + std::ptrdiff_t(std::min(at, values.size() - 1));
  std::nth_element(values.begin(), element, values.end());
  return *element;
}

}  // namespace detail

/// Returns element n / 2 of the sorted values: the median of an odd number, the upper of the two middle ones else.
/// values (N) -> one of them
/// Throws std::invalid_argument where there are none.
template <class N>
N median(std::vector<N> values) {
  const std::size_t middle = values.size() / 2;
  return detail::sorted_element("median", std::move(values), middle);
}

/// Returns element floor(q n) of the sorted values, counted from 0; the largest for q = 1.
/// values (N), q in [0, 1] -> one of them
/// Throws std::invalid_argument where there are none.
template <class N>
N sample_quantile(std::vector<N> values, double q) {
  const auto at = std::size_t(q * double(values.size()));
  return detail::sorted_element("sample_quantile", std::move(values), at);
}

}  // namespace latentcell
