#pragma once

#include <latentcell/kernel/vector_math.hpp>

namespace LATENTCELL_NAMESPACE::kernel {

/// The log-probability of one yes or no and its derivative.
template <class T>
struct BernoulliTerm {
  T log_prob, d_logit;
};

/// log p(x) = x logit - log(1 + exp(logit)), x 0 or 1; vectorises. Mean p = 1 / (1 + exp(-logit)), variance p (1 - p).
template <fast::lanes::Real T>
LATENTCELL_INLINE BernoulliTerm<T> bernoulli_term(T x, T logit) {
  const T p = T(1) / (T(1) + fast::exp(-logit));
  return {x * logit - fast::softplus(logit), x - p};
}

}  // namespace latentcell::kernel
