#pragma once

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>
#include <span>

#include <latentcell/core/error.hpp>
#include <latentcell/core/options.hpp>
#include <latentcell/core/random_draw.hpp>
#include <latentcell/core/rng.hpp>
#include <latentcell/core/types.hpp>

namespace LATENTCELL_NAMESPACE {

/// The distribution of training times.
enum class TimeSampling {
  uniform,
  logit_normal,  ///< logit(t) is normal: more training in the middle of the path, where the velocity is hardest to know
  mode,          ///< a density with one mode in the middle of the path (scale > 0) or at both ends (scale < 0)
};

/// How the times of one batch relate.
enum class TimeDraws {
  independent,
  stratified,  ///< one in each of B equally likely parts, in random order: the same law for each cell, a calmer loss
};

struct TimeSamplingOptions {
  TimeSampling sampling = TimeSampling::uniform;
  double mean = 0;   ///< of logit(t), logit-normal only; larger: nearer to the data at t = 1
  double scale = 1;  ///< logit-normal: deviation of logit(t); larger: more times near both ends. mode: in [-1, 1.75];
                     ///< larger: more times in the middle
  TimeDraws draws = TimeDraws::independent;

  static void visit(auto& self, auto&& f) {
    f("sampling", self.sampling);
    f("mean", self.mean, finite());
    f("scale", self.scale, finite());
    f("draws", self.draws);
  }
};

namespace detail {

// Quantile of the standard normal distribution, 0 < p < 1, relative error near 1e-16: Wichura, "Algorithm AS 241: the
// percentage points of the normal distribution", Applied Statistics 37 (1988).
inline double normal_quantile(double p) {
  const auto ratio = [](double r, const double(&a)[8], const double(&b)[7]) {
    double above = a[7], below = b[6];
    for (int i = 6; i >= 0; --i) above = above * r + a[i];
    for (int i = 5; i >= 0; --i) below = below * r + b[i];
    return above / (below * r + 1);
  };
  static constexpr double a[8] = {3.3871328727963666080e0, 1.3314166789178437745e2, 1.9715909503065514427e3,
                                  1.3731693765509461125e4, 4.5921953931549871457e4, 6.7265770927008700853e4,
                                  3.3430575583588128105e4, 2.5090809287301226727e3};
  static constexpr double b[7] = {4.2313330701600911252e1, 6.8718700749205790830e2, 5.3941960214247511077e3,
                                  2.1213794301586595867e4, 3.9307895800092710610e4, 2.8729085735721942674e4,
                                  5.2264952788528545610e3};
  static constexpr double c[8] = {1.42343711074968357734e0,  4.63033784615654529590e0, 5.76949722146069140550e0,
                                  3.64784832476320460504e0,  1.27045825245236838258e0, 2.41780725177450611770e-1,
                                  2.27238449892691845833e-2, 7.74545014278341407640e-4};
  static constexpr double d[7] = {2.05319162663775882187e0,  1.67638483018380384940e0,  6.89767334985100004550e-1,
                                  1.48103976427480074590e-1, 1.51986665636164571966e-2, 5.47593808499534494600e-4,
                                  1.05075007164441684324e-9};
  static constexpr double e[8] = {6.65790464350110377720e0,  5.46378491116411436990e0,  1.78482653991729133580e0,
                                  2.96560571828504891230e-1, 2.65321895265761230930e-2, 1.24266094738807843860e-3,
                                  2.71155556874348757815e-5, 2.01033439929228813265e-7};
  static constexpr double f[7] = {5.99832206555887937690e-1, 1.36929880922735805310e-1, 1.48753612908506148525e-2,
                                  7.86869131145613259100e-4, 1.84631831751005468180e-5, 1.42151175831644588870e-7,
                                  2.04426310338993978564e-15};
  const double q = p - 0.5;
  if (std::abs(q) <= 0.425) return q * ratio(0.180625 - q * q, a, b);
  const double r = std::sqrt(-std::log(std::min(p, 1 - p)));
  return std::copysign(r <= 5 ? ratio(r - 1.6, c, d) : ratio(r - 5, e, f), q);
}

// Esser et al. 2024, eq. 20, which is its own mirror image: noise and data may change places.
inline double mode_quantile(double u, double scale) {
  const double c = std::cos(std::numbers::pi / 2 * u);
  return 1 - u - scale * (c * c - 1 + u);
}

}  // namespace detail

/// Draws one time for each cell.   t (B), each strictly between 0 and 1
/// Throws std::invalid_argument where mean is not finite or scale not positive.
template <class T>
void draw_times(const TimeSamplingOptions& options, Rng& rng, std::span<T> t) {
  const bool uniform = options.sampling == TimeSampling::uniform, by_mode = options.sampling == TimeSampling::mode;
  LATENTCELL_REQUIRE(!by_mode || (options.scale >= -1 && options.scale <= 1.75),
                     "draw_times: the scale of mode times must be in [-1, 1.75], got ", options.scale);
  LATENTCELL_REQUIRE(
      uniform || by_mode || (std::isfinite(options.mean) && options.scale > 0 && std::isfinite(options.scale)),
      "draw_times: needs a finite mean and a positive scale, got ", options.mean, " and ", options.scale);
  const bool stratified = options.draws == TimeDraws::stratified;
  for (std::size_t i = 0; i < t.size(); ++i) {
    const double u = stratified ? (double(i) + rng.uniform_double()) / double(t.size()) : rng.uniform_double();
    const double time = uniform   ? u
                        : by_mode ? detail::mode_quantile(u, options.scale)
                                  : 1 / (1 + std::exp(-(options.mean + options.scale * detail::normal_quantile(u))));
    // Rounding to T must not reach the ends.
    t[i] = std::clamp(T(time), std::numeric_limits<T>::min(), T(1) - std::numeric_limits<T>::epsilon() / 2);
  }
  if (stratified) shuffle(t, rng);
}

}  // namespace latentcell
