#pragma once

#include <algorithm>
#include <cmath>
#include <numbers>
#include <vector>

#include <latentcell/autodiff/param.hpp>
#include <latentcell/core/options.hpp>
#include <latentcell/spatial/kriging.hpp>

namespace LATENTCELL_NAMESPACE::spatial {

struct SpatialContextOptions {
  std::vector<Index> neighbors = {1, 6, 25};  ///< values are averaged over so many nearest cells, each at least 1
  Index kriged = 40;                          ///< nearest cells that kriging uses, at least 1. Larger: slower.
  Index waves = 3;       ///< Fourier frequencies 1, 2, 4, ... of each coordinate over the tissue, at least 0
  double slice_gap = 1;  ///< distance between neighbouring slices, in units of the coordinates, at least 0

  static void visit(auto& self, auto&& f) {
    f("neighbors", self.neighbors, fixed(each(at_least(1))));
    f("kriged", self.kriged, at_least(1));
    f("waves", self.waves, fixed(at_least(0)));
    f("slice_gap", self.slice_gap, at_least(0));
  }
};

/// Condition features of a location: means of its nearest reference cells and the distance to the last of them, for
/// each number of neighbours; the kriging mean; the coordinates, plain and as Fourier features; the slice.
struct SpatialContext {
  SpatialContextOptions options;
  Buffer<double> variogram;  // (1, 2) range and nugget
  Buffer<double> frame;      // (1, 3) centre x, centre y and half the larger extent of the tissue

  explicit SpatialContext(const SpatialContextOptions& o = {})
      : options(check_options("SpatialContext", o)), variogram(1, 2), frame(1, 3) {
    const kernel::Variogram usual;
    variogram.value << usual.range, usual.nugget;
    frame.value << 0, 0, 1;
  }

  /// Condition features of a location whose reference values have so many columns.
  Index columns(Index values) const {
    return Index(options.neighbors.size() + 1) * values + Index(options.neighbors.size()) + 2 + 4 * options.waves + 1;
  }

  /// The column where the kriging mean begins.
  Index first_kriged(Index values) const { return Index(options.neighbors.size()) * (values + 1); }

  kernel::Variogram fitted_variogram() const { return {variogram.value(0, 0), variogram.value(0, 1)}; }

  /// Takes the tissue's extent and the variogram from reference cells.
  void fit(const SpatialReference& reference, const SpatialMask& mask, Rng& rng) {
    const RowVector<float> low = reference.coordinates.colwise().minCoeff(),
                           high = reference.coordinates.colwise().maxCoeff();
    for (int k = 0; k < 2; ++k) frame.value(0, k) = 0.5 * double(low(k) + high(k));
    frame.value(0, 2) = std::max(1e-6, 0.5 * double((high - low).maxCoeff()));
    const kernel::Variogram found =
        fit_variogram(reference, mask, {.slice_gap = options.slice_gap, .neighbors = options.kriged}, rng);
    variogram.value << found.range, found.nugget;
  }

  /// Writes the features of one location.
  /// to: one number for each of columns(K), where K is the columns of reference.values
  /// shapes: to (columns(K))
  void features(const SpatialReference& reference, const Location& at, const SpatialMask& mask, float* to) const {
    const Index k = reference.values.cols();
    Index most = options.kriged;
    for (const Index n : options.neighbors) most = std::max(most, n);
    const NeighborQuery near(reference, at, mask, options.slice_gap, most);
    for (const Index n : options.neighbors) {
      const Index used = std::min<Index>(n, near.size());
      std::fill_n(to, k, 0.0f);
      for (Index i = 0; i < used; ++i) {
        for (Index j = 0; j < k; ++j) to[j] += reference.values(near.row[to_size(i)], j) / float(used);
      }
      to += k;
      *to++ = used == 0 ? 3.0f : float(std::log1p(near.distance[to_size(used - 1)])) - 1.0f;
    }
    const RowVector<double> kriged = krige(reference, near, fitted_variogram(), options.slice_gap, options.kriged);
    for (Index j = 0; j < k; ++j) *to++ = float(kriged(j));
    const double x = (double(at.x) - frame.value(0, 0)) / frame.value(0, 2),
                 y = (double(at.y) - frame.value(0, 1)) / frame.value(0, 2);
    *to++ = float(x);
    *to++ = float(y);
    double wave = std::numbers::pi;
    for (Index w = 0; w < options.waves; ++w, wave *= 2) {
      for (const double v : {x, y}) {
        *to++ = float(std::sin(wave * v));
        *to++ = float(std::cos(wave * v));
      }
    }
    *to = float(at.slice);
  }

  static void visit(auto& self, auto&& f) {
    f("variogram", self.variogram);
    f("frame", self.frame);
  }
};

}  // namespace latentcell::spatial
