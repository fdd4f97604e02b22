#pragma once

#include <algorithm>
#include <cmath>
#include <vector>

#include <latentcell/core/options.hpp>
#include <latentcell/core/error.hpp>
#include <latentcell/core/rng.hpp>
#include <latentcell/core/types.hpp>
#include <latentcell/kernel/parallel.hpp>

namespace LATENTCELL_NAMESPACE::metric {

/// Settings of sliced_wasserstein.
struct SlicedWassersteinOptions {
  Index projections = 256;  ///< random directions; more make the answer less noisy

  static void visit(auto& self, auto&& f) { f("projections", self.projections, at_least(1)); }
};

/// Sliced 2-Wasserstein distance along given directions: the root of the mean over directions of the squared
/// 2-Wasserstein distance of the projected sets.
/// x (N, D), y (M, D), directions (P, D) unit rows -> in the units of the points; N and M may differ
inline double sliced_wasserstein(ConstView<float> x, ConstView<float> y, ConstView<double> directions) {
  LATENTCELL_REQUIRE(x.cols() == y.cols() && x.cols() == directions.cols(), "sliced_wasserstein: points have ",
                     x.cols(), " and ", y.cols(), " coordinates, directions ", directions.cols());
  LATENTCELL_REQUIRE(x.rows() > 0 && y.rows() > 0 && directions.rows() > 0, "sliced_wasserstein: needs points, got ",
                     x.rows(), " and ", y.rows(), ", and directions, got ", directions.rows());
  const Index n = x.rows(), m = y.rows();
  std::vector<double> square(to_size(directions.rows()), 0.0);
  kernel::parallel_items(directions.rows(), directions.rows() * (n + m) * (x.cols() + 64), [&](Index p) {
    const auto projected = [&](ConstView<float> points) {
      std::vector<double> out(to_size(points.rows()), 0.0);
      for (Index i = 0; i < points.rows(); ++i) {
        for (Index c = 0; c < points.cols(); ++c) out[to_size(i)] += double(points(i, c)) * directions(p, c);
      }
      std::sort(out.begin(), out.end());
      return out;
    };
    const std::vector<double> a = projected(x), b = projected(y);
    // Both quantile functions are steps, of height i / n and j / m: whole numbers keep the steps exact.
    double sum = 0;
    for (Index i = 0, j = 0, at = 0; i < n && j < m;) {
      const Index next = std::min((i + 1) * m, (j + 1) * n);
      const double gap = a[to_size(i)] - b[to_size(j)];
      sum += gap * gap * double(next - at);
      at = next;
      if (at == (i + 1) * m) ++i;
      if (at == (j + 1) * n) ++j;
    }
    square[to_size(p)] = sum / (double(n) * double(m));
  });
  double mean = 0;
  for (double s : square) mean += s / double(directions.rows());
  return std::sqrt(mean);
}

/// Sliced 2-Wasserstein distance along random directions.      x (N, D), y (M, D) -> in the units of the points
inline double sliced_wasserstein(ConstView<float> x, ConstView<float> y, const SlicedWassersteinOptions& options,
                                 Rng& rng) {
  check_options("sliced_wasserstein", options);
  Matrix<double> directions(options.projections, x.cols());
  for (Index p = 0; p < directions.rows(); ++p) {
    double square = 0;
    for (Index c = 0; c < directions.cols(); ++c) {
      directions(p, c) = rng.normal();
      square += directions(p, c) * directions(p, c);
    }
    for (Index c = 0; c < directions.cols(); ++c) directions(p, c) /= std::sqrt(square);
  }
  return sliced_wasserstein(x, y, view(directions));
}

}  // namespace latentcell::metric
