#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <utility>

#include <latentcell/core/options.hpp>
#include <latentcell/core/error.hpp>
#include <latentcell/kernel/rows.hpp>
#include <latentcell/sample/step.hpp>
#include <latentcell/sample/velocity_field.hpp>

namespace LATENTCELL_NAMESPACE {

/// What an integration cost.
struct IntegrateResult {
  Index evaluations = 0;  ///< calls of the velocity
  Index steps = 0;        ///< steps taken
  Index rejected = 0;     ///< steps tried and thrown away, for their error was too large
};

/// How exactly dormand_prince follows the path.
struct DormandPrinceOptions {
  double from = 0, to = 1;  ///< times, in either order
  double atol = 1e-5;       ///< error allowed in each step, absolute; larger: faster
  double rtol = 1e-5;       ///< error allowed in each step, relative to |z|; larger: faster. In float not below 1e-6
  double first_step = 0;    ///< length of the first step tried; 0: found from the velocity, one evaluation more
  Index max_steps = 1000;   ///< steps taken and rejected before it gives up

  static void visit(auto& self, auto&& f) {
    f("from", self.from, finite());
    f("to", self.to, finite());
    f("atol", self.atol, at_least(0));
    f("rtol", self.rtol, at_least(0));
    f("first_step", self.first_step, at_least(0));
    f("max_steps", self.max_steps, at_least(1));
  }
};

namespace detail {

// Dormand and Prince, "A family of embedded Runge-Kutta formulae" (1980), the pair of orders 5 and 4. Row s of `a`
// leads to stage s + 2; the last row is the result, whose velocity is the first stage of the next step.
inline constexpr std::array<double, 6> dormand_prince_c{1.0 / 5, 3.0 / 10, 4.0 / 5, 8.0 / 9, 1.0, 1.0};
inline constexpr std::array<std::array<double, 6>, 6> dormand_prince_a{{
    {1.0 / 5, 0, 0, 0, 0, 0},
    {3.0 / 40, 9.0 / 40, 0, 0, 0, 0},
    {44.0 / 45, -56.0 / 15, 32.0 / 9, 0, 0, 0},
    {19372.0 / 6561, -25360.0 / 2187, 64448.0 / 6561, -212.0 / 729, 0, 0},
    {9017.0 / 3168, -355.0 / 33, 46732.0 / 5247, 49.0 / 176, -5103.0 / 18656, 0},
    {35.0 / 384, 0, 500.0 / 1113, 125.0 / 192, -2187.0 / 6784, 11.0 / 84},
}};
inline constexpr std::array<double, 7> dormand_prince_error{71.0 / 57600,      0,          -71.0 / 16695, 71.0 / 1920,
                                                            -17253.0 / 339200, 22.0 / 525, -1.0 / 40};

// Root of the mean square of x[i] / (atol + rtol * max(|a[i]|, |b[i]|)), summed in order, whatever the threads.
template <class F, class T>
double scaled_rms(Index n, const F& x, const T* a, const T* b, const DormandPrinceOptions& options) {
  double sum = 0;
  for (Index i = 0; i < n; ++i) {
    const double size = std::max(std::abs(double(a[i])), std::abs(double(b[i])));
    const double ratio = x(i) / (options.atol + options.rtol * size);
    sum += ratio * ratio;
  }
  return std::sqrt(sum / double(std::max<Index>(n, 1)));
}

// Hairer, Norsett and Wanner, "Solving ordinary differential equations I", II.4: a length at which an Euler step and
// the change of the velocity over it are small.
template <class T, class V>
double first_step(V& velocity, const View<T>& z, const T* k, View<T> probe, View<T> slope,
                  const DormandPrinceOptions& options) {
  const double direction = options.to > options.from ? 1 : -1, whole = std::abs(options.to - options.from);
  const Index n = z.size();
  const double d0 = scaled_rms(
      n, [&](Index i) { return double(z.data()[i]); }, z.data(), z.data(), options);
  const double d1 = scaled_rms(
      n, [&](Index i) { return double(k[i]); }, z.data(), z.data(), options);
  const double h0 = std::min(whole, d0 < 1e-5 || d1 < 1e-5 ? 1e-6 : 0.01 * d0 / d1);
  for (Index i = 0; i < n; ++i) probe.data()[i] = z.data()[i] + T(direction * h0) * k[i];
  velocity(T(options.from + direction * h0), as_const(probe), slope);
  const auto change = [&](Index i) { return double(slope.data()[i]) - double(k[i]); };
  const double d2 = scaled_rms(n, change, z.data(), z.data(), options) / h0;
  const double most = std::max(d1, d2);
  const double h1 = most <= 1e-15 ? std::max(1e-6, h0 * 1e-3) : std::pow(0.01 / most, 0.2);
  return std::min({100 * h0, h1, whole});
}

// One run of dormand_prince(): the stages of a step and what the step's error makes of its length.
template <class T, class V>
struct DormandPrinceRun {
  V& velocity;
  View<T> z;
  const DormandPrinceOptions& options;
  StepMemory<T> memory = {};
  std::array<T*, 7> k = stages();
  View<T> next = memory.at(7, z);
  IntegrateResult result = {};
  double t = options.from, length = 0, last_error = 1e-4;
  double largest_growth = 10;  // of the step length; 1 after a rejected step

