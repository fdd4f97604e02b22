#pragma once

#include <bit>
#include <cmath>
#include <cstdint>
#include <vector>

#include <latentcell/kernel/pairwise.hpp>

namespace LATENTCELL_NAMESPACE::metric {

/// Median of the Euclidean distances of all pairs of different points, pairs at distance zero included; the mean of the
/// two middle ones where their number is even.      x (N, D) -> in the units of the points;  N >= 2
/// Distances are rounded to float. Counts them by their leading, then by their trailing 16 bits and never stores all.
inline double median_distance(ConstView<float> x) {
  const Index n = x.rows();
  LATENTCELL_REQUIRE(n >= 2, "median_distance: needs at least two points, got ", n);
  const auto each_bits = [&](const auto& f) {
    constexpr Index rows = 256;
    std::vector<float> part(to_size(rows * n));
    for (Index begin = 0; begin < n; begin += rows) {
      const Index count = std::min(rows, n - begin);
      const ConstView<float> some(x.data() + begin * x.cols(), count, x.cols());
      kernel::each_distance(
          some, x, [&](Index i) { return begin + i + 1; },
          [&](Index i, Index first, Index run, const double* d2) {
            for (Index j = 0; j < run; ++j) part[to_size(i * n + first + j)] = float(std::sqrt(d2[j]));
          });
      for (Index i = 0; i < count; ++i) {
        for (Index j = begin + i + 1; j < n; ++j) f(std::bit_cast<std::uint32_t>(part[to_size(i * n + j)]));
      }
    }
  };
  // Positive floats sort as their bits do.
  std::vector<std::int64_t> high(std::size_t{1} << 16, 0);
  each_bits([&](std::uint32_t bits) { ++high[bits >> 16]; });
  const std::int64_t pairs = std::int64_t(n) * (n - 1) / 2;
  const std::int64_t ranks[2] = {(pairs - 1) / 2, pairs / 2};
  std::uint32_t bucket[2] = {0, 0};
  std::int64_t within[2] = {ranks[0], ranks[1]};
  for (int r = 0; r < 2; ++r) {
    while (within[r] >= high[bucket[r]]) within[r] -= high[bucket[r]++];
  }
  std::vector<std::int64_t> low[2];
  for (auto& counts : low) counts.assign(std::size_t{1} << 16, 0);
  each_bits([&](std::uint32_t bits) {
    for (int r = 0; r < 2; ++r) low[r][bits & 0xFFFFu] += bits >> 16 == bucket[r];
  });
  double sum = 0;
  for (int r = 0; r < 2; ++r) {
    std::uint32_t trailing = 0;
    while (within[r] >= low[r][trailing]) within[r] -= low[r][trailing++];
    sum += double(std::bit_cast<float>(bucket[r] << 16 | trailing));
  }
  return 0.5 * sum;
}

}  // namespace latentcell::metric
