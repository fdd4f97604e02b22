#pragma once

#include <cmath>

#include <latentcell/autodiff/param.hpp>
#include <latentcell/core/rng.hpp>

namespace LATENTCELL_NAMESPACE {

/// Uniform on [-bound, bound].
template <class T>
void init_uniform(Param<T>& p, T bound, Rng& rng) {
  for (Index i = 0; i < p.value.size(); ++i) p.value.data()[i] = bound * (T(2) * T(rng.uniform_double()) - T(1));
}

/// Normal with mean 0.
template <class T>
void init_normal(Param<T>& p, T deviation, Rng& rng) {
  for (Index i = 0; i < p.value.size(); ++i) p.value.data()[i] = deviation * T(rng.normal());
}

/// Uniform so that outputs keep the variance of inputs (Glorot and Bengio 2010).
template <class T>
void init_glorot(Param<T>& p, Index in, Index out, Rng& rng) {
  init_uniform(p, std::sqrt(T(6) / T(in + out)), rng);
}

}  // namespace latentcell
