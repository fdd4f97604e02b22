#pragma once

#include <cmath>
#include <numbers>

#include <latentcell/core/error.hpp>
#include <latentcell/core/gaussian_path.hpp>

namespace LATENTCELL_NAMESPACE {

/// How the share of noise falls along a variance-preserving path, alpha^2 + sigma^2 = 1.
enum class NoiseSchedule {
  linear,   ///< noise rate linear in time, 0.1 to 20: Ho et al. 2020; Song et al. 2021, eq. 32
  cosine,   ///< Nichol and Dhariwal 2021, eq. 17: more time at middling noise; the usual choice for latents
  sigmoid,  ///< Jabri et al. 2022, start -3, end 3: less time near both ends
};

namespace detail {

/// alpha^2 and its derivative at noise time s in [0, 1], 0 the data.
struct SignalShare {
  double value, slope;
};

inline SignalShare signal_share(NoiseSchedule schedule, double s) {
  switch (schedule) {
    case NoiseSchedule::linear: {
      constexpr double least = 0.1, most = 20;
      const double value = std::exp(-0.5 * s * s * (most - least) - s * least);
      return {value, -(s * (most - least) + least) * value};
    }
    case NoiseSchedule::cosine: {
      constexpr double offset = 0.008, half_pi = std::numbers::pi / 2;
      const double angle = (s + offset) / (1 + offset) * half_pi, start = std::cos(offset / (1 + offset) * half_pi);
      const double scale = 1 / (start * start);
      return {std::cos(angle) * std::cos(angle) * scale, -std::sin(2 * angle) * half_pi / (1 + offset) * scale};
    }
    case NoiseSchedule::sigmoid: {
      constexpr double start = -3, end = 3;
      const auto sigmoid = [](double x) { return 1 / (1 + std::exp(-x)); };
      const double here = sigmoid(s * (end - start) + start), whole = sigmoid(end) - sigmoid(start);
      return {(sigmoid(end) - here) / whole, -here * (1 - here) * (end - start) / whole};
    }
  }
  throw_invalid("NoiseSchedule: there is no schedule ", int(schedule));
}

}  // namespace detail

/// The variance-preserving path of a schedule at time t in [0, 1], 0 the noise and 1 the data. Both ends are kept off
/// pure noise and pure data by a thousandth of the way, as in the discrete models of a thousand steps, so that every
/// prediction can be turned into every other one.
inline PathCoefficients schedule_point(NoiseSchedule schedule, double t) {
  LATENTCELL_REQUIRE(t >= 0 && t <= 1, "schedule_point: time must be in [0, 1], got ", t);
  constexpr double nearest = 1e-3, farthest = 1 - 1e-3;
  const detail::SignalShare share = detail::signal_share(schedule, farthest + (nearest - farthest) * t);
  const double slope = share.slope * (nearest - farthest);
  PathCoefficients p;
  p.alpha = std::sqrt(share.value);
  p.sigma = std::sqrt(1 - share.value);
  p.d_alpha = slope / (2 * p.alpha);
  p.d_sigma = -slope / (2 * p.sigma);
  return p;
}

}  // namespace latentcell
