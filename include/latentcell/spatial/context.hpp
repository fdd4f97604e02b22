#pragma once

#include <algorithm>
#include <cmath>
#include <numeric>
#include <vector>

#include <latentcell/core/error.hpp>
#include <latentcell/core/rng.hpp>
#include <latentcell/core/types.hpp>
#include <latentcell/kernel/cholesky.hpp>
#include <latentcell/kernel/parallel.hpp>

// What a place in a tissue is told by: where it is, and what lies around it.

namespace latentcell {

/// Measured places: coordinates, slice, and values there.
struct SpatialReference {
  Matrix<float> at;        ///< (N, 2), in units of the usual distance between neighbours
  std::vector<int> slice;  ///< (N) number of the slice; all 0 for one
  Matrix<float> values;    ///< (N, K) latents, what is averaged around a place

  Index cells() const { return at.rows(); }
};

/// Covariance of a value at two places: exp(-distance / range), and a share of the variance that no neighbour knows.
struct Variogram {
  double range = 5;     ///< in units of the coordinates
  double nugget = 0.5;  ///< share of the variance that is of the place alone, in (0, 1)
};

struct SpatialContextOptions {
  std::vector<Index> neighbors = {1, 6, 25};  ///< values are averaged over so many nearest cells
  Index kriged = 40;                          ///< nearest cells that kriging sees
  Index waves = 3;                            ///< frequencies 1, 2, 4, ... of each coordinate over the tissue
  double slice_gap = 1;                       ///< distance between neighbouring slices, in units of the coordinates
};

/// What is left out around a place in training, so that it is as bare as the places to predict.
struct SpatialMask {
  double radius = 0;       ///< cells nearer than this
  bool own_slice = false;  ///< all of the place's own slice
};

namespace detail {

/// Known cells by distance from a place, nearest first.
struct Around {
  std::vector<Index> row;
  std::vector<double> distance;

