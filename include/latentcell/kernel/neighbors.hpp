#pragma once

#include <cmath>
#include <limits>

#include <latentcell/kernel/pairwise.hpp>

namespace LATENTCELL_NAMESPACE::kernel {

/// For each query its nearest points, nearest first.
struct Neighbors {
  Matrix<Index> index;      ///< (N, k), rows of the point set
  Matrix<double> distance;  ///< (N, k), Euclidean
};

namespace detail {

template <class Skip>
Neighbors nearest_neighbors(ConstView<float> queries, ConstView<float> points, Index k, const Skip& skip) {
  const Index n = queries.rows();
  Neighbors out{Matrix<Index>::Constant(n, k, -1),
                Matrix<double>::Constant(n, k, std::numeric_limits<double>::infinity())};
  each_distance(queries, points, [&](Index i, Index first, Index count, const double* d2) {
    Index* index = out.index.data() + i * k;
    double* best = out.distance.data() + i * k;
    for (Index j = 0; j < count; ++j) {
      // Strictly nearer, and points come in ascending order: of equals the one with the lower index stays.
      if (!(d2[j] < best[k - 1]) || skip(i, first + j)) continue;
      Index at = k - 1;
      for (; at > 0 && d2[j] < best[at - 1]; --at) {
        best[at] = best[at - 1];
        index[at] = index[at - 1];
      }
      best[at] = d2[j];
      index[at] = first + j;
    }
  });
  for (Index i = 0; i < n; ++i) {
    for (Index j = 0; j < k; ++j) {
      LATENTCELL_REQUIRE(out.index(i, j) >= 0, "nearest_neighbors: row ", i, " has fewer than ", k,
                         " points at a finite distance");
      out.distance(i, j) = std::sqrt(out.distance(i, j));
    }
  }
  return out;
}

}  // namespace detail

/// The k nearest points of each query, exactly; of equally near ones the lower index first.
/// queries (N, D), points (M, D) -> (N, k);  1 <= k <= M
/// All pairs are visited, in double: about a second for 10,000 x 10,000 x 30 on two cores.
inline Neighbors nearest_neighbors(ConstView<float> queries, ConstView<float> points, Index k) {
  LATENTCELL_REQUIRE(k >= 1 && k <= points.rows(), "nearest_neighbors: ", k, " neighbors among ", points.rows(),
                     " points");
  return detail::nearest_neighbors(queries, points, k, [](Index, Index) { return false; });
}

/// The k nearest other points of each point.      points (N, D) -> (N, k);  1 <= k < N
/// A point is no neighbor of itself; an equal one is, at distance 0.
inline Neighbors nearest_neighbors(ConstView<float> points, Index k) {
  LATENTCELL_REQUIRE(k >= 1 && k < points.rows(), "nearest_neighbors: ", k, " neighbors among ", points.rows() - 1,
                     " other points");
  return detail::nearest_neighbors(points, points, k, [](Index i, Index j) { return i == j; });
}

}  // namespace latentcell::kernel
