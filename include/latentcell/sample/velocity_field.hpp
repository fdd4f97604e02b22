#pragma once

#include <latentcell/core/types.hpp>

namespace latentcell {

/// The right side of dz/dt = v(t, z): a callable v(t, z, dz) that writes all of dz.   z (B, D), dz (B, D)
/// A lambda, a network behind a lambda, a guided pair of them: a sampler knows no more than this.
template <class V, class T>
concept VelocityField = requires(V& v, T t, ConstView<T> z, View<T> dz) {
  v(t, z, dz);
};

}  // namespace latentcell
