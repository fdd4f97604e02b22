#pragma once

#include <latentcell/kernel/negative_binomial.hpp>

// Zero-inflated negative binomial: with probability pi = sigmoid(logit_pi) the count is zero whatever the mean, else it
// is a draw of the negative binomial (the parameters of scvi-tools). Same ranges and errors as negative_binomial.hpp;
// the log-probability of a zero keeps its relative accuracy down to pi and mu near zero.

namespace LATENTCELL_NAMESPACE::kernel {

/// The log-probability of one count and its derivatives.
template <class T>
struct ZinbTerm {
  T log_prob, d_log_mu, d_log_theta, d_logit_pi;
};

/// The term of a count of zero; vectorises.
template <fast::lanes::Real T>
LATENTCELL_INLINE ZinbTerm<T> zinb_zero_term(T mu, T theta, T inv_theta, T logit_pi) {
  using fast::lanes::where_less;
  const T zero = T(0), one = T(1);
  const NbTerm<T> nb = nb_zero_term(mu, theta, inv_theta);
  const T pi_tail = fast::exp(where_less(logit_pi, zero, logit_pi, -logit_pi));
  const T pi_scale = one / (one + pi_tail);
  const T keep = where_less(logit_pi, zero, pi_scale, pi_tail * pi_scale);  // 1 - pi
  const T miss = -fast::expm1(nb.log_prob);                                 // probability of no zero from the counts
  // Which of the two a zero comes from, given that it is one.
  const T odds = nb.log_prob - logit_pi;
  const T tail = fast::exp(where_less(odds, zero, odds, -odds));
  const T scale = one / (one + tail);
  const T from_counts = where_less(odds, zero, tail * scale, scale);
  const T from_pi = where_less(odds, zero, scale, tail * scale);
  // log(1 - keep miss) while that is near zero, else log(pi + (1 - pi) p(0)) with the larger summand taken out.
  const T rare = keep * miss;
  const T ratio = (tail - pi_tail) * pi_scale;
  const T larger =
      where_less(nb.log_prob, logit_pi, logit_pi, nb.log_prob) - where_less(zero, logit_pi, logit_pi, zero);
  const T log_sum = fast::log1p(where_less(rare, T(0.5), -rare, ratio));
  return {log_sum + where_less(rare, T(0.5), zero, larger), from_counts * nb.d_log_mu, from_counts * nb.d_log_theta,
          from_pi * rare};
}

/// The term of a positive count, from that of the negative binomial; vectorises.
template <fast::lanes::Real T>
LATENTCELL_INLINE ZinbTerm<T> zinb_positive_term(const NbTerm<T>& nb, T logit_pi) {
  return {nb.log_prob - fast::softplus(logit_pi), nb.d_log_mu, nb.d_log_theta, -fast::sigmoid(logit_pi)};
}

/// The term of any count x >= 0, as nb_term.
template <fast::lanes::Real T>
ZinbTerm<T> zinb_term(T x, T mu, const NbDispersion<T>& at, T logit_pi) {
  if (x == T(0)) return zinb_zero_term(mu, at.theta, at.inv_theta, logit_pi);
  return zinb_positive_term(nb_term(x, mu, at), logit_pi);
}

/// The term of any count from the logarithms of mean and dispersion.
template <fast::lanes::Real T>
ZinbTerm<T> zinb_term(T x, T log_mu, T log_theta, T logit_pi) {
  if (x == T(0)) return zinb_zero_term(fast::exp(log_mu), fast::exp(log_theta), fast::exp(-log_theta), logit_pi);
  return zinb_positive_term(nb_term(x, log_mu, log_theta), logit_pi);
}

/// (1 - pi) mu.
template <class T>
T zinb_mean(T mu, T logit_pi) {
  return mu * fast::sigmoid(-logit_pi);
}

/// (1 - pi) mu (1 + mu / theta + pi mu).
template <class T>
T zinb_variance(T mu, T theta, T logit_pi) {
  const T pi = fast::sigmoid(logit_pi);
  return mu * fast::sigmoid(-logit_pi) * (T(1) + mu / theta + pi * mu);
}

/// The terms of n elements as if every count were zero.      mu, logit_pi (n), at (n) -> out, d_logit_pi (n),
/// overwritten
template <fast::lanes::Real T>
LATENTCELL_INLINE void zinb_zero(Index n, const T* mu, NbDispersions<T> at, const T* logit_pi, NbTerms<T> out,
                                 T* d_logit_pi) {
  fast::lanes::each<T>(
      n, [ =, theta = at.theta, inv_theta = at.inv_theta ](Index i) __attribute__((always_inline)) {
        const ZinbTerm<T> term = zinb_zero_term(mu[i], theta[i], inv_theta[i], logit_pi[i]);
        out.set(i, {term.log_prob, term.d_log_mu, term.d_log_theta});
        d_logit_pi[i] = term.d_logit_pi;
      });
}

/// The terms of the m non-zero counts x at columns[k] - first_column, as nb_nonzero.
template <fast::lanes::Real T>
LATENTCELL_INLINE void zinb_nonzero(Index m, const float* x, const std::int32_t* columns, Index first_column,
                                    const T* mu, NbDispersions<T> at, const T* logit_pi, NbTerms<T> out,
                                    T* d_logit_pi) {
  nb_nonzero(m, x, columns, first_column, mu, at, out);
  constexpr Index chunk = nonzero_chunk;
  T logit[chunk], log_keep[chunk], pi[chunk];
  for (Index start = 0; start < m; start += chunk) {
    const Index count = m - start < chunk ? m - start : chunk;
    for (Index k = 0; k < count; ++k) logit[k] = logit_pi[Index(columns[start + k]) - first_column];
    fast::lanes::each<T>(
        count, [&](Index k) __attribute__((always_inline)) {
          log_keep[k] = -fast::softplus(logit[k]);
          pi[k] = fast::sigmoid(logit[k]);
        });
    for (Index k = 0; k < count; ++k) {
      const Index i = Index(columns[start + k]) - first_column;
      if (x[start + k] == 0.0f) [[unlikely]] {
        const ZinbTerm<T> term = zinb_zero_term(mu[i], at.theta[i], at.inv_theta[i], logit[k]);
        out.set(i, {term.log_prob, term.d_log_mu, term.d_log_theta});
        d_logit_pi[i] = term.d_logit_pi;
      } else {
        out.log_prob[i] += log_keep[k];
        d_logit_pi[i] = -pi[k];
      }
    }
  }
}

}  // namespace latentcell::kernel
