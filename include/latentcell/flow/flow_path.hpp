#pragma once

#include <concepts>
#include <span>

#include <latentcell/core/gaussian_path.hpp>
#include <latentcell/core/rng.hpp>
#include <latentcell/core/types.hpp>
#include <latentcell/flow/interpolate.hpp>

namespace LATENTCELL_NAMESPACE {

/// The path from noise at t = 0 to data at t = 1 of a latent flow, as LatentFlow takes it. RectifiedFlow and Ddpm are
/// paths.
/// couples                    compile-time: whether `coupling` permutes noise within a minibatch
/// at(t)                      PathCoefficients: shares of data and noise and their derivatives
/// draw_times(rng, t)         training times (B)
/// coefficients(t)            TargetCoefficients: data and noise in the point and in the target
/// interpolate(t, noise, data, z_t, target)   point and target of each cell (B, D)
/// weight(t)                  weight of a time in the loss
/// denoised_from(t), velocity_from(t)   LinearMap from the prediction to data and to velocity
template <class P>
concept FlowPath = Path<P> && requires(const P p, double t, Rng& rng, std::span<float> times, std::span<const float> at,
                                       ConstView<float> x, View<float> out) {
  { P::couples } -> std::convertible_to<bool>;
  p.draw_times(rng, times);
  { p.coefficients(1.0f) } -> std::same_as<TargetCoefficients<float>>;
  p.interpolate(at, x, x, out, out);
  { p.weight(t) } -> std::convertible_to<double>;
  { p.denoised_from(t) } -> std::same_as<LinearMap>;
  { p.velocity_from(t) } -> std::same_as<LinearMap>;
};

}  // namespace latentcell
