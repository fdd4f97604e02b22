#pragma once

#include <latentcell/kernel/gamma.hpp>

// What is left of log Gamma and digamma when Stirling's leading terms are taken away, and the deviance that the leading
// terms of a count likelihood make with them (C. Loader, Fast and accurate computation of binomial probabilities,
// 2000). A log-probability written with these is a sum of terms of one sign: nothing large cancels, so float is enough.

namespace LATENTCELL_NAMESPACE::kernel {

/// S(z) = log Gamma(z + 1) - (z + 1/2) log z + z - log(2 pi)/2, from w = 1/z. Float: z >= 1, absolute error 1e-8.
template <fast::lanes::Real T>
LATENTCELL_INLINE T stirling_error(T w) {
  if constexpr (std::is_same_v<T, float>) {
    float p = 0.000142218938f;
    p = p * w - 0.000645669876f;
    p = p * w + 0.00106353313f;
    p = p * w - 6.09097333e-05f;
    p = p * w - 0.00277068815f;
    p = p * w - 3.49734535e-07f;
    p = p * w + 0.0833333358f;
    return p * w;
  } else {
    T z = T(1) / w, sum = T(0);
    if (!(z > T(0))) return std::numeric_limits<T>::quiet_NaN();
    for (; z < T(12); z += T(1)) sum += (z + T(0.5)) * std::log1p(T(1) / z) - T(1);
    const T r = T(1) / z, r2 = r * r;
    return sum +
           r * (T(1) / 12 -
                r2 * (T(1) / 360 -
                      r2 * (T(1) / 1260 -
                            r2 * (T(1) / 1680 - r2 * (T(1) / 1188 - r2 * (T(691) / 360360 - r2 * (T(1) / 156)))))));
  }
}

/// z (log z - digamma(z)) - 1/2, from w = 1/z. Float: z >= 1, absolute error 3e-8.
template <fast::lanes::Real T>
LATENTCELL_INLINE T stirling_slope(T w) {
  if constexpr (std::is_same_v<T, float>) {
    float p = -0.000322592969f;
    p = p * w + 0.00200619828f;
    p = p * w - 0.0051044696f;
    p = p * w + 0.00605148263f;
    p = p * w - 0.000465427584f;
    p = p * w - 0.00828049518f;
    p = p * w - 2.38085158e-06f;
    p = p * w + 0.0833333507f;
    return p * w;
  } else {
    const T z = T(1) / w, w2 = w * w;
    if (z < T(12)) return z * (std::log(z) - fast::digamma(z)) - T(0.5);
    return w *
           (T(1) / 12 - w2 * (T(1) / 120 -
                              w2 * (T(1) / 252 -
                                    w2 * (T(1) / 240 - w2 * (T(1) / 132 - w2 * (T(691) / 32760 - w2 * (T(1) / 12)))))));
  }
}

/// log R - u / R for R = 1 + u > 0, the deviance of a count from its mean per unit of count; about u^2/2 for small u,
/// never negative. R and u are both given, because R is worth more below one half and u above.
template <fast::lanes::Real T>
LATENTCELL_INLINE T deviance(T ratio, T u) {
  if constexpr (std::is_same_v<T, float>) {
    using namespace fast::lanes;
    const float one_plus_u = 1.0f + u;
    const float lost = where_less(u, 1.0f, u - (one_plus_u - 1.0f), 1.0f - (one_plus_u - u));
    const float base = where_less(ratio, 0.5f, ratio, one_plus_u);
    const float inverse = 1.0f / base;
    const LogParts parts = split(base);
    const float k = float(parts.k);
    const float rest = where_less(ratio, 0.5f, 0.0f, lost * from_bits((127 - parts.k) << 23));
    const float f = parts.m_minus_1 + rest;
    const float p = log_series(f);
    const float near = (f * f) * ((inverse - 0.5f) + f * p);
    const float far = log_of(k, f, p) - u * inverse;
    return where_less(k * k, 0.5f, near, far);
  } else {
    const T inverse = T(1) / ratio;
    if (std::abs(u) > T(0.02)) return std::log(ratio) - u * inverse;
    T p = T(0);
    for (int i = 11; i > 2; --i) p = T(1) / T(i) - u * p;
    return u * u * ((inverse - T(0.5)) + u * p);
  }
}

// Whether the vector code may have this count. False for zero, for NaN and, in float, between zero and one, where the
// series of stirling_error do not reach.
template <class T>
bool vectorizes(float x) {
  return std::is_same_v<T, float> ? x >= 1.0f : x > 0.0f;
}

// Counts per turn of the loops over non-zeros: they are gathered into arrays of this length, which the vector code
// reads.
inline constexpr int nonzero_chunk = 64;

}  // namespace latentcell::kernel
