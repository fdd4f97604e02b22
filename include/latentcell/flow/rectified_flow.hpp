#pragma once

#include <span>

#include <latentcell/core/error.hpp>
#include <latentcell/flow/time_sampling.hpp>
#include <latentcell/kernel/parallel.hpp>
#include <latentcell/kernel/rows.hpp>

namespace latentcell {

/// The straight path from noise to data, z_t = (1 - t) noise + t data, whose velocity is data - noise.
/// A field trained to predict this velocity carries noise at t = 0 to data at t = 1. Liu et al., "Flow straight and
/// fast" (2022); Lipman et al., "Flow matching for generative modeling" (2022); times as in Esser et al., "Scaling
/// rectified flow transformers" (2024).
struct RectifiedFlow {
  TimeSamplingOptions time = {};  ///< which times are trained, and how often

  /// Draws a training time for each cell.   t (B)
  template <class T>
  void draw_times(Rng& rng, std::span<T> t) const {
    latentcell::draw_times(time, rng, t);
  }

  /// The point on each cell's path at its time, and the velocity there.
  /// t (B) in [0, 1], noise (B, D), data (B, D) -> z_t (B, D), target (B, D)
  /// Exact at both ends; z_t and target must not overlap the input. Throws std::invalid_argument where shapes disagree.
  template <class T>
  void interpolate(std::span<const T> t, ConstView<T> noise, ConstView<T> data, View<T> z_t, View<T> target) const {
    const auto same = [&](const char* name, const auto& m) {
      LATENTCELL_REQUIRE(m.rows() == data.rows() && m.cols() == data.cols(), "RectifiedFlow: ", name, " (", m.rows(),
                         ", ", m.cols(), ") but data (", data.rows(), ", ", data.cols(), ")");
    };
    same("noise", noise);
    same("z_t", z_t);
    same("target", target);
    LATENTCELL_REQUIRE(Index(t.size()) == data.rows(), "RectifiedFlow: ", t.size(), " times for ", data.rows(),
                       " cells");
    const Index d = data.cols();
    kernel::parallel_ranges(data.rows(), kernel::row_grain(d), [&](Index first, Index last) {
      for (Index b = first; b < last; ++b) {
        const T at = t[to_size(b)];
        const T *from = noise.data() + b * d, *to = data.data() + b * d;
        T *z = z_t.data() + b * d, *v = target.data() + b * d;
        for (Index j = 0; j < d; ++j) {
          z[j] = (1 - at) * from[j] + at * to[j];
          v[j] = to[j] - from[j];
        }
      }
    });
  }
};

}  // namespace latentcell
