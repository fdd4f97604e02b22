#pragma once

#include <span>

#include <latentcell/core/gaussian_path.hpp>
#include <latentcell/flow/coupling.hpp>
#include <latentcell/flow/interpolate.hpp>
#include <latentcell/flow/time_sampling.hpp>

namespace LATENTCELL_NAMESPACE {

/// The straight path from noise to data, z_t = (1 - t) noise + t data, whose velocity is data - noise.
/// Integrating a predicted velocity turns noise at t = 0 into data at t = 1. Liu et al., "Flow straight and
/// fast" (2022); Lipman et al., "Flow matching for generative modeling" (2022); times as in Esser et al., "Scaling
/// rectified flow transformers" (2024). Any other source can take the place of noise, for example control cells.
struct RectifiedFlow {
  static constexpr bool couples = true;

  TimeSamplingOptions time = {};              ///< which times are trained, and how often
  Coupling coupling = Coupling::independent;  ///< how noise and cells of a minibatch are paired

  static void visit(auto& self, auto&& f) {
    f("time", self.time);
    f("coupling", self.coupling);
  }

  PathCoefficients at(double t) const { return {t, 1 - t, 1, -1}; }

  /// Draws a training time for each cell.   t (B)
  template <class T>
  void draw_times(Rng& rng, std::span<T> t) const {
    latentcell::draw_times(time, rng, t);
  }

  /// Coefficients of data and noise in the point on the path and in the velocity there.
  template <class T>
  TargetCoefficients<T> coefficients(T t) const {
    return {t, 1 - t, T(1), T(-1)};
  }

  /// Computes the point on each cell's path at its time, and the velocity there.
  /// t (B) in [0, 1], noise (B, D), data (B, D) -> z_t (B, D), target (B, D)
  /// Exact at both ends; z_t and target must not overlap the input. Throws std::invalid_argument where shapes disagree.
  template <class T>
  void interpolate(std::span<const T> t, ConstView<T> noise, ConstView<T> data, View<T> z_t, View<T> target) const {
    detail::interpolate_rows<T>("RectifiedFlow", {t, noise, data, z_t, target},
                                [this](T t_of_cell) { return coefficients(t_of_cell); });
  }

  /// Weight of a time in the loss.
  double weight(double) const { return 1; }
  /// From the predicted velocity to the data: z + (1 - t) v.
  LinearMap denoised_from(double t) const { return {1, 1 - t}; }
  /// From the prediction to the velocity of the path: itself.
  LinearMap velocity_from(double) const { return {0, 1}; }
};

}  // namespace latentcell
