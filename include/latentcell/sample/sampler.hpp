#pragma once

#include <latentcell/sample/velocity_field.hpp>

namespace LATENTCELL_NAMESPACE {

/// Moves latents along a velocity from one time to another, in place: s(velocity, z, from, to), given to
/// LatentFlow::generate in place of the methods in SampleOptions.
/// velocity(t, z, dz); z (B, D), from < to in [0, 1]
template <class S, class T>
concept Sampler = requires(const S s, FieldRef<T> velocity, View<T> z, double from, double to) {
  s(velocity, z, from, to);
};

}  // namespace latentcell
