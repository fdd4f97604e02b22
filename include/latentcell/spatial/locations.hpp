#pragma once

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
