#pragma once

#include <algorithm>
#include <numeric>
#include <span>
#include <utility>
#include <vector>

#include <latentcell/core/random_draw.hpp>
#include <latentcell/core/types.hpp>

namespace LATENTCELL_NAMESPACE::metric {

/// `count` of the numbers 0 .. n - 1, each subset equally likely, ascending.      0 <= count <= n
inline std::vector<Index> subsample_rows(Index n, Index count, Rng& rng) {
  LATENTCELL_REQUIRE(count >= 0 && count <= n, "subsample_rows: ", count, " of ", n, " rows");
  std::vector<Index> rows(to_size(n));
  std::iota(rows.begin(), rows.end(), Index(0));
  for (Index i = 0; i < count; ++i) {
    std::swap(rows[to_size(i)], rows[to_size(i + Index(rng.below(std::uint64_t(n - i))))]);
  }
  rows.resize(to_size(count));
  std::sort(rows.begin(), rows.end());
  return rows;
}

/// The points named by `rows`, in that order.      x (N, D), rows (n) -> (n, D)
inline Matrix<float> pick_rows(ConstView<float> x, std::span<const Index> rows) {
  Matrix<float> out(Index(rows.size()), x.cols());
  for (std::size_t i = 0; i < rows.size(); ++i) {
    LATENTCELL_REQUIRE(rows[i] >= 0 && rows[i] < x.rows(), "pick_rows: row ", rows[i], " of ", x.rows());
    std::copy_n(x.data() + rows[i] * x.cols(), x.cols(), out.data() + Index(i) * x.cols());
  }
  return out;
}

/// `count` of the points, without repetition, in their old order.      x (N, D) -> (count, D);  count <= N
/// Metrics that need two sets of one size take the larger one through this.
inline Matrix<float> subsample(ConstView<float> x, Index count, Rng& rng) {
  return pick_rows(x, subsample_rows(x.rows(), count, rng));
}

}  // namespace latentcell::metric
