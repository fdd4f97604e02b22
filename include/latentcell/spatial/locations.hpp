#pragma once

#include <algorithm>
#include <cmath>
#include <vector>

#include <latentcell/core/error.hpp>
#include <latentcell/core/types.hpp>

namespace LATENTCELL_NAMESPACE::spatial {

/// One location of a tissue.
struct Location {
  float x = 0, y = 0;  ///< in units of the coordinates
  int slice = 0;       ///< from 0
  Index row = -1;      ///< its own row among reference cells, which is not its neighbour; -1: it is none of them
};

/// What is subtracted from coordinates before they become floats.
struct Origin {
  double x = 0, y = 0;

  /// Coordinates as floats.     (N, 2) -> (N, 2)
  Matrix<float> to_floats(const Matrix<double>& xy) const {
    Matrix<float> out(xy.rows(), 2);
    out.col(0) = (xy.col(0).array() - x).matrix().cast<float>();
    out.col(1) = (xy.col(1).array() - y).matrix().cast<float>();
    return out;
  }
  /// The coordinates of before.     (N, 2) -> (N, 2)
  Matrix<double> add_to(const Matrix<float>& xy) const {
    Matrix<double> out = xy.cast<double>();
    out.col(0).array() += x;
    out.col(1).array() += y;
    return out;
  }
  bool operator==(const Origin&) const = default;
};

/// Returns the middle of the coordinates where floats hardly tell them apart, as places in a far corner of a map are;
/// else 0, which leaves coordinates as they are.
/// xy: finite, of two columns at least
/// shapes: xy (N, 2)
inline Origin origin_of(const Matrix<double>& xy) {
  const auto middle = [&](Index column) {
    if (xy.rows() == 0) return 0.0;
    const double low = xy.col(column).minCoeff(), high = xy.col(column).maxCoeff();
    constexpr double steps = 2048;  // a float has 2^24: at least 2^13 remain over the range
    return std::max(std::abs(low), std::abs(high)) > steps * (high - low) ? std::round((low + high) / 2) : 0.0;
  };
  return {middle(0), middle(1)};
}

/// Locations of a tissue: two coordinates within a slice, and the slice.
struct Locations {
  Matrix<float> coordinates;  ///< (N, 2)
  std::vector<int> slice;     ///< (N) from 0

  Index size() const { return coordinates.rows(); }

  /// Returns location i as a query. Where the locations are the reference themselves, set `row` to i.
  Location operator[](Index i) const { return {coordinates(i, 0), coordinates(i, 1), slice[to_size(i)]}; }

  /// Throws std::invalid_argument, beginning with `caller`, unless there are two coordinates and a slice per location.
  void check(const char* caller) const {
    LATENTCELL_REQUIRE(coordinates.cols() == 2 && Index(slice.size()) == size(), caller, ": coordinates (", size(),
                       ", ", coordinates.cols(), ") and ", slice.size(), " slices; needs (N, 2) and N");
  }
};

}  // namespace latentcell::spatial
