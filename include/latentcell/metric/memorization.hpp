#pragma once

#include <algorithm>
#include <vector>

#include <latentcell/kernel/neighbors.hpp>
#include <latentcell/metric/ks.hpp>

namespace LATENTCELL_NAMESPACE::metric {

/// Whether generated points are copies of the training set.
struct Memorization {
  KsTest test;              ///< distances to the nearest training point, generated against held-out points
  double generated = 0;     ///< median distance of a generated point to its nearest training point
  double held_out = 0;      ///< median distance of a held-out point to its nearest training point
  double nearer_share = 0;  ///< share of generated points nearer than 95 % of the held-out ones: 0.05 without copies
};

/// Compares how near generated points and held-out real points lie to the training points. A model that copies
/// cells puts too many of its own too near: `nearer_share` far above 0.05 and `generated` below `held_out`.
/// train (N, D), held_out (M, D), generated (K, D)
inline Memorization memorization(ConstView<float> train, ConstView<float> held_out, ConstView<float> generated) {
  LATENTCELL_REQUIRE(train.rows() > 0 && held_out.rows() > 0 && generated.rows() > 0,
                     "memorization: needs points, got ", train.rows(), " training, ", held_out.rows(), " held-out and ",
                     generated.rows(), " generated");
  const auto distances = [&](ConstView<float> points) {
    const kernel::Neighbors nearest = kernel::nearest_neighbors(points, train, 1);
    std::vector<double> out(nearest.distance.data(), nearest.distance.data() + nearest.distance.size());
    std::sort(out.begin(), out.end());
    return out;
  };
  const std::vector<double> a = distances(generated), b = distances(held_out);
  Memorization out{ks_test(a, b), a[a.size() / 2], b[b.size() / 2], 0.0};
  const double near = b[std::size_t(0.05 * double(b.size()))];
  out.nearer_share = double(std::lower_bound(a.begin(), a.end(), near) - a.begin()) / double(a.size());
  return out;
}

}  // namespace latentcell::metric
