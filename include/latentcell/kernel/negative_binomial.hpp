#pragma once

#include <cstdint>

#include <latentcell/core/types.hpp>
#include <latentcell/kernel/stirling.hpp>

// log p(x) = log Gamma(x + theta) - log Gamma(theta) - log Gamma(x + 1) + theta log(theta / (theta + mu))
//          + x log(mu / (theta + mu)),                          mean mu, variance mu + mu^2 / theta.
// Sound for mu from 1e-8 to 1e6, theta from 1e-4 to 1e6 and counts to 1e6 (beyond that, as long as mu, theta and
// mu / theta stay within e^40 of one); a mean of zero is allowed where the count is zero. The count is a whole number;
// nothing is clamped. Float against double, for the same mu and theta: log_prob 1.5e-6 relative; gradients 2e-6 of the
// larger of the two parts whose difference they are, or 2e-7.

namespace LATENTCELL_NAMESPACE::kernel {

/// The log-probability of one count and its derivatives.
template <class T>
struct NbTerm {
  T log_prob, d_log_mu, d_log_theta;
};

/// All that depends on the dispersion alone, so that a dispersion per gene costs nothing per cell.
template <class T>
struct NbDispersion {
  T theta, inv_theta;
  T stirling;  // stirling_error at theta
  T slope;     // stirling_slope at theta
};

/// The rest of a dispersion from itself and its inverse; vectorises.
template <fast::lanes::Real T>
LATENTCELL_INLINE NbDispersion<T> nb_dispersion_of(T theta, T inv_theta) {
  if constexpr (std::is_same_v<T, float>) {
    using fast::lanes::where_less;
    // Below one, both follow from theta + 1 by the recurrence of Gamma.
    const float w = 1.0f / where_less(theta, 1.0f, theta + 1.0f, theta);
    const float log_ratio = fast::log1p(inv_theta);
    const float error = stirling_error(w), slope = stirling_slope(w);
    const float error_below = error + ((theta + 0.5f) * log_ratio - 1.0f);
    const float slope_below = theta * w * (0.5f + slope) + (0.5f - theta * log_ratio);
    return {theta, inv_theta, where_less(theta, 1.0f, error_below, error), where_less(theta, 1.0f, slope_below, slope)};
  } else {
    return {theta, inv_theta, stirling_error(inv_theta), stirling_slope(inv_theta)};
  }
}

/// The dispersion whose logarithm is given; vectorises.
template <fast::lanes::Real T>
LATENTCELL_INLINE NbDispersion<T> nb_dispersion(T log_theta) {
  return nb_dispersion_of(fast::exp(log_theta), fast::exp(-log_theta));
}

/// The term of a count of zero: log_prob = -theta log(1 + mu / theta); vectorises.
template <fast::lanes::Real T>
LATENTCELL_INLINE NbTerm<T> nb_zero_term(T mu, T theta, T inv_theta) {
  const T r = mu * inv_theta;
  const T q = T(1) / (T(1) + r);
  if constexpr (std::is_same_v<T, float>) {
    // log1p(r) and log1p(r) - r / (1 + r) from one series; the difference would cancel for a small r.
    using namespace fast::lanes;
    const float u = 1.0f + r;
    const float lost = where_less(r, 1.0f, r - (u - 1.0f), 1.0f - (u - r));
    const LogParts parts = split(u);
    const float k = float(parts.k);
    const float f = parts.m_minus_1 + lost * from_bits((127 - parts.k) << 23);
    const float p = log_series(f);
    const float log_ratio = log_of(k, f, p);
    const float gap = where_less(k, 0.5f, (f * f) * ((q - 0.5f) + f * p), log_ratio - r * q);
    return {-theta * log_ratio, -mu * q, -theta * gap};
  } else {
    return {-theta * std::log1p(r), -mu * q, -theta * deviance(T(1) + r, r)};
  }
}

/// The term of a count x >= 1 by Loader's saddle-point form; vectorises. In double any x > 0, to 1e-12.
template <fast::lanes::Real T>
LATENTCELL_INLINE NbTerm<T> nb_positive_term(T x, T mu, const NbDispersion<T>& at) {
  const T n = x + at.theta, s = at.theta + mu, above = x - mu;
  const T inv_n = T(1) / n, inv_mu = T(1) / mu;
  // x against its expectation n mu / s, and theta against n theta / s.
  const T d_log_mu = at.theta * above / s;
  const T of_x = x * deviance(x * inv_mu * (s * inv_n), at.theta * inv_n * (above * inv_mu));
  const T of_theta = at.theta * deviance(s * inv_n, -above * inv_n);
  const T width = fast::log(T(6.283185307179586477) * x * (n * at.inv_theta));
  const T log_prob = stirling_error(inv_n) - at.stirling - stirling_error(T(1) / x) - T(0.5) * width - of_x - of_theta;
  const T slope = (at.slope - at.theta * inv_n * stirling_slope(inv_n)) + T(0.5) * x * inv_n;
  return {log_prob, d_log_mu, slope - of_theta};
}

namespace detail {

inline NbTerm<float> nb_term_in_double(float x, double mu, const NbDispersion<double>& at) {
  const NbTerm<double> t = nb_positive_term(double(x), mu, at);
  return {float(t.log_prob), float(t.d_log_mu), float(t.d_log_theta)};
}

// Above this a float of log mu still says more about mu than the float of mu that follows from it.
inline constexpr float largest_count_from_float_logs = 2048.0f;

}  // namespace detail

/// The term of any count x >= 0, fractions included; NaN for x < 0.
template <fast::lanes::Real T>
NbTerm<T> nb_term(T x, T mu, const NbDispersion<T>& at) {
  if (x == T(0)) return nb_zero_term(mu, at.theta, at.inv_theta);
  if constexpr (std::is_same_v<T, float>) {
    if (!(x >= 1.0f)) {
      const double theta = double(at.theta);
      return detail::nb_term_in_double(x, double(mu), {theta, 1.0 / theta, double(at.stirling), double(at.slope)});
    }
  }
  return nb_positive_term(x, mu, at);
}

/// The term of any count from the logarithms of mean and dispersion. Float: log_prob 2e-6 relative; counts above 2048
/// are worked out in double.
template <fast::lanes::Real T>
NbTerm<T> nb_term(T x, T log_mu, T log_theta) {
  if constexpr (std::is_same_v<T, float>) {
    if (x > detail::largest_count_from_float_logs) {
      return detail::nb_term_in_double(x, std::exp(double(log_mu)), nb_dispersion(double(log_theta)));
    }
  }
  return nb_term(x, fast::exp(log_mu), nb_dispersion(log_theta));
}

/// mu + mu^2 / theta.
template <class T>
T nb_variance(T mu, T theta) {
  return mu + mu * (mu / theta);
}

/// Dispersions as arrays, one a gene (or one an element): what the loops below read.
template <class T>
struct NbDispersions {
  const T *theta, *inv_theta;
  NbDispersion<T> operator[](Index i) const { return nb_dispersion_of(theta[i], inv_theta[i]); }
};

/// Where the loops below write; each element is overwritten, not added to.
template <class T>
struct NbTerms {
  T *log_prob, *d_log_mu, *d_log_theta;
  LATENTCELL_INLINE void set(Index i, NbTerm<T> term) const {
    log_prob[i] = term.log_prob;
    d_log_mu[i] = term.d_log_mu;
    d_log_theta[i] = term.d_log_theta;
  }
};

/// Fills the arrays of NbDispersions from log dispersions, element by element.      log_theta (n)
template <fast::lanes::Real T>
LATENTCELL_INLINE void nb_dispersions(Index n, const T* log_theta, T* theta, T* inv_theta) {
  fast::lanes::each<T>(
      n, [=](Index i) __attribute__((always_inline)) {
        theta[i] = fast::exp(log_theta[i]);
        inv_theta[i] = fast::exp(-log_theta[i]);
      });
}

/// The terms of n elements as if every count were zero.      mu (n), at (n) -> out (n)
template <fast::lanes::Real T>
LATENTCELL_INLINE void nb_zero(Index n, const T* mu, NbDispersions<T> at, NbTerms<T> out) {
  fast::lanes::each<T>(
      n, [ =, theta = at.theta, inv_theta = at.inv_theta ](Index i)
             __attribute__((always_inline)) { out.set(i, nb_zero_term(mu[i], theta[i], inv_theta[i])); });
}

/// The terms of the m non-zero counts x, which stand at columns[k] - first_column: after nb_zero over all elements the
/// out arrays hold the whole row. A stored zero is allowed.      x (m), columns (m); mu, at, out as for nb_zero
template <fast::lanes::Real T>
LATENTCELL_INLINE void nb_nonzero(Index m, const float* x, const std::int32_t* columns, Index first_column, const T* mu,
                                  NbDispersions<T> at, NbTerms<T> out) {
  constexpr Index chunk = nonzero_chunk;
  T means[chunk], theta[chunk], inv_theta[chunk], log_prob[chunk], d_log_mu[chunk], d_log_theta[chunk];
  const T *const mean_of = means, *const theta_of = theta, *const inv_theta_of = inv_theta;
  const NbTerms<T> here{log_prob, d_log_mu, d_log_theta};
  for (Index start = 0; start < m; start += chunk) {
    const Index count = m - start < chunk ? m - start : chunk;
    for (Index k = 0; k < count; ++k) {
      const Index i = Index(columns[start + k]) - first_column;
      means[k] = mu[i];
      theta[k] = at.theta[i];
      inv_theta[k] = at.inv_theta[i];
    }
    const float* const counts = x + start;
    fast::lanes::each<T>(
        count, [=](Index k) __attribute__((always_inline)) {
          here.set(k, nb_positive_term(T(counts[k]), mean_of[k], nb_dispersion_of(theta_of[k], inv_theta_of[k])));
        });
    for (Index k = 0; k < count; ++k) {
      const Index i = Index(columns[start + k]) - first_column;
      if (!vectorizes<T>(x[start + k])) [[unlikely]] {
        out.set(i, nb_term(T(x[start + k]), means[k], at[i]));
      } else {
        out.set(i, {log_prob[k], d_log_mu[k], d_log_theta[k]});
      }
    }
  }
}

}  // namespace latentcell::kernel
