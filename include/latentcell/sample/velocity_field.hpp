#pragma once

#include <memory>
#include <type_traits>

#include <latentcell/core/types.hpp>

namespace LATENTCELL_NAMESPACE {

/// The right side of dz/dt = v(t, z): a callable v(t, z, dz) that writes all of dz.   z (B, D), dz (B, D)
/// A lambda, a network behind a lambda, a guided pair of them: a sampler knows no more than this.
template <class V, class T>
concept VelocityField = requires(V& v, T t, ConstView<T> z, View<T> dz) {
  v(t, z, dz);
};

/// Some velocity field, whatever its type: samplers are compiled for this one once. Valid while that field lives.
template <class T>
class FieldRef {
 public:
  template <VelocityField<T> V>
  requires(!std::is_same_v<std::remove_const_t<V>, FieldRef>) FieldRef(V& field)
      : field_(const_cast<void*>(static_cast<const void*>(std::addressof(field)))),
        call_([](void* of, T t, ConstView<T> z, View<T> dz) { (*static_cast<V*>(of))(t, z, dz); }) {}

  void operator()(T t, ConstView<T> z, View<T> dz) const { call_(field_, t, z, dz); }

 private:
  void* field_;
  void (*call_)(void*, T, ConstView<T>, View<T>);
};

}  // namespace latentcell
