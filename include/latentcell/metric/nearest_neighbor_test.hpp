#pragma once

#include <algorithm>
#include <utility>

#include <latentcell/kernel/neighbors.hpp>

namespace LATENTCELL_NAMESPACE::metric {

/// How well a point's nearest neighbor predicts which of two sets it is from.
struct NearestNeighborTest {
  double accuracy = 0;   ///< over all points: 0.5 where the sets are of one law, 1 where they lie apart
  double real = 0;       ///< among real points: low where the generated points cover them
  double generated = 0;  ///< among generated points: below 0.5 with `real` below 0.5 hints at copies
};

/// Leave-one-out accuracy of a 1-nearest-neighbor classifier between two sets of one size (Lopez-Paz and Oquab 2017).
/// real (N, D), generated (N, D)
/// Throws std::invalid_argument for sets of different sizes, where chance is not 0.5: subsample() the larger one.
inline NearestNeighborTest nearest_neighbor_test(ConstView<float> real, ConstView<float> generated) {
  LATENTCELL_REQUIRE(real.rows() == generated.rows() && real.rows() > 0,
                     "nearest_neighbor_test: needs two sets of one size, got ", real.rows(), " and ", generated.rows(),
                     " points; subsample the larger one");
  LATENTCELL_REQUIRE(real.cols() == generated.cols(), "nearest_neighbor_test: points have ", real.cols(), " and ",
                     generated.cols(), " coordinates");
  const Index n = real.rows();
  Matrix<float> pooled(2 * n, real.cols());
  std::copy_n(real.data(), real.size(), pooled.data());
  std::copy_n(generated.data(), generated.size(), pooled.data() + real.size());
  const kernel::Neighbors nearest = kernel::nearest_neighbors(view(pooled), 1);
  NearestNeighborTest out;
  for (Index i = 0; i < n; ++i) {
    out.real += double(nearest.index(i, 0) < n) / double(n);
    out.generated += double(nearest.index(n + i, 0) >= n) / double(n);
  }
  out.accuracy = 0.5 * (out.real + out.generated);
  return out;
}

}  // namespace latentcell::metric
