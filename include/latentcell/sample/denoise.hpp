#pragma once

#include <cmath>
#include <functional>
#include <vector>

#include <latentcell/core/error.hpp>
#include <latentcell/core/gaussian_path.hpp>
#include <latentcell/kernel/rows.hpp>
#include <latentcell/sample/integrate.hpp>

namespace latentcell {

/// Tells the data that z_t came from: a callable d(t, z, x) that writes all of x.   z (B, D), x (B, D)
template <class V, class T>
concept Denoiser = VelocityField<V, T>;

/// Writes independent standard normal numbers to all of an array.   (B, D)
using NoiseSource = std::function<void(View<float>)>;

struct DenoiseOptions {
  Method method = Method::dpm_multistep;
  Index steps = 50;         ///< steps; more follow the path closer
  double from = 0, to = 1;  ///< times, ascending
  double shift = 1;         ///< above 1: shorter steps near the noise; see time_grid
  double eta = 0;           ///< ddim only; noise drawn on the way, 1 as much as DDPM does
};

namespace detail {

// z = a z + b x, and c times fresh noise where there is any.
template <class T>
void blend(View<T> z, double a, double b, const T* x) {
  T* const to = z.data();
  const T keep = T(a), add = T(b);
  kernel::each_element(
      z.size(), [=](Index i) __attribute__((always_inline)) { to[i] = keep * to[i] + add * x[i]; });
}

// The deterministic step of first order in the data: z_t = alpha_t x + sigma_t noise, with the noise that z and x tell.
// Also the exponential integrator of DPM-Solver++ (Lu et al. 2022, eq. 4), its exp(-h) written out, so that paths that
// start at pure noise or end at pure data need no limit.
template <class T>
void first_order_step(const PathCoefficients& at, const PathCoefficients& next, View<T> z, const T* x) {
  const double keep = next.sigma / at.sigma;
  blend(z, keep, next.alpha - at.alpha * keep, x);
}

// Half the log of the signal-to-noise ratio.
inline double log_snr(const PathCoefficients& p) { return std::log(p.alpha / p.sigma); }

}  // namespace detail

/// Carries z from noise at t = 0 to data at t = 1 by predicting the data at each step, in place.    z (B, D)
/// path.at(t) gives the shares of data and noise; normal(out) writes independent standard normal numbers to an array of
/// z's shape, and is called by the methods that draw noise alone.
///   ddim            Song, Meng and Ermon 2021, eq. 12, eta of its eq. 16; ancestral: Ho et al. 2020, eq. 7
///   dpm_multistep   Lu et al., "DPM-Solver++" (2022), algorithm 2; the first step is of order 1, and so is the last,
///   over which the
///                   log of the signal-to-noise ratio runs so far that a line through two predictions misleads
///   dpm_singlestep  algorithm 1, its middle halfway in time
///   euler_maruyama  the reverse-time SDE of Song et al. 2021, eq. 6; needs a path with some data at t = 0
/// Throws std::invalid_argument for options out of range, std::runtime_error where z stops being finite.
template <class T, Denoiser<T> D, Path P, class Normal>
IntegrateResult denoise(D&& denoiser, const P& path, View<T> z, const DenoiseOptions& options, Normal&& normal) {
  LATENTCELL_REQUIRE(denoises(options.method),
                     "denoise: this method follows a velocity; call integrate(), or choose ddim or dpm_multistep");
  LATENTCELL_REQUIRE(options.from < options.to, "denoise: goes from noise to data, got times ", options.from, " to ",
                     options.to);
  LATENTCELL_REQUIRE(options.eta == 0 || options.method == Method::ddim,
                     "denoise: eta is ddim's; other methods draw no noise, or as much as they must");
  LATENTCELL_REQUIRE(options.eta >= 0 && options.eta <= 1, "denoise: eta must be in [0, 1], got ", options.eta);
  const double eta = options.method == Method::ancestral ? 1 : options.method == Method::ddim ? options.eta : 0;
  const std::vector<double> times = time_grid(options.steps, options.from, options.to, options.shift);
  LATENTCELL_REQUIRE(options.method != Method::euler_maruyama || path.at(times[0]).alpha > 0,
                     "denoise: euler_maruyama needs some data in z at the first time, and this path starts at pure "
                     "noise; choose ancestral");
  StepMemory<T> memory;
  View<T> x = memory.at(0, z), fresh = memory.at(1, z), before = memory.at(2, z);
  IntegrateResult result;
  const auto ask = [&](double t, View<T> at, View<T> out) {
    denoiser(T(t), as_const(at), out);
    ++result.evaluations;
  };
  double last_width = 0;  // of the step before, in log SNR
  for (std::size_t i = 0; i + 1 < times.size(); ++i) {
    const PathCoefficients at = path.at(times[i]), next = path.at(times[i + 1]);
    const bool last = i + 2 == times.size();
    ask(times[i], z, x);
    switch (options.method) {
      case Method::dpm_multistep: {
        const double width = detail::log_snr(next) - detail::log_snr(at), r = last_width / width;
        // Data ahead of time, along the line through the last two predictions.
        const bool second = i > 0 && !last && std::isfinite(r) && r > 0;
        View<T> ahead = second ? fresh : x;
        if (second) {
          std::copy_n(x.data(), z.size(), ahead.data());
          detail::blend(ahead, 1 + 1 / (2 * r), -1 / (2 * r), before.data());
        }
        detail::first_order_step(at, next, z, ahead.data());
        std::copy_n(x.data(), z.size(), before.data());
        last_width = width;
        break;
      }
      case Method::dpm_singlestep: {
        const double middle = (times[i] + times[i + 1]) / 2;
        const PathCoefficients half = path.at(middle);
        const double r = (detail::log_snr(half) - detail::log_snr(at)) / (detail::log_snr(next) - detail::log_snr(at));
        if (std::isfinite(r) && r > 0) {
          std::copy_n(z.data(), z.size(), fresh.data());
          detail::first_order_step(at, half, fresh, x.data());
          ask(middle, fresh, before);
          detail::blend(x, 1 - 1 / (2 * r), 1 / (2 * r), before.data());
        }
        detail::first_order_step(at, next, z, x.data());
        break;
      }
      case Method::euler_maruyama: {
        // dz = (velocity + g^2 / 2 score) dt + g dW, with noise = (z - alpha x) / sigma and score = -noise / sigma.
        const double h = times[i + 1] - times[i];
        const double rate = 2 * (at.sigma * at.sigma * at.d_alpha / at.alpha - at.sigma * at.d_sigma);
        const double of_noise = at.d_sigma - rate / (2 * at.sigma);
        detail::blend(z, 1 + h * of_noise / at.sigma, h * (at.d_alpha - of_noise * at.alpha / at.sigma), x.data());
        normal(fresh);
        kernel::add_scaled(z.size(), T(std::sqrt(rate * h)), fresh.data(), z.data());
        break;
      }
      default: {
        // Of the new noise a part is drawn afresh: its deviation is eta times that of z_t given z and the data.
        const double known = next.alpha > 0 ? at.alpha * next.sigma / (next.alpha * at.sigma) : 1;
        const double drawn = eta * next.sigma * std::sqrt(std::max(0.0, 1 - known * known));
        const double kept = std::sqrt(std::max(0.0, next.sigma * next.sigma - drawn * drawn)) / at.sigma;
        detail::blend(z, kept, next.alpha - at.alpha * kept, x.data());
        if (drawn > 0) {
          normal(fresh);
          kernel::add_scaled(z.size(), T(drawn), fresh.data(), z.data());
        }
      }
    }
    ++result.steps;
    if (!detail::all_finite(z)) {
      throw_runtime("denoise: z is no longer finite at t = ", times[i + 1], ", after ", result.steps, " of ",
                    options.steps, " steps");
    }
  }
  return result;
}

#ifdef LATENTCELL_INSTANCES
extern template IntegrateResult denoise<float, FieldRef<float>&, PathRef, NoiseSource&>(
    FieldRef<float>& denoiser, const PathRef& path, View<float> z, const DenoiseOptions& options, NoiseSource& normal);
#endif

}  // namespace latentcell
