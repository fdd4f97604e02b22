#pragma once

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>
#include <optional>
#include <vector>

#include <latentcell/core/error.hpp>
#include <latentcell/core/median.hpp>
#include <latentcell/core/types.hpp>
#include <latentcell/kernel/neighbors.hpp>

namespace LATENTCELL_NAMESPACE::spatial {

/// A rotation and a translation of the plane: x -> R x + shift.
struct RigidMotion {
  double angle = 0;          ///< radians, counter-clockwise
  double shift[2] = {0, 0};  ///< added after the rotation
  double cost = 0;           ///< minimised by candidate_alignments

  /// shapes: x (N, 2) -> (N, 2)
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

/// Points of one slice, with features of unit scale that may guide an alignment.
struct SlicePoints {
  Matrix<float> coordinates;  ///< (N, 2)
  Matrix<float> features;     ///< (N, F), or (0, 0): the outline alone decides
};

namespace detail {

/// The rigid motion with the least squared distance of points to their partners (Kabsch 1976, in the plane).
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

/// The pairs of one round of iterated closest points, and their cost.
struct ClosestPairs {
  Matrix<float> from, to;  // (M + N, 2)
  double cost = 0;

  // moved: the moving points under the current motion; unit: outside_distance below this counts as inside
  ClosestPairs(const SlicePoints& fixed, const SlicePoints& moving, const Matrix<float>& moved, double unit)
      : from(moved.rows() + fixed.coordinates.rows(), 2), to(from.rows(), 2) {
    const Matrix<float>& target = fixed.coordinates;
    const kernel::Neighbors there = kernel::nearest_neighbors(view(moved), view(target), 1),
                            back = kernel::nearest_neighbors(view(target), view(moved), 1);
    // A point moves towards its partner as far as it lies outside; one that lies inside stays.
    const auto pair = [&](Index row, Index of_moving, Index of_fixed, double distance, double weight) {
      const double outside = std::max(0.0, distance - unit);
      cost += weight * outside / unit;
      from.row(row) = moving.coordinates.row(of_moving);
      to.row(row) = moved.row(of_moving) +
                    float(outside / std::max(1e-12, distance)) * (target.row(of_fixed) - moved.row(of_moving));
    };
    for (Index i = 0; i < moved.rows(); ++i) {
      pair(i, i, there.index(i, 0), there.distance(i, 0), 1 / double(moved.rows()));
      if (fixed.features.size() > 0)
        cost += double((moving.features.row(i) - fixed.features.row(there.index(i, 0))).squaredNorm()) /
                double(moved.rows() * fixed.features.cols());
    }
    for (Index i = 0; i < target.rows(); ++i)
      pair(moved.rows() + i, back.index(i, 0), i, back.distance(i, 0), 1 / double(target.rows()));
  }
};

/// Iterated closest points from one angle: the motion of least cost on the way.
inline RigidMotion iterate_closest_points(const SlicePoints& fixed, const SlicePoints& moving, double angle,
                                          double unit) {
  constexpr int rounds = 60;
  constexpr double still = 0.01;  // of a unit; a smaller motion ends the iteration
  const RowVector<float> centre = fixed.coordinates.colwise().mean(), from = moving.coordinates.colwise().mean();
  RigidMotion now, best;
  best.cost = std::numeric_limits<double>::infinity();
  now.angle = angle;
  const double c = std::cos(now.angle), s = std::sin(now.angle);
  now.shift[0] = double(centre(0)) - (c * double(from(0)) - s * double(from(1)));
  now.shift[1] = double(centre(1)) - (s * double(from(0)) + c * double(from(1)));
  for (int round = 0; round <= rounds; ++round) {
    const Matrix<float> moved = now(moving.coordinates);
    const ClosestPairs pairs(fixed, moving, moved, unit);
    now.cost = pairs.cost;
    if (now.cost < best.cost) best = now;
    const RigidMotion next = best_motion(pairs.from, pairs.to);
    if ((next(moving.coordinates) - moved).cwiseAbs().maxCoeff() < still * unit) break;
    now = next;
  }
  return best;
}

inline void check_points(const SlicePoints& fixed, const SlicePoints& moving) {
  const Matrix<float>&a = fixed.coordinates, &b = moving.coordinates;
  LATENTCELL_REQUIRE(a.rows() >= 3 && b.rows() >= 3 && a.cols() == 2 && b.cols() == 2,
                     "align_slices: needs at least three points of two coordinates on either side, got (", a.rows(),
                     ", ", a.cols(), ") and (", b.rows(), ", ", b.cols(), ")");
  LATENTCELL_REQUIRE(
      fixed.features.size() == 0 || (fixed.features.rows() == a.rows() && moving.features.rows() == b.rows() &&
                                     fixed.features.cols() == moving.features.cols()),
      "align_slices: features (", fixed.features.rows(), ", ", fixed.features.cols(), ") and (", moving.features.rows(),
      ", ", moving.features.cols(), ") for ", a.rows(), " and ", b.rows(), " points");
}

}  // namespace detail

/// Returns the distance within which 95 % of the points have a neighbour; a point inside a slice rarely lies farther
/// from it.
/// shapes: points (N, 2)
inline double inside_distance(const Matrix<float>& points) {
  const kernel::Neighbors near = kernel::nearest_neighbors(view(points), 1);
  std::vector<double> nearest;
  for (Index i = 0; i < points.rows(); ++i) nearest.push_back(near.distance(i, 0));
  return std::max(1e-9, sample_quantile(std::move(nearest), 0.95));
}

/// Returns rigid motions of one slice onto another, best first, none within 30 degrees of a better one.
/// Iterated closest points (Besl and McKay 1992) from 36 angles; each point of either side is paired with its nearest.
/// The cost is the mean distance outside the other slice, from either side, in units of inside_distance(fixed), plus
/// the mean squared difference of the features. Because spots of an array lie on a grid, the distance to the nearest
/// spot would be least at right angles, whatever the tissue; only the distance outside counts. about: a rough angle in
/// radians, then the only start
inline std::vector<RigidMotion> candidate_alignments(const SlicePoints& fixed, const SlicePoints& moving,
                                                     std::optional<double> about = {}) {
  detail::check_points(fixed, moving);
  constexpr int angles = 36;
  constexpr double pi = std::numbers::pi;
  const double unit = inside_distance(fixed.coordinates);
  std::vector<RigidMotion> ends;
  for (int k = 0; k < (about ? 1 : angles); ++k)
    ends.push_back(detail::iterate_closest_points(fixed, moving, about ? *about : 2 * pi * k / angles, unit));
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

/// Returns the best of candidate_alignments.
inline RigidMotion align_slices(const SlicePoints& fixed, const SlicePoints& moving, std::optional<double> about = {}) {
  return candidate_alignments(fixed, moving, about).front();
}

/// Returns the candidates that fit almost as well as the best one, which is not among them: cost below twice the best,
/// or less than 0.02 above it. Where there are any, the outline does not determine the rotation.
/// candidates: of candidate_alignments without features
inline std::vector<RigidMotion> ambiguous_alignments(const std::vector<RigidMotion>& candidates) {
  std::vector<RigidMotion> out;
  for (std::size_t k = 1; k < candidates.size(); ++k) {
    if (candidates[k].cost < 2 * candidates[0].cost || candidates[k].cost < candidates[0].cost + 0.02)
      out.push_back(candidates[k]);
  }
  return out;
}

/// What decided how a slice was moved.
enum class AlignedBy { expression, outline };

/// How one slice was moved onto others.
struct SliceAlignment {
  int slice = 0;  ///< from 0
  int onto = 0;   ///< the first of the slices it was moved onto
  AlignedBy by = AlignedBy::expression;
  RigidMotion motion;
  std::optional<RigidMotion> next = {};     ///< the second-best candidate
  std::vector<RigidMotion> ambiguous = {};  ///< by outline: candidates that fit almost as well
};

}  // namespace latentcell::spatial
