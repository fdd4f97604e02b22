#pragma once

#include <cmath>

#include <latentcell/metric/mmd.hpp>

namespace LATENTCELL_NAMESPACE::metric {

/// Energy distance 2 E|X - Y| - E|X - X'| - E|Y - Y'|, unbiased: a point is not paired with itself, so sets of one
/// distribution give numbers around 0, also below.
/// x (N, D), y (M, D) -> in the units of the points;  Szekely and Rizzo (2013). Not the square root that SciPy gives.
inline double energy_distance(ConstView<float> x, ConstView<float> y) {
  detail::require_two_sets("energy_distance", x, y);
  return -detail::unbiased_difference(x, y, [](double d2) { return std::sqrt(d2); });
}

}  // namespace latentcell::metric
