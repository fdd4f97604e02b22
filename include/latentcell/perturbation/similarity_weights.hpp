#pragma once

#include <algorithm>
#include <cmath>
#include <vector>

#include <latentcell/core/error.hpp>
#include <latentcell/core/types.hpp>
#include <latentcell/metric/pearson.hpp>

namespace LATENTCELL_NAMESPACE::perturbation {

namespace detail {

inline double profile_distance(const Matrix<float>& a, Index i, const Matrix<float>& b, Index j) {
  std::vector<double> x, y;
  for (Index k = 0; k < a.cols(); ++k) x.push_back(double(a(i, k))), y.push_back(double(b(j, k)));
  return 1 - metric::pearson(x, y);
}

}  // namespace detail

/// Weights of groups by how similar their control cells are to those of another: exp(-similarity * distance), 1 for the
/// nearest. The distance is 1 - Pearson's r of the profiles, over its mean among the groups.
///
/// profiles (groups, G): log expression of control cells; own: the profile's row in `of`; similarity at least 0.
/// Larger: fewer groups count, 0: all the same, from 100 on the nearest alone -> (groups), in [0, 1]
inline std::vector<double> similarity_weights(const Matrix<float>& profiles, const Matrix<float>& of, Index own,
                                              double similarity) {
  LATENTCELL_REQUIRE(profiles.cols() == of.cols() && own >= 0 && own < of.rows() && similarity >= 0,
                     "similarity_weights: profiles of ", profiles.cols(), " and ", of.cols(), " genes, row ", own,
                     " of ", of.rows(), ", similarity ", similarity);
  const Index groups = profiles.rows();
  std::vector<double> out(to_size(groups), 1.0);
  if (similarity == 0 || groups < 2) return out;
  double scale = 0, pairs = 0, nearest = 2;
  for (Index g = 0; g < groups; ++g) {
    for (Index h = 0; h < g; ++h) scale += detail::profile_distance(profiles, g, profiles, h), pairs += 1;
    nearest = std::min(nearest, out[to_size(g)] = detail::profile_distance(profiles, g, of, own));
  }
  for (double& d : out) d = scale > 0 ? std::exp(-similarity * (d - nearest) * pairs / scale) : 1.0;
  return out;
}

}  // namespace latentcell::perturbation
