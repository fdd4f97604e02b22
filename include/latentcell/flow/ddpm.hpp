#pragma once

#include <algorithm>
#include <span>

#include <latentcell/flow/interpolate.hpp>
#include <latentcell/flow/noise_schedule.hpp>
#include <latentcell/flow/time_sampling.hpp>

namespace LATENTCELL_NAMESPACE {

/// What a diffusion model's network tells from z_t.
enum class Prediction {
  noise,     ///< the noise in it (Ho et al. 2020); its errors grow in the data where nearly all is noise, and with the
             ///< cosine and sigmoid schedules, which begin there, so much that few steps go astray: use linear
  data,      ///< the data in it
  velocity,  ///< alpha noise - sigma data (Salimans and Ho 2022): sound at both ends
};

/// How much each time counts in the loss.
enum class LossWeight {
  simple,   ///< the same for all, in what is predicted (Ho et al. 2020, eq. 14)
  min_snr,  ///< the signal-to-noise ratio up to a bound (Hang et al. 2023): times of little noise no longer dominate
};

/// Denoising diffusion in continuous time, the variance-preserving path z_t = alpha data + sigma noise of a schedule;
/// the same model is the VP-SDE of Song et al. 2021. Time runs from noise at 0 to data at 1 as everywhere here, against
/// the papers' own.
struct Ddpm {
  static constexpr bool couples = false;  // noise is drawn for each cell by itself

  NoiseSchedule schedule = NoiseSchedule::cosine;  ///< how the noise falls
  Prediction prediction = Prediction::velocity;    ///< what the network predicts
  LossWeight weighting = LossWeight::simple;       ///< how much each time counts
  double snr_bound = 5;                            ///< min_snr only; larger: more weight on times of little noise
  TimeSamplingOptions time = {};                   ///< which times are trained, and how often

  static void visit(auto& self, auto&& f) {
    f("schedule", self.schedule);
    f("prediction", self.prediction);
    f("weighting", self.weighting);
    f("snr_bound", self.snr_bound, above(0));
    f("time", self.time);
  }

  PathCoefficients at(double t) const { return schedule_point(schedule, t); }

  /// Draws a training time for each cell.   t (B)
  template <class T>
  void draw_times(Rng& rng, std::span<T> t) const {
    latentcell::draw_times(time, rng, t);
  }

  /// Coefficients of data and noise in the point on the path and in the network's target there.
  template <class T>
  TargetCoefficients<T> coefficients(T t) const {
    const PathCoefficients p = at(double(t));
    const T alpha = T(p.alpha), sigma = T(p.sigma);
    switch (prediction) {
      case Prediction::noise:
        return {alpha, sigma, T(0), T(1)};
      case Prediction::data:
        return {alpha, sigma, T(1), T(0)};
      default:
        return {alpha, sigma, -sigma, alpha};
    }
  }

  /// Computes the point on each cell's path at its time, and the network's target there.
  /// t (B) in [0, 1], noise (B, D), data (B, D) -> z_t (B, D), target (B, D)
  template <class T>
  void interpolate(std::span<const T> t, ConstView<T> noise, ConstView<T> data, View<T> z_t, View<T> target) const {
    detail::interpolate_rows<T>("Ddpm", {t, noise, data, z_t, target},
                                [this](T t_of_cell) { return coefficients(t_of_cell); });
  }

  /// Weight of a time in the loss on the prediction (Hang et al. 2023, sec. 3.4).
  double weight(double t) const {
    if (weighting == LossWeight::simple) return 1;
    const PathCoefficients p = at(t);
    const double snr = p.alpha * p.alpha / (p.sigma * p.sigma), bounded = std::min(snr, snr_bound);
    return prediction == Prediction::data ? bounded : bounded / (prediction == Prediction::noise ? snr : snr + 1);
  }

  /// From the prediction to the data.
  LinearMap denoised_from(double t) const {
    const PathCoefficients p = at(t);
    switch (prediction) {
      case Prediction::noise:
        return {1 / p.alpha, -p.sigma / p.alpha};
      case Prediction::data:
        return {0, 1};
      default:
        return {p.alpha, -p.sigma};
    }
  }

  /// From the prediction to the velocity of the probability-flow ODE, d_alpha data + d_sigma noise (Song et al. 2021,
  /// eq. 13).
  LinearMap velocity_from(double t) const {
    const PathCoefficients p = at(t);
    const LinearMap data = denoised_from(t);
    const double of_z = p.d_sigma / p.sigma, of_data = p.d_alpha - p.alpha * p.d_sigma / p.sigma;
    return {of_z + of_data * data.z, of_data * data.prediction};
  }
};

}  // namespace latentcell
