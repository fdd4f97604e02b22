#pragma once

#include <cmath>

#include <latentcell/autodiff/tape.hpp>
#include <latentcell/kernel/rows.hpp>
#include <latentcell/kernel/vector_math.hpp>

namespace LATENTCELL_NAMESPACE {

namespace detail {

// y[i] = f(x[i]) and dx[i] += df(x[i]) * dy[i]
template <class T, class F, class D>
Var<T> map_elements(Var<T> x, F f, D df) {
  Tape<T>& tape = x.tape();
  Var<T> y = tape.alloc(x.shape(), x);
  const T* in = x.value().data();
  T* out = y.out().data();
  kernel::each_element(
      x.shape().size(), [=](Index i) __attribute__((always_inline)) { out[i] = f(in[i]); });
  tape.on_backward(y, [=] {
    const T* g = y.upstream().data();
    auto slot = x.slot();
    T* to = slot.grad.data();
    if (slot.add) {
      kernel::each_element(
          x.shape().size(), [=](Index i) __attribute__((always_inline)) { to[i] += df(in[i]) * g[i]; });
    } else {
      kernel::each_element(
          x.shape().size(), [=](Index i) __attribute__((always_inline)) { to[i] = df(in[i]) * g[i]; });
    }
  });
  return y;
}

}  // namespace detail

/// x / (1 + exp(-x)).      x (...) -> (...)
template <class T>
Var<T> silu(Var<T> x) {
  return detail::map_elements<T>(
      x, [](T v) __attribute__((always_inline)) { return v * kernel::fast::sigmoid(v); },
      [](T v) __attribute__((always_inline)) {
        const T s = kernel::fast::sigmoid(v);
        return s * (T(1) + v * (T(1) - s));
      });
}

/// Gaussian error linear unit, tanh form (Hendrycks and Gimpel 2016): x/2 (1 + tanh(sqrt(2/pi) (x + 0.044715 x^3))).
template <class T>
Var<T> gelu(Var<T> x) {
  constexpr T a = T(0.7978845608028654), b = T(0.044715);
  return detail::map_elements<T>(
      x, [](T v) __attribute__((always_inline)) { return v * kernel::fast::sigmoid(T(2) * a * (v + b * v * v * v)); },
      [](T v) __attribute__((always_inline)) {
        const T s = kernel::fast::sigmoid(T(2) * a * (v + b * v * v * v));
        return s + v * s * (T(1) - s) * T(2) * a * (T(1) + T(3) * b * v * v);
      });
}

/// exp(x).      x (...) -> (...)
template <class T>
Var<T> exp(Var<T> x) {
  return detail::map_elements<T>(
      x, [](T v) __attribute__((always_inline)) { return kernel::fast::exp(v); },
      [](T v) __attribute__((always_inline)) { return kernel::fast::exp(v); });
}

/// max(x, 0).      x (...) -> (...)
template <class T>
Var<T> relu(Var<T> x) {
  return detail::map_elements<T>(
      x, [](T v) __attribute__((always_inline)) { return v > T(0) ? v : T(0); },
      [](T v) __attribute__((always_inline)) { return v > T(0) ? T(1) : T(0); });
}

/// log(1 + exp(x)).      x (...) -> (...)
template <class T>
Var<T> softplus(Var<T> x) {
  return detail::map_elements<T>(
      x, [](T v) __attribute__((always_inline)) { return kernel::fast::softplus(v); },
      [](T v) __attribute__((always_inline)) { return T(1) / (T(1) + kernel::fast::exp(-v)); });
}

/// log(1 + x).      x (...) > -1 -> (...)
template <class T>
Var<T> log1p(Var<T> x) {
  return detail::map_elements<T>(
      x, [](T v) __attribute__((always_inline)) { return kernel::fast::log1p(v); },
      [](T v) __attribute__((always_inline)) { return T(1) / (T(1) + v); });
}

/// log(x).
/// x (...) > 0 -> (...)
template <class T>
Var<T> log(Var<T> x) {
  return detail::map_elements<T>(
      x, [](T v) __attribute__((always_inline)) { return kernel::fast::log(v); },
      [](T v) __attribute__((always_inline)) { return T(1) / v; });
}

/// The square root of x. The gradient at 0 is infinite: add a small number before where x can be 0.
/// x (...) >= 0 -> (...)
template <class T>
Var<T> sqrt(Var<T> x) {
  return detail::map_elements<T>(
      x, [](T v) __attribute__((always_inline)) { return std::sqrt(v); },
      [](T v) __attribute__((always_inline)) { return T(0.5) / std::sqrt(v); });
}

/// tanh(x).
/// x (...) -> (...)
template <class T>
Var<T> tanh(Var<T> x) {
  return detail::map_elements<T>(
      x, [](T v) __attribute__((always_inline)) { return T(2) * kernel::fast::sigmoid(T(2) * v) - T(1); },
      [](T v) __attribute__((always_inline)) {
        const T s = kernel::fast::sigmoid(T(2) * v);
        return T(4) * s * (T(1) - s);
      });
}

/// a x.      x (...) -> (...)
template <class T>
Var<T> scale(Var<T> x, T a) {
  return detail::map_elements<T>(
      x, [a](T v) __attribute__((always_inline)) { return a * v; },
      [a](T) __attribute__((always_inline)) { return a; });
}

/// Limits x to [bottom, top]. The gradient is 0 outside.
/// x (...) -> (...)
template <class T>
Var<T> clamp(Var<T> x, T bottom, T top) {
  return detail::map_elements<T>(
      x, [=](T v) __attribute__((always_inline)) { return v < bottom ? bottom : (v > top ? top : v); },
      [=](T v) __attribute__((always_inline)) { return v < bottom || v > top ? T(0) : T(1); });
}

/// x + y, element by element.
template <class T>
Var<T> add(Var<T> x, Var<T> y) {
  LATENTCELL_REQUIRE(x.shape() == y.shape(), "add: x ", x.shape(), " and y ", y.shape(), " differ");
  Tape<T>& tape = x.tape();
  Var<T> z = tape.alloc(x.shape(), x, y);
  const T *a = x.value().data(), *b = y.value().data();
  T* out = z.out().data();
  kernel::each_element(
      x.shape().size(), [=](Index i) __attribute__((always_inline)) { out[i] = a[i] + b[i]; });
  tape.on_backward(z, [=] {
    Tape<T>& own = z.tape();
    if (x.needs_grad() && y.needs_grad()) own.add_gradient(z, x);
    own.pass_gradient(z, y.needs_grad() ? y : x);
  });
  return z;
}

/// x * y, element by element.
template <class T>
Var<T> mul(Var<T> x, Var<T> y) {
  LATENTCELL_REQUIRE(x.shape() == y.shape(), "mul: x ", x.shape(), " and y ", y.shape(), " differ");
  Tape<T>& tape = x.tape();
  Var<T> z = tape.alloc(x.shape(), x, y);
  z.out() = x.value().cwiseProduct(y.value());
  tape.on_backward(z, [=] {
    if (x.needs_grad()) x.grad() += z.upstream().cwiseProduct(y.value());
    if (y.needs_grad()) y.grad() += z.upstream().cwiseProduct(x.value());
  });
  return z;
}

/// x - y, element by element.
/// x (...), y (...) -> (...)
template <class T>
Var<T> sub(Var<T> x, Var<T> y) {
  LATENTCELL_REQUIRE(x.shape() == y.shape(), "sub: x ", x.shape(), " and y ", y.shape(), " differ");
  Tape<T>& tape = x.tape();
  Var<T> z = tape.alloc(x.shape(), x, y);
  z.out() = x.value() - y.value();
  tape.on_backward(z, [=] {
    if (x.needs_grad()) x.grad() += z.upstream();
    if (y.needs_grad()) y.grad() -= z.upstream();
  });
  return z;
}

/// x / y, element by element.
/// x (...), y (...), no number of it 0 -> (...)
template <class T>
Var<T> div(Var<T> x, Var<T> y) {
  LATENTCELL_REQUIRE(x.shape() == y.shape(), "div: x ", x.shape(), " and y ", y.shape(), " differ");
  Tape<T>& tape = x.tape();
  Var<T> z = tape.alloc(x.shape(), x, y);
  z.out() = x.value().cwiseQuotient(y.value());
  tape.on_backward(z, [=] {
    if (x.needs_grad()) x.grad() += z.upstream().cwiseQuotient(y.value());
    if (y.needs_grad()) y.grad() -= z.upstream().cwiseProduct(z.value()).cwiseQuotient(y.value());
  });
  return z;
}

#ifdef LATENTCELL_INSTANCES
extern template Var<float> silu<float>(Var<float> x);
extern template Var<float> gelu<float>(Var<float> x);
extern template Var<float> exp<float>(Var<float> x);
extern template Var<float> relu<float>(Var<float> x);
extern template Var<float> softplus<float>(Var<float> x);
extern template Var<float> log1p<float>(Var<float> x);
extern template Var<float> log<float>(Var<float> x);
extern template Var<float> sqrt<float>(Var<float> x);
extern template Var<float> tanh<float>(Var<float> x);
extern template Var<float> scale<float>(Var<float> x, float a);
extern template Var<float> clamp<float>(Var<float> x, float bottom, float top);
extern template Var<float> add<float>(Var<float> x, Var<float> y);
extern template Var<float> mul<float>(Var<float> x, Var<float> y);
extern template Var<float> sub<float>(Var<float> x, Var<float> y);
extern template Var<float> div<float>(Var<float> x, Var<float> y);
#endif

}  // namespace latentcell
