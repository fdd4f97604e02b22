#pragma once

#include <cstdint>

#include <latentcell/core/types.hpp>
#include <latentcell/kernel/stirling.hpp>

// log p(x) = x log mu - mu - log Gamma(x + 1), mean and variance mu. Sound for mu from 1e-8 to 1e6 and counts to 1e6;
// float against double for mu taken as exact: log_prob 1e-6 relative.

namespace LATENTCELL_NAMESPACE::kernel {

/// The log-probability of one count and its derivative.
template <class T>
struct PoissonTerm {
  T log_prob, d_log_mu;
};

/// The term of a count of zero.
template <fast::lanes::Real T>
LATENTCELL_INLINE PoissonTerm<T> poisson_zero_term(T mu) {
  return {-mu, -mu};
}

/// The term of a count x >= 1 by Loader's saddle-point form; vectorises. In double any x > 0.
template <fast::lanes::Real T>
LATENTCELL_INLINE PoissonTerm<T> poisson_positive_term(T x, T mu) {
  const T inv_mu = T(1) / mu, above = x - mu;
  const T width = fast::log(T(6.283185307179586477) * x);
  const T of_x = x * deviance(x * inv_mu, above * inv_mu);
  return {-stirling_error(T(1) / x) - T(0.5) * width - of_x, above};
}

/// The term of any count x >= 0, fractions included; NaN for x < 0.
template <fast::lanes::Real T>
PoissonTerm<T> poisson_term(T x, T mu) {
  if (x == T(0)) return poisson_zero_term(mu);
  if constexpr (std::is_same_v<T, float>) {
    if (!(x >= 1.0f)) {
      const PoissonTerm<double> term = poisson_positive_term(double(x), double(mu));
      return {float(term.log_prob), float(term.d_log_mu)};
    }
  }
  return poisson_positive_term(x, mu);
}

/// The terms of n elements as if every count were zero.      mu (n) -> log_prob, d_log_mu (n), overwritten
template <fast::lanes::Real T>
LATENTCELL_INLINE void poisson_zero(Index n, const T* mu, T* log_prob, T* d_log_mu) {
#pragma omp simd
  for (Index i = 0; i < n; ++i) log_prob[i] = d_log_mu[i] = -mu[i];
}

/// The terms of the m non-zero counts x, which stand at columns[k] - first_column, written over those of poisson_zero.
/// A stored zero is allowed.
template <fast::lanes::Real T>
LATENTCELL_INLINE void poisson_nonzero(Index m, const float* x, const std::int32_t* columns, Index first_column,
                                       const T* mu, T* log_prob, T* d_log_mu) {
  constexpr Index chunk = nonzero_chunk;
  T means[chunk], value[chunk];
  for (Index start = 0; start < m; start += chunk) {
    const Index count = m - start < chunk ? m - start : chunk;
    for (Index k = 0; k < count; ++k) means[k] = mu[Index(columns[start + k]) - first_column];
    fast::lanes::each<T>(
        count, [&](Index k) __attribute__((always_inline)) {
          value[k] = poisson_positive_term(T(x[start + k]), means[k]).log_prob;
        });
    for (Index k = 0; k < count; ++k) {
      const Index i = Index(columns[start + k]) - first_column;
      const bool usual = vectorizes<T>(x[start + k]);
      log_prob[i] = usual ? value[k] : poisson_term(T(x[start + k]), means[k]).log_prob;
      d_log_mu[i] = T(x[start + k]) - means[k];
    }
  }
}

}  // namespace latentcell::kernel
