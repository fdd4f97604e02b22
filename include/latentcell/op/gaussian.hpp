#pragma once

#include <cmath>

#include <latentcell/autodiff/tape.hpp>
#include <latentcell/kernel/vector_math.hpp>

namespace LATENTCELL_NAMESPACE {

/// One draw of N(mean, exp(log_variance)), differentiable in both (Kingma and Welling 2014).
/// mean, log_variance (B, D) -> (B, D)
template <class T>
Var<T> reparameterize(Var<T> mean, Var<T> log_variance) {
  LATENTCELL_REQUIRE(mean.shape() == log_variance.shape(), "reparameterize: mean ", mean.shape(), " and log variance ",
                     log_variance.shape(), " differ");
  Tape<T>& tape = mean.tape();
  const Index n = mean.shape().size();
  Var<T> z = tape.alloc(mean.shape(), mean, log_variance);
  T* spread = tape.scratch(n);  // noise times standard deviation
  const T *m = mean.value().data(), *lv = log_variance.value().data();
  T* out = z.out().data();
  Rng rng = tape.rng().fork();
  for (Index i = 0; i < n; ++i) {
    spread[i] = T(rng.normal()) * std::exp(T(0.5) * lv[i]);
    out[i] = m[i] + spread[i];
  }
  tape.on_backward(z, [=] {
    const T* g = z.upstream().data();
    if (mean.needs_grad()) mean.grad() += z.upstream();
    if (!log_variance.needs_grad()) return;
    T* to = log_variance.grad().data();
    for (Index i = 0; i < n; ++i) to[i] += T(0.5) * spread[i] * g[i];
  });
  return z;
}

/// KL(N(mean, exp(log_variance)) || N(0, 1)), averaged over the cells, per dimension at least `free_bits` nats (a
/// dimension below has no gradient), summed over dimensions.     mean, log_variance (B, D) -> (1, 1)
/// Free bits: Kingma et al., "Improved variational inference with inverse autoregressive flow" (2016), eq. 15.
template <class T>
Var<T> kl_standard_normal(Var<T> mean, Var<T> log_variance, T free_bits = T(0)) {
  LATENTCELL_REQUIRE(mean.shape() == log_variance.shape(), "kl_standard_normal: mean ", mean.shape(),
                     " and log variance ", log_variance.shape(), " differ");
  Tape<T>& tape = mean.tape();
  const Index batch = mean.rows(), d = mean.cols();
  Var<T> y = tape.alloc(Shape(1, 1), mean, log_variance);
  T* active = tape.scratch(d);
  const ConstView<T> m = mean.value(), lv = log_variance.value();
  T total = 0;
  for (Index j = 0; j < d; ++j) {
    T sum = 0;
    for (Index b = 0; b < batch; ++b) {
      sum += T(0.5) * (m(b, j) * m(b, j) + std::exp(lv(b, j)) - T(1) - lv(b, j));
    }
    sum /= T(batch);
    active[j] = sum > free_bits ? T(1) : T(0);
    total += std::max(sum, free_bits);
  }
  y.out()(0, 0) = total;
  tape.on_backward(y, [=] {
    const T g = y.upstream()(0, 0) / T(batch);
    for (Index b = 0; b < batch; ++b) {
      for (Index j = 0; j < d; ++j) {
        if (mean.needs_grad()) mean.grad()(b, j) += g * active[j] * mean.value()(b, j);
        if (log_variance.needs_grad()) {
          log_variance.grad()(b, j) += g * active[j] * T(0.5) * (std::exp(log_variance.value()(b, j)) - T(1));
        }
      }
    }
  });
  return y;
}

#ifdef LATENTCELL_INSTANCES
extern template Var<float> reparameterize<float>(Var<float> mean, Var<float> log_variance);
extern template Var<float> kl_standard_normal<float>(Var<float> mean, Var<float> log_variance, float free_bits);
#endif

}  // namespace latentcell
