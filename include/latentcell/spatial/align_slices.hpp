#pragma once

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>
#include <vector>

#include <latentcell/core/error.hpp>
#include <latentcell/core/types.hpp>
#include <latentcell/kernel/neighbors.hpp>

namespace latentcell {

/// A turn and a shift of the plane: x -> R x + shift.
struct RigidMotion {
  double angle = 0;          ///< radians, counter-clockwise
  double shift[2] = {0, 0};  ///< after the turn
  double cost = 0;           ///< what candidate_alignments made least

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

/// The distance within which 95 % of the points have another: a point that lies inside a slice is hardly farther from
/// it.
inline double inside_distance(const Matrix<float>& points) {
  const kernel::Neighbors own = kernel::nearest_neighbors(view(points), 1);
  std::vector<double> nearest;
  for (Index i = 0; i < points.rows(); ++i) nearest.push_back(own.distance(i, 0));
  const std::size_t k = std::min(nearest.size() - 1, std::size_t(0.95 * double(nearest.size())));
  std::nth_element(nearest.begin(), nearest.begin() + std::ptrdiff_t(k), nearest.end());
  return std::max(1e-9, nearest[k]);
}

/// Turns and shifts of one slice onto another, best first, none within 30 degrees of a better one: iterated closest
/// points (Besl and McKay 1992) from many turns, each point with its nearest, in either direction. Only how far a point
/// lies outside the other slice counts: points of an array lie on a grid, and grids fit best at right angles, whatever
/// the tissue. The cost is the mean of that, there and back, in units of inside_distance(fixed), and the mean squared
/// difference of features where they are given. Without features, the outline of the slices alone decides.
/// fixed (N, 2), moving (M, 2); features (N, F) and (M, F), of unit scale, or (0, 0); about: the turn in radians where
/// it is roughly known, the only start then
inline std::vector<RigidMotion> candidate_alignments(const Matrix<float>& fixed, const Matrix<float>& moving,
                                                     const Matrix<float>& fixed_features = {},
                                                     const Matrix<float>& moving_features = {},
                                                     std::optional<double> about = {}) {
  LATENTCELL_REQUIRE(fixed.rows() >= 3 && moving.rows() >= 3 && fixed.cols() == 2 && moving.cols() == 2,
                     "align_slices: needs at least three points of two coordinates on either side, got (", fixed.rows(),
                     ", ", fixed.cols(), ") and (", moving.rows(), ", ", moving.cols(), ")");
  LATENTCELL_REQUIRE(
      fixed_features.size() == 0 || (fixed_features.rows() == fixed.rows() && moving_features.rows() == moving.rows() &&
                                     fixed_features.cols() == moving_features.cols()),
      "align_slices: features (", fixed_features.rows(), ", ", fixed_features.cols(), ") and (", moving_features.rows(),
      ", ", moving_features.cols(), ") for ", fixed.rows(), " and ", moving.rows(), " points");
  constexpr int turns = 36, rounds = 60;
  constexpr double pi = 3.14159265358979323846, still = 0.01;  // of a unit: less is no motion
  const double unit = inside_distance(fixed);
  const RowVector<float> centre = fixed.colwise().mean(), own_centre = moving.colwise().mean();
  std::vector<RigidMotion> ends;
  for (int turn = 0; turn < (about ? 1 : turns); ++turn) {
    RigidMotion now, best;
    best.cost = std::numeric_limits<double>::infinity();
    now.angle = about ? *about : 2 * pi * turn / turns;
    const double c = std::cos(now.angle), s = std::sin(now.angle);
    now.shift[0] = double(centre(0)) - (c * double(own_centre(0)) - s * double(own_centre(1)));
    now.shift[1] = double(centre(1)) - (s * double(own_centre(0)) + c * double(own_centre(1)));
    for (int round = 0; round <= rounds; ++round) {
      const Matrix<float> at = now(moving);
      const kernel::Neighbors there = kernel::nearest_neighbors(view(at), view(fixed), 1),
                              back = kernel::nearest_neighbors(view(fixed), view(at), 1);
      now.cost = 0;
      Matrix<float> from(at.rows() + fixed.rows(), 2), to = from;
      // A point is to move onto its partner as far as it lies outside; one that lies inside is to stay.
      const auto pair = [&](Index row, Index of_moving, Index of_fixed, double distance, double share) {
        const double outside = std::max(0.0, distance - unit);
        now.cost += share * outside / unit;
        from.row(row) = moving.row(of_moving);
        to.row(row) =
            at.row(of_moving) + float(outside / std::max(1e-12, distance)) * (fixed.row(of_fixed) - at.row(of_moving));
      };
      for (Index i = 0; i < at.rows(); ++i) {
        pair(i, i, there.index(i, 0), there.distance(i, 0), 1 / double(at.rows()));
        if (fixed_features.size() > 0)
          now.cost += double((moving_features.row(i) - fixed_features.row(there.index(i, 0))).squaredNorm()) /
                      double(at.rows() * fixed_features.cols());
      }
      for (Index i = 0; i < fixed.rows(); ++i)
        pair(at.rows() + i, back.index(i, 0), i, back.distance(i, 0), 1 / double(fixed.rows()));
      if (now.cost < best.cost) best = now;
      const RigidMotion next = detail::best_motion(from, to);
      if ((next(moving) - at).cwiseAbs().maxCoeff() < still * unit) break;
      now = next;
    }
    ends.push_back(best);
  }
  std::stable_sort(ends.begin(), ends.end(), [](const auto& a, const auto& b) { return a.cost < b.cost; });
  std::vector<RigidMotion> out;
  for (const RigidMotion& end : ends) {
    const bool near = std::any_of(out.begin(), out.end(), [&](const RigidMotion& better) {
      return std::abs(std::remainder(end.angle - better.angle, 2 * pi)) < pi / 6;
    });
    if (!near) out.push_back(end);
  }
  return out;
}

/// The best of candidate_alignments, which takes the same.
inline RigidMotion align_slices(const Matrix<float>& fixed, const Matrix<float>& moving,
                                const Matrix<float>& fixed_features = {}, const Matrix<float>& moving_features = {},
                                std::optional<double> about = {}) {
  return candidate_alignments(fixed, moving, fixed_features, moving_features, about).front();
}

/// The turns that fit almost as well as the best one, which is not among them: with less than twice its cost, or less
/// than 0.02 more. Where there are any, the outline does not tell how the slice is turned.     turns: as
/// candidate_alignments gives them, without features
inline std::vector<RigidMotion> ambiguous_alignments(const std::vector<RigidMotion>& turns) {
  std::vector<RigidMotion> out;
  for (std::size_t k = 1; k < turns.size(); ++k) {
    if (turns[k].cost < 2 * turns[0].cost || turns[k].cost < turns[0].cost + 0.02) out.push_back(turns[k]);
  }
  return out;
}

}  // namespace latentcell
