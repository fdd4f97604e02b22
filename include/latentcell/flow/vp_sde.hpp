#pragma once

#include <cmath>

#include <latentcell/flow/noise_schedule.hpp>

namespace LATENTCELL_NAMESPACE {

/// The continuous view of Ddpm (Song et al., "Score-based generative modeling through stochastic differential
/// equations", 2021): data turn into noise by dz = -beta / 2 z ds + sqrt(beta) dW, and come back by the reverse SDE or
/// by the probability-flow ODE of the same marginals. Time as everywhere here: t = 0 is noise, t = 1 data, so the
/// reverse runs forward in t. With a trained Ddpm the samplers do these: Method::euler_maruyama the reverse SDE,
/// Method::heun and the other integrators the ODE.
struct VpSde {
  NoiseSchedule schedule = NoiseSchedule::linear;

  /// Coefficients of data and noise at t: z_t = alpha data + sigma noise.
  PathCoefficients at(double t) const { return schedule_point(schedule, t); }
  /// Noise rate at t, >= 0: what the forward SDE adds to the variance per unit of time.
  double beta(double t) const {
    const PathCoefficients p = at(t);
    return 2 * p.d_alpha / p.alpha;  // d log alpha^2 / dt, alpha rising towards the data
  }
  /// dz/dt of the reverse SDE, to which sqrt(beta) dW is added (eq. 6).     score is grad log p_t(z)
  double reverse_drift(double t, double z, double score) const { return beta(t) * (z / 2 + score); }
  /// dz/dt of the probability-flow ODE (eq. 13).
  double velocity(double t, double z, double score) const { return beta(t) * (z + score) / 2; }
  /// The score of a predicted denoised cell: (alpha data - z) / sigma^2 (Tweedie's formula).
  double score_of(double t, double z, double data) const {
    const PathCoefficients p = at(t);
    return (p.alpha * data - z) / (p.sigma * p.sigma);
  }
};

}  // namespace latentcell
