#pragma once

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>

#include <latentcell/core/error.hpp>
#include <latentcell/core/types.hpp>
#include <latentcell/kernel/neighbors.hpp>

namespace latentcell {

/// A turn and a shift of the plane: x -> R x + shift.
struct RigidMotion {
  double angle = 0;          ///< radians, counter-clockwise
  double shift[2] = {0, 0};  ///< after the turn
  double cost = 0;           ///< what align_slices made least

  /// x (N, 2) -> (N, 2)
  Matrix<float> operator()(const Matrix<float>& x) const {
    Matrix<float> out(x.rows(), 2);
    const double c = std::cos(angle), s = std::sin(angle);
    for (Index i = 0; i < x.rows(); ++i) {
      out(i, 0) = float(c * double(x(i, 0)) - s * double(x(i, 1)) + shift[0]);
      out(i, 1) = float(s * double(x(i, 0)) + c * double(x(i, 1)) + shift[1]);
    }
    return out;
  }
};

namespace detail {

/// The rigid motion that brings points nearest to their partners (Kabsch 1976, in the plane).
inline RigidMotion best_motion(const Matrix<float>& from, const Matrix<float>& to) {
  double mean[4] = {0, 0, 0, 0};
  const double n = double(from.rows());
  for (Index i = 0; i < from.rows(); ++i) {
    for (Index k = 0; k < 2; ++k) {
      mean[k] += double(from(i, k)) / n;
      mean[2 + k] += double(to(i, k)) / n;
    }
  }
  double along = 0, across = 0;
  for (Index i = 0; i < from.rows(); ++i) {
    const double ax = double(from(i, 0)) - mean[0], ay = double(from(i, 1)) - mean[1], bx = double(to(i, 0)) - mean[2],
                 by = double(to(i, 1)) - mean[3];
    along += ax * bx + ay * by;
    across += ax * by - ay * bx;
  }
  RigidMotion out;
  out.angle = std::atan2(across, along);
  const double c = std::cos(out.angle), s = std::sin(out.angle);
  out.shift[0] = mean[2] - (c * mean[0] - s * mean[1]);
  out.shift[1] = mean[3] - (s * mean[0] + c * mean[1]);
  return out;
}

}  // namespace detail

/// Turns and shifts one slice onto another: iterated closest points (Besl and McKay 1992) from many turns, each point
/// with its nearest, in either direction; of the ends the one is taken whose points and, where given, features agree
/// best. Without features, the outline of the slices alone decides.
/// fixed (N, 2), moving (M, 2); features (N, F) and (M, F), of unit scale, or (0, 0); about: the turn in radians where
/// it is roughly known, as a round outline does not tell it
inline RigidMotion align_slices(const Matrix<float>& fixed, const Matrix<float>& moving,
                                const Matrix<float>& fixed_features = {}, const Matrix<float>& moving_features = {},
                                std::optional<double> about = {}) {
  LATENTCELL_REQUIRE(fixed.rows() >= 3 && moving.rows() >= 3 && fixed.cols() == 2 && moving.cols() == 2,
                     "align_slices: needs at least three points of two coordinates on either side, got (", fixed.rows(),
                     ", ", fixed.cols(), ") and (", moving.rows(), ", ", moving.cols(), ")");
  LATENTCELL_REQUIRE(
      fixed_features.size() == 0 || (fixed_features.rows() == fixed.rows() && moving_features.rows() == moving.rows() &&
                                     fixed_features.cols() == moving_features.cols()),
      "align_slices: features (", fixed_features.rows(), ", ", fixed_features.cols(), ") and (", moving_features.rows(),
      ", ", moving_features.cols(), ") for ", fixed.rows(), " and ", moving.rows(), " points");
  constexpr int turns = 24, rounds = 40;
  const double pi = 3.14159265358979323846;
  double unit = 0;  // mean distance of a fixed point to its nearest other
  {
    const kernel::Neighbors own = kernel::nearest_neighbors(view(fixed), 1);
    for (Index i = 0; i < fixed.rows(); ++i) unit += own.distance(i, 0) / double(fixed.rows());
  }
  const RowVector<float> centre = fixed.colwise().mean(), own_centre = moving.colwise().mean();
  RigidMotion best;
  best.cost = std::numeric_limits<double>::infinity();
  for (int turn = 0; turn < (about ? 1 : turns); ++turn) {
    RigidMotion now;
    now.angle = about ? *about : 2 * pi * turn / turns;
    const double c = std::cos(now.angle), s = std::sin(now.angle);
    now.shift[0] = double(centre(0)) - (c * double(own_centre(0)) - s * double(own_centre(1)));
    now.shift[1] = double(centre(1)) - (s * double(own_centre(0)) + c * double(own_centre(1)));
    for (int round = 0;; ++round) {
      const Matrix<float> at = now(moving);
      const kernel::Neighbors there = kernel::nearest_neighbors(view(at), view(fixed), 1),
                              back = kernel::nearest_neighbors(view(fixed), view(at), 1);
      now.cost = 0;
      Matrix<float> from(at.rows() + fixed.rows(), 2), to = from;
      for (Index i = 0; i < at.rows(); ++i) {
        from.row(i) = moving.row(i);
        to.row(i) = fixed.row(there.index(i, 0));
        now.cost += there.distance(i, 0) / unit / double(at.rows());
        if (fixed_features.size() > 0)
          now.cost += double((moving_features.row(i) - fixed_features.row(there.index(i, 0))).squaredNorm()) /
                      double(at.rows() * fixed_features.cols());
      }
      for (Index i = 0; i < fixed.rows(); ++i) {
        from.row(at.rows() + i) = moving.row(back.index(i, 0));
        to.row(at.rows() + i) = fixed.row(i);
        now.cost += back.distance(i, 0) / unit / double(fixed.rows());
      }
      if (now.cost < best.cost) best = now;
      if (round == rounds) break;
      const double cost = now.cost;
      now = detail::best_motion(from, to);
      now.cost = cost;
    }
  }
  return best;
}

}  // namespace latentcell
