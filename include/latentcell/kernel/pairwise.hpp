#pragma once

#include <algorithm>
#include <vector>

#include <latentcell/core/error.hpp>
#include <latentcell/core/types.hpp>
#include <latentcell/kernel/parallel.hpp>

namespace LATENTCELL_NAMESPACE::kernel {

/// Points visited together by each_distance.
inline constexpr Index pairwise_tile = 64;

/// Calls f(i, first, count, d2) for every row i of x and every run of at most pairwise_tile rows of y, with the squared
/// Euclidean distances d2[0 .. count) to the rows first .. first + count of y.      x (N, D), y (M, D)
/// All runs of one i come from one thread in ascending order, so f may keep state per row; different i run side by
/// side. Runs that end at or before start(i) are left out: pass a start of i + 1 to see each pair of one set once.
/// Distances are sums of squared differences in double: no cancellation, equal points have distance 0.
template <class F, class Start>
void each_distance(ConstView<float> x, ConstView<float> y, const Start& start, const F& f) {
  LATENTCELL_REQUIRE(x.cols() == y.cols(), "each_distance: points have ", x.cols(), " and ", y.cols(), " coordinates");
  constexpr Index tile = pairwise_tile;
  const Index n = x.rows(), m = y.rows(), d = x.cols(), tiles = (m + tile - 1) / tile;
  // y turned, tile by tile, so that the inner loop runs over points: it needs no sum across lanes.
  std::vector<float> turned(to_size(tiles * tile * d), 0.0f);
  parallel_ranges(tiles, 16, [&](Index first, Index last) {
    for (Index t = first; t < last; ++t) {
      for (Index j = t * tile; j < std::min(m, (t + 1) * tile); ++j) {
        for (Index c = 0; c < d; ++c) turned[to_size((t * d + c) * tile + j - t * tile)] = y(j, c);
      }
    }
  });
  constexpr Index rows = 16;
  const auto visit = [&](Index part) {
    double sum[tile];
    const Index first = part * rows, last = std::min(n, first + rows);
    for (Index t = 0; t < tiles; ++t) {
      const Index begin = t * tile, count = std::min(tile, m - begin);
      for (Index i = first; i < last; ++i) {
        if (begin + count <= start(i)) continue;
        std::fill_n(sum, tile, 0.0);
        const float* point = x.data() + i * d;
        const float* other = turned.data() + t * d * tile;
        for (Index c = 0; c < d; ++c, other += tile) {
          const double at = double(point[c]);
#pragma omp simd
          for (Index j = 0; j < tile; ++j) {
            const double gap = at - double(other[j]);
            sum[j] += gap * gap;
          }
        }
        f(i, begin, count, static_cast<const double*>(sum));
      }
    }
  };
  const Index parts = (n + rows - 1) / rows;
  // Parts are handed out one by one, for a start may leave little of some; a second thread is not woken for small sets.
  if (n * m * std::max<Index>(d, 8) < 8 * thread_grain()) {
    for (Index part = 0; part < parts; ++part) visit(part);
  } else {
    parallel_items(parts, visit);
  }
}

/// The same over all pairs of a row of x and a row of y.
template <class F>
void each_distance(ConstView<float> x, ConstView<float> y, const F& f) {
  each_distance(
      x, y, [](Index) { return Index(0); }, f);
}

/// All squared Euclidean distances.      x (N, D), y (M, D) -> (N, M)
inline Matrix<float> squared_distances(ConstView<float> x, ConstView<float> y) {
  Matrix<float> out(x.rows(), y.rows());
  each_distance(x, y, [&](Index i, Index first, Index count, const double* d2) {
    for (Index j = 0; j < count; ++j) out(i, first + j) = float(d2[j]);
  });
  return out;
}

}  // namespace latentcell::kernel
