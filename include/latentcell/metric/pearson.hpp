#pragma once

#include <cmath>
#include <span>

#include <latentcell/core/error.hpp>
#include <latentcell/core/types.hpp>

namespace LATENTCELL_NAMESPACE::metric {

/// Pearson's correlation of two sequences.      x (N), y (N) -> [-1, 1];  N >= 2
/// 0 where one of them is constant: it then says nothing of the other.
inline double pearson(std::span<const double> x, std::span<const double> y) {
  LATENTCELL_REQUIRE(x.size() == y.size() && x.size() >= 2,
                     "pearson: needs two sequences of one length, at least 2, got ", x.size(), " and ", y.size());
  const double n = double(x.size());
  double mean_x = 0, mean_y = 0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    mean_x += x[i] / n;
    mean_y += y[i] / n;
  }
  double xx = 0, yy = 0, xy = 0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    const double dx = x[i] - mean_x, dy = y[i] - mean_y;
    xx += dx * dx;
    yy += dy * dy;
    xy += dx * dy;
  }
  return xx > 0.0 && yy > 0.0 ? xy / std::sqrt(xx * yy) : 0.0;
}

}  // namespace latentcell::metric
