#pragma once

#include <cmath>
#include <functional>
#include <vector>

#include <latentcell/core/options.hpp>
#include <latentcell/core/error.hpp>
#include <latentcell/core/gaussian_path.hpp>
#include <latentcell/kernel/rows.hpp>
#include <latentcell/sample/integrate.hpp>

namespace LATENTCELL_NAMESPACE {

/// Predicts the data from z_t: a callable d(t, z, x) that writes all of x.
/// z (B, D), x (B, D)
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

  static void visit(auto& self, auto&& f) {
    f("method", self.method);
    f("steps", self.steps, at_least(1));
    f("from", self.from, finite());
    f("to", self.to, finite());
    f("shift", self.shift, above(0));
    f("eta", self.eta, in(0, 1));
  }
};

namespace detail {

// z = a z + b x.
template <class T>
void combine(View<T> z, double a, double b, const T* x) {
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
  combine(z, keep, next.alpha - at.alpha * keep, x);
}

// Half the log of the signal-to-noise ratio.
inline double log_snr(const PathCoefficients& p) { return std::log(p.alpha / p.sigma); }

// One run of denoise(): what its steps share.
template <class T, class D, class P, class Normal>
struct DenoiseRun {
  D& denoiser;
  const P& path;
  Normal& normal;
  View<T> z;
  double eta;
  StepMemory<T> memory = {};
  View<T> x = memory.at(0, z), scratch = memory.at(1, z), before = memory.at(2, z);
  Index evaluations = 0;
  double last_width = 0;  // of the step before, in log SNR

  struct Step {
    double t, t_next;
    PathCoefficients at, next;
    enum class Place { first, middle, last } place;
  };

  void predict(double t, View<T> from, View<T> data) {
    denoiser(T(t), as_const(from), data);
    ++evaluations;
  }

  // Extrapolates the data along the line through the last two predictions.
  void multistep(const Step& s) {
    const double width = log_snr(s.next) - log_snr(s.at), r = last_width / width;
    const bool second = s.place == Step::Place::middle && std::isfinite(r) && r > 0;
    View<T> ahead = second ? scratch : x;
    if (second) {
      std::copy_n(x.data(), z.size(), ahead.data());
      combine(ahead, 1 + 1 / (2 * r), -1 / (2 * r), before.data());
    }
    first_order_step(s.at, s.next, z, ahead.data());
    std::copy_n(x.data(), z.size(), before.data());
    last_width = width;
  }

  void singlestep(const Step& s) {
    const double middle = (s.t + s.t_next) / 2;
    const PathCoefficients half = path.at(middle);
    const double r = (log_snr(half) - log_snr(s.at)) / (log_snr(s.next) - log_snr(s.at));
    if (std::isfinite(r) && r > 0) {
      std::copy_n(z.data(), z.size(), scratch.data());
      first_order_step(s.at, half, scratch, x.data());
      predict(middle, scratch, before);
      combine(x, 1 - 1 / (2 * r), 1 / (2 * r), before.data());
    }
    first_order_step(s.at, s.next, z, x.data());
  }

  // dz = (velocity + g^2 / 2 score) dt + g dW, with noise = (z - alpha x) / sigma and score = -noise / sigma.
  void euler_maruyama(const Step& s) {
    const double h = s.t_next - s.t;
    const PathCoefficients& at = s.at;
    const double rate = 2 * (at.sigma * at.sigma * at.d_alpha / at.alpha - at.sigma * at.d_sigma);
    const double of_noise = at.d_sigma - rate / (2 * at.sigma);
    combine(z, 1 + h * of_noise / at.sigma, h * (at.d_alpha - of_noise * at.alpha / at.sigma), x.data());
    add_noise(std::sqrt(rate * h));
  }

  // The new noise is the old one in part; its new part has eta times the deviation of z_t given z and the data.
  void ddim(const Step& s) {
    const PathCoefficients &at = s.at, &next = s.next;
    const double correlation = next.alpha > 0 ? at.alpha * next.sigma / (next.alpha * at.sigma) : 1;
    const double drawn = eta * next.sigma * std::sqrt(std::max(0.0, 1 - correlation * correlation));
    const double kept = std::sqrt(std::max(0.0, next.sigma * next.sigma - drawn * drawn)) / at.sigma;
    combine(z, kept, next.alpha - at.alpha * kept, x.data());
    if (drawn > 0) add_noise(drawn);
  }

  void add_noise(double deviation) {
    normal(scratch);
    kernel::add_scaled(z.size(), T(deviation), scratch.data(), z.data());
  }

  void step(Method method, const Step& s) {
    predict(s.t, z, x);
    switch (method) {
      case Method::dpm_multistep:
        return multistep(s);
      case Method::dpm_singlestep:
        return singlestep(s);
      case Method::euler_maruyama:
        return euler_maruyama(s);
      default:
        return ddim(s);
    }
  }
};

template <class P>
void check_denoise(const DenoiseOptions& options, const P& path) {
  LATENTCELL_REQUIRE(denoises(options.method),
                     "denoise: this method follows a velocity; call integrate(), or choose ddim or dpm_multistep");
  check_options("denoise", options);
  LATENTCELL_REQUIRE(options.from < options.to, "denoise: goes from noise to data, got times ", options.from, " to ",
                     options.to);
  LATENTCELL_REQUIRE(options.eta == 0 || options.method == Method::ddim,
                     "denoise: eta is ddim's; other methods draw no noise, or as much as they must");
  LATENTCELL_REQUIRE(options.method != Method::euler_maruyama || path.at(options.from).alpha > 0,
                     "denoise: euler_maruyama needs some data in z at the first time, and this path starts at pure "
                     "noise; choose ancestral");
}

}  // namespace detail

/// Turns noise at t = 0 into data at t = 1 by predicting the data at each step, in place.
/// z (B, D)
/// path.at(t) gives the coefficients of data and noise; normal(out) writes independent standard normal numbers to an
/// array of z's shape. Only methods that draw noise call it.
///
///     ddim            Song, Meng and Ermon 2021, eq. 12, eta of its eq. 16; ancestral: Ho et al. 2020, eq. 7
///     dpm_multistep   Lu et al., "DPM-Solver++" (2022), algorithm 2; the first and the last step are of order 1,
///                     because over the last one the log signal-to-noise ratio runs too far for a line
///     dpm_singlestep  algorithm 1, its middle halfway in time
///     euler_maruyama  the reverse-time SDE of Song et al. 2021, eq. 6; needs a path with some data at t = 0
///
/// Throws std::invalid_argument for options out of range, std::runtime_error where z stops being finite.
template <class T, Denoiser<T> D, Path P, class Normal>
IntegrateResult denoise(D&& denoiser, const P& path, View<T> z, const DenoiseOptions& options, Normal&& normal) {
  using Run = detail::DenoiseRun<T, std::remove_reference_t<D>, P, std::remove_reference_t<Normal>>;
  detail::check_denoise(options, path);
  const std::vector<double> times = time_grid(options.steps, options.from, options.to, options.shift);
  Run run{denoiser, path, normal, z, options.method == Method::ancestral ? 1 : options.eta};
  IntegrateResult result;
  for (std::size_t i = 0; i + 1 < times.size(); ++i) {
    using Place = typename Run::Step::Place;
    const Place place = i + 2 == times.size() ? Place::last : i == 0 ? Place::first : Place::middle;
    run.step(options.method, {times[i], times[i + 1], path.at(times[i]), path.at(times[i + 1]), place});
    ++result.steps;
    result.evaluations = run.evaluations;
    if (!kernel::all_finite(z)) {
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