  // self: a known cell that is not its own neighbour, or -1
  Around(const SpatialReference& known, const float* at, int slice, Index self, const SpatialMask& gap,
         double slice_gap, Index most) {
    std::vector<std::pair<double, Index>> all;
    all.reserve(to_size(known.cells()));
    for (Index i = 0; i < known.cells(); ++i) {
      const int apart = std::abs(known.slice[to_size(i)] - slice);
      if (i == self || (gap.own_slice && apart == 0)) continue;
      const double x = double(known.at(i, 0) - at[0]), y = double(known.at(i, 1) - at[1]), z = slice_gap * apart;
      const double d2 = x * x + y * y + z * z;
      if (d2 < gap.radius * gap.radius) continue;
      all.emplace_back(d2, i);
    }
    const std::size_t n = std::min(all.size(), to_size(most));
    std::partial_sort(all.begin(), all.begin() + std::ptrdiff_t(n), all.end());
    for (std::size_t k = 0; k < n; ++k) {
      row.push_back(all[k].second);
      distance.push_back(std::sqrt(all[k].first));
    }
  }
};

}  // namespace detail

/// Ordinary-kriging mean from neighbours: the best linear guess under a variogram with a mean that is not known
/// (Matheron 1963; Cressie 1993, chapter 3).     -> adds weights to `out` (K)
inline void krige(const SpatialReference& known, const detail::Around& around, const Variogram& v, double slice_gap,
                  Index most, RowVector<double>& out) {
  const Index n = std::min<Index>(most, Index(around.row.size())), k = known.values.cols();
  out = RowVector<double>::Zero(k);
  if (n == 0) return;
  Matrix<double> cov(n, n), right(n, 2);
  const double told = 1 - v.nugget;
  for (Index i = 0; i < n; ++i) {
    const Index a = around.row[to_size(i)];
    for (Index j = 0; j <= i; ++j) {
      const Index b = around.row[to_size(j)];
      const double x = double(known.at(a, 0) - known.at(b, 0)), y = double(known.at(a, 1) - known.at(b, 1)),
                   z = slice_gap * (known.slice[to_size(a)] - known.slice[to_size(b)]);
      cov(i, j) = cov(j, i) = told * std::exp(-std::sqrt(x * x + y * y + z * z) / v.range) + (i == j ? v.nugget : 0.0);
    }
    right(i, 0) = told * std::exp(-around.distance[to_size(i)] / v.range);
    right(i, 1) = 1;
  }
  kernel::cholesky_solve(cov, right);
  double simple = 0, ones = 0;
  for (Index i = 0; i < n; ++i) {
    simple += right(i, 0);
    ones += right(i, 1);
  }
  for (Index i = 0; i < n; ++i) {
    const double weight = right(i, 0) + right(i, 1) * (1 - simple) / ones;
    out += weight * known.values.row(around.row[to_size(i)]).cast<double>();
  }
}

/// The variogram of a grid whose kriging from all other cells misses the values least.     up to `trials` cells are
/// tried
inline Variogram fit_variogram(const SpatialReference& known, const SpatialMask& gap, double slice_gap, Rng& rng,
                               Index trials = 200, Index most = 40) {
  std::vector<Index> rows(to_size(known.cells()));
  std::iota(rows.begin(), rows.end(), Index(0));
  for (std::size_t i = 0; i + 1 < rows.size(); ++i)
    std::swap(rows[i], rows[i + std::size_t(rng.below(std::uint64_t(rows.size() - i)))]);
  rows.resize(std::min(rows.size(), to_size(trials)));
  std::vector<detail::Around> around;
  for (const Index r : rows)
    around.emplace_back(known, known.at.data() + 2 * r, known.slice[to_size(r)], r, gap, slice_gap, most);
  Variogram best;
  double least = std::numeric_limits<double>::infinity();
  for (const double range : {1.5, 3.0, 6.0, 12.0, 25.0, 50.0}) {
    for (const double nugget : {0.1, 0.3, 0.5, 0.7, 0.85, 0.95}) {
      std::vector<double> error(rows.size(), 0.0);
      kernel::parallel_items(Index(rows.size()), [&](Index i) {
        RowVector<double> told;
        krige(known, around[to_size(i)], {range, nugget}, slice_gap, most, told);
        error[to_size(i)] = (known.values.row(rows[to_size(i)]).cast<double>() - told).squaredNorm();
      });
      const double sum = std::accumulate(error.begin(), error.end(), 0.0);
      if (sum < least) least = sum, best = {range, nugget};
    }
  }
  return best;
}

/// Makes the numbers that places are told by.
struct SpatialContext {
  SpatialContextOptions options;
  Variogram variogram;
  double centre[2] = {0, 0}, extent = 1;  ///< of the tissue, in units of the coordinates

  Index columns(Index values) const {
    return Index(options.neighbors.size() + 1) * values + Index(options.neighbors.size()) + 2 + 4 * options.waves + 1;
  }

  /// at (2), slice: of the place; self: its row among the known, or -1.     -> to (columns(K))
  void tell(const SpatialReference& known, const float* at, int slice, Index self, const SpatialMask& gap,
            float* to) const {
    const Index k = known.values.cols();
    Index most = options.kriged;
    for (const Index n : options.neighbors) most = std::max(most, n);
    const detail::Around around(known, at, slice, self, gap, options.slice_gap, most);
    for (const Index n : options.neighbors) {
      const Index used = std::min<Index>(n, Index(around.row.size()));
      std::fill_n(to, k, 0.0f);
      for (Index i = 0; i < used; ++i) {
        for (Index j = 0; j < k; ++j) to[j] += known.values(around.row[to_size(i)], j) / float(used);
      }
      to += k;
      *to++ = used == 0 ? 3.0f : float(std::log1p(around.distance[to_size(used - 1)])) - 1.0f;
    }
    RowVector<double> guess;
    krige(known, around, variogram, options.slice_gap, options.kriged, guess);
    for (Index j = 0; j < k; ++j) *to++ = float(guess(j));
    const double x = (double(at[0]) - centre[0]) / extent, y = (double(at[1]) - centre[1]) / extent;
    *to++ = float(x);
    *to++ = float(y);
    double wave = 3.14159265358979;
    for (Index w = 0; w < options.waves; ++w, wave *= 2) {
      for (const double v : {x, y}) {
        *to++ = float(std::sin(wave * v));
        *to++ = float(std::cos(wave * v));
      }
    }
    *to = float(slice);
  }
};

}  // namespace latentcell
