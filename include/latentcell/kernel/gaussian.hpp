#pragma once

#include <latentcell/kernel/vector_math.hpp>

namespace LATENTCELL_NAMESPACE::kernel {

/// The log-density of one value and its derivatives.
template <class T>
struct GaussianTerm {
  T log_prob, d_mean, d_log_sigma;
};

/// log p(x) = -((x - mean) / sigma)^2 / 2 - log_sigma - log(2 pi) / 2; vectorises. Mean `mean`, variance
/// exp(2 log_sigma); |log_sigma| <= 40.
template <fast::lanes::Real T>
LATENTCELL_INLINE GaussianTerm<T> gaussian_term(T x, T mean, T log_sigma) {
  const T inv_sigma = fast::exp(-log_sigma);
  const T z = (x - mean) * inv_sigma;
  return {T(-0.5) * z * z - (log_sigma + T(0.918938533204672742)), z * inv_sigma, z * z - T(1)};
}

}  // namespace latentcell::kernel