  std::array<T*, 7> stages() {
    std::array<T*, 7> out{};
    for (std::size_t s = 0; s < 7; ++s) out[s] = memory.at(s, z).data();
    return out;
  }
  View<T> stage(std::size_t s) { return View<T>(k[s], z.rows(), z.cols()); }

  void evaluate(double at, View<T> from, std::size_t s) {
    velocity(T(at), as_const(from), stage(s));
    ++result.evaluations;
  }

  void start() {
    evaluate(t, z, 0);
    length = std::min(options.first_step, std::abs(options.to - options.from));
    if (length > 0) return;
    length = first_step(velocity, z, k[0], next, stage(1), options);
    ++result.evaluations;
  }

  // The six further stages of a step of length h that ends at t_end; `next` holds where it leads.
  void run_stages(double h, double t_end) {
    const Index n = z.size();
    for (std::size_t s = 0; s < 6; ++s) {
      std::array<T, 6> a{};
      for (std::size_t j = 0; j <= s; ++j) a[j] = T(h * dormand_prince_a[s][j]);
      const T* from = z.data();
      T* to = next.data();
      kernel::each_element(n, [&, from, to](Index i) {
        T sum = from[i];
        for (std::size_t j = 0; j <= s; ++j) sum += a[j] * k[j][i];
        to[i] = sum;
      });
      evaluate(s >= 4 ? t_end : t + h * dormand_prince_c[s], next, s + 1);
    }
  }

  double error_of(double h) {
    const auto difference = [&](Index i) {
      double sum = 0;
      for (std::size_t j = 0; j < 7; ++j) sum += dormand_prince_error[j] * double(k[j][i]);
      return h * sum;
    };
    return scaled_rms(z.size(), difference, z.data(), next.data(), options);
  }

  // Gains of Hairer's dopri5: 0.2 - 0.75 * 0.04 for this step's error, 0.04 for the last one's.
  void accept(double h, double t_end, double error) {
    ++result.steps;
    t = t_end;
    std::copy_n(next.data(), z.size(), z.data());
    std::swap(k[0], k[6]);
    const double factor = 0.9 * std::pow(std::max(error, 1e-10), -0.17) * std::pow(last_error, 0.04);
    length = std::abs(h) * std::clamp(factor, 0.2, largest_growth);
    last_error = std::max(error, 1e-4);
    largest_growth = 10;
  }

  void reject(double h, double error) {
    ++result.rejected;
    length = std::isfinite(error) ? std::abs(h) * std::max(0.1, 0.9 * std::pow(error, -0.17)) : std::abs(h) * 0.1;
    largest_growth = 1;
  }

  void check_progress() const {
    if (result.steps + result.rejected >= options.max_steps) {
      throw_runtime("dormand_prince: ", options.max_steps, " steps led to t = ", t, " on the way from ", options.from,
                    " to ", options.to, "; allow more steps or larger tolerances");
    }
    if (!(length > 1e-14 * std::max(1.0, std::abs(t)))) {
      throw_runtime("dormand_prince: the step length fell to ", length, " at t = ", t,
                    "; the velocity is not smooth or not finite there, or the tolerances are too small");
    }
  }
};

}  // namespace detail

/// Integrates dz/dt = v(t, z) with steps as long as the tolerances allow, in place.
/// z (B, D)
/// The error of a step is the root mean square over the whole batch of error / (atol + rtol |z|) and must not pass 1.
/// A cell's path therefore depends, within the tolerance, on the cells of its batch. Step lengths follow the error of
/// the last two steps (PI control); the last stage of a step is the first of the next. Throws std::runtime_error where
/// max_steps do not suffice, the step length vanishes or the velocity is not finite.
template <class T, VelocityField<T> V>
IntegrateResult dormand_prince(V&& velocity, View<T> z, const DormandPrinceOptions& options = {}) {
  check_options("dormand_prince", options);
  LATENTCELL_REQUIRE(options.atol + options.rtol > 0, "dormand_prince: atol and rtol must not both be 0");
  if (z.size() == 0 || options.from == options.to) return {};
  detail::DormandPrinceRun<T, std::remove_reference_t<V>> run{velocity, z, options};
  run.start();
  while (run.t != options.to) {
    run.check_progress();
    // A last step that is slightly longer avoids one that is too short.
    const double left = options.to - run.t;
    const bool last = run.length * 1.01 >= std::abs(left);
    const double h = last ? left : std::copysign(run.length, left), t_end = last ? options.to : run.t + h;
    run.run_stages(h, t_end);
    const double error = run.error_of(h);
    if (error <= 1) {
      run.accept(h, t_end, error);
    } else {
      run.reject(h, error);
    }
  }
  return run.result;
}

#ifdef LATENTCELL_INSTANCES
extern template IntegrateResult dormand_prince<float, FieldRef<float>&>(FieldRef<float>& velocity, View<float> z,
                                                                        const DormandPrinceOptions& options);
#endif

}  // namespace latentcell
