#pragma once

#include <functional>
#include <span>
#include <type_traits>

#include <latentcell/core/rng.hpp>
#include <latentcell/latent/sample_options.hpp>
#include <latentcell/sample/denoise.hpp>
#include <latentcell/sample/integrate.hpp>
#include <latentcell/sample/sampler.hpp>

namespace LATENTCELL_NAMESPACE {

namespace detail {

/// A prediction turned into data or velocity by a LinearMap.     map_of(t) -> LinearMap
template <class T, class MapOf>
auto mapped(FieldRef<T> prediction, MapOf map_of) {
  return [prediction, map_of](T t, ConstView<T> at, View<T> out) {
    prediction(t, at, out);
    const LinearMap map = map_of(double(t));
    const T of_z = T(map.z), of_prediction = T(map.prediction);
    T* const to = out.data();
    const T* const from = at.data();
    kernel::each_element(
        out.size(), [=](Index i) __attribute__((always_inline)) { to[i] = of_z * from[i] + of_prediction * to[i]; });
  };
}

}  // namespace detail

/// The part of a path over which latents are moved, in the path's own time: 0 is noise, 1 data.
struct PathInterval {
  double from = 0, to = 1;
};

/// Stands for the method and steps in SampleOptions, where a caller gives no sampler.
struct OptionsSampler {};

/// Moves latents along a path from one time to another, in place, by the sampler in the options.
/// prediction(t, z, out) of the network; z (B, D) standardised, step_rng (B) random numbers of each cell, for samplers
/// that draw noise in each step
template <class T, Path PathType>
void integrate_path(const PathType& path, FieldRef<std::type_identity_t<T>> prediction, View<T> z,
                    const SampleOptions& o, std::span<Rng> step_rng, const PathInterval& time) {
  if (!denoises(o.method)) {
    const auto field = detail::mapped<T>(prediction, [&](double t) { return path.velocity_from(t); });
    FieldRef<T> velocity(field);
    integrate(velocity, z, {.method = o.method, .steps = o.steps, .from = time.from, .to = time.to});
    return;
  }
  std::function<void(View<T>)> normal = [&](View<T> out) {
    for (Index i = 0; i < out.rows(); ++i) {
      for (Index j = 0; j < out.cols(); ++j) out(i, j) = T(step_rng[to_size(i)].normal());
    }
  };
  const auto data = detail::mapped<T>(prediction, [&](double t) { return path.denoised_from(t); });
  FieldRef<T> denoiser(data);
  denoise(denoiser, PathRef(path), z,
          {.method = o.method, .steps = o.steps, .from = time.from, .to = time.to, .eta = o.eta}, normal);
}

/// The same by a sampler of the caller's own.
template <class T, Path PathType, Sampler<T> S>
void integrate_path(const PathType& path, FieldRef<std::type_identity_t<T>> prediction, View<T> z,
                    const PathInterval& time, const S& sampler) {
  const auto field = detail::mapped<T>(prediction, [&](double t) { return path.velocity_from(t); });
  FieldRef<T> velocity(field);
  sampler(velocity, z, time.from, time.to);
}

}  // namespace latentcell
