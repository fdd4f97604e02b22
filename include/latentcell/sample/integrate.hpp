#pragma once

#include <cmath>
#include <vector>

#include <latentcell/core/options.hpp>
#include <latentcell/kernel/rows.hpp>
#include <latentcell/core/error.hpp>
#include <latentcell/sample/dormand_prince.hpp>
#include <latentcell/sample/method.hpp>
#include <latentcell/sample/step.hpp>
#include <latentcell/sample/velocity_field.hpp>

namespace LATENTCELL_NAMESPACE {

struct IntegrateOptions {
  Method method = Method::heun;
  Index steps = 50;         ///< steps of equal share of the grid; dormand_prince takes its own
  double from = 0, to = 1;  ///< times, in either order
  double shift = 1;         ///< above 1: shorter steps near t = 0, the noise; below 1: near t = 1. See time_grid
  double atol = 1e-5;       ///< of dormand_prince only, as the next two
  double rtol = 1e-5;
  Index max_steps = 1000;

  static void visit(auto& self, auto&& f) {
    f("method", self.method);
    f("steps", self.steps, at_least(1));
    f("from", self.from, finite());
    f("to", self.to, finite());
    f("shift", self.shift, above(0));
    f("atol", self.atol, at_least(0));
    f("rtol", self.rtol, at_least(0));
    f("max_steps", self.max_steps, at_least(1));
  }
};

/// Times from `from` to `to`, both included exactly.   -> (steps + 1)
/// shift s > 0 bends the even grid u in [0, 1] to t = u / (s - (s - 1) u), so that steps near 0 are s times shorter and
/// those near 1 s times longer than even ones (the time shift of Esser et al. 2024, eq. 23, with noise at t = 0). A
/// part of [0, 1], or the way back, walks the same curve; a shift other than 1 needs both times in [0, 1].
inline std::vector<double> time_grid(Index steps, double from = 0, double to = 1, double shift = 1) {
  LATENTCELL_REQUIRE(steps > 0, "time_grid: steps must be positive, got ", steps);
  LATENTCELL_REQUIRE(std::isfinite(from) && std::isfinite(to), "time_grid: times must be finite, got ", from, " and ",
                     to);
  LATENTCELL_REQUIRE(shift > 0 && std::isfinite(shift), "time_grid: shift must be positive, got ", shift);
  LATENTCELL_REQUIRE(shift == 1 || (std::min(from, to) >= 0 && std::max(from, to) <= 1), "time_grid: a shift of ",
                     shift, " needs times in [0, 1], got ", from, " and ", to);
  const auto even = [=](double t) { return shift * t / (1 + (shift - 1) * t); };
  const double first = shift == 1 ? from : even(from), last = shift == 1 ? to : even(to);
  std::vector<double> out{from};
  for (Index i = 1; i < steps; ++i) {
    const double u = first + (last - first) * double(i) / double(steps);
    out.push_back(shift == 1 ? u : u / (shift - (shift - 1) * u));
  }
  out.push_back(to);
  return out;
}

/// Integrates dz/dt = v(t, z) in place, by default from noise at t = 0 to data at t = 1.
/// z (B, D)
/// Memory is taken in the first step and reused. Throws std::invalid_argument for options out of range or z that is not
/// finite, std::runtime_error where z stops being finite on the way.
template <class T, VelocityField<T> V>
IntegrateResult integrate(V&& velocity, View<T> z, const IntegrateOptions& options = {}) {
  check_options("integrate", options);
  LATENTCELL_REQUIRE(!denoises(options.method),
                     "integrate: this method steps by predicted data, not by a velocity; call denoise() with the path");
  LATENTCELL_REQUIRE(kernel::all_finite(z), "integrate: z (", z.rows(), ", ", z.cols(),
                     ") is not finite before the first step");
  if (options.method == Method::dormand_prince) {
    return dormand_prince(velocity, z,
                          {.from = options.from,
                           .to = options.to,
                           .atol = options.atol,
                           .rtol = options.rtol,
                           .max_steps = options.max_steps});
  }
  const std::vector<double> times = time_grid(options.steps, options.from, options.to, options.shift);
  StepMemory<T> memory;
  IntegrateResult result;
  for (std::size_t i = 0; i + 1 < times.size(); ++i) {
    const T t = T(times[i]), next = T(times[i + 1]);
    switch (options.method) {
      case Method::euler:
        euler_step(velocity, t, next, z, memory);
        break;
      case Method::midpoint:
        midpoint_step(velocity, t, next, z, memory);
        break;
      case Method::heun:
        heun_step(velocity, t, next, z, memory);
        break;
      case Method::rk4:
        rk4_step(velocity, t, next, z, memory);
        break;
      default:
        throw_invalid("integrate: there is no method ", int(options.method));
    }
    ++result.steps;
    if (!kernel::all_finite(z)) {
      throw_runtime("integrate: z is no longer finite at t = ", times[i + 1], ", after ", result.steps, " of ",
                    options.steps, " steps");
    }
  }
  const Index stages = options.method == Method::euler ? 1 : options.method == Method::rk4 ? 4 : 2;
  result.evaluations = stages * result.steps;
  return result;
}

#ifdef LATENTCELL_INSTANCES
extern template IntegrateResult integrate<float, FieldRef<float>&>(FieldRef<float>& velocity, View<float> z,
                                                                   const IntegrateOptions& options);
#endif

}  // namespace latentcell
