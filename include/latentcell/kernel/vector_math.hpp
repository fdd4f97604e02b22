#pragma once

#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>
#include <type_traits>

#include <latentcell/core/version.hpp>

// Elementary functions for the inside of `#pragma omp simd` loops: no branch, no table, no call, so GCC and Clang turn
// a loop over them into vector code without -ffast-math. The coefficients are Chebyshev fits made by
// tests/reference/vector_math.py. Errors are the largest found over dense sweeps of float against double, with and
// without fused multiply-add (tests/kernel/vector_math.cpp). A NaN stays a NaN. double goes to the standard library.

// A call that is not inlined would keep the loop around it scalar.
#define LATENTCELL_INLINE [[gnu::always_inline]] inline

namespace LATENTCELL_NAMESPACE::kernel::fast {

namespace lanes {

inline constexpr float log2e = 1.44269504f;
inline constexpr float ln2_high = 0.693359375f;  // nine bits: a product with a whole number below 2^15 is exact
inline constexpr float ln2_low = -2.12194440e-4f;
inline constexpr float round_magic =
    12582912.0f;  // 1.5 * 2^23: adding it leaves the nearest whole number in the low bits
inline constexpr float infinity = std::numeric_limits<float>::infinity();
inline constexpr float not_a_number = std::numeric_limits<float>::quiet_NaN();

template <class T>
concept Real = std::is_same_v<T, float> || std::is_same_v<T, double>;

LATENTCELL_INLINE std::int32_t bits(float x) { return __builtin_bit_cast(std::int32_t, x); }
LATENTCELL_INLINE float from_bits(std::int32_t x) { return __builtin_bit_cast(float, x); }

// a where x < y, else b (also when x or y is NaN). Made of masks: a ternary would let GCC move a division or product
// into one arm, and a loop with such an arm does not vectorise.
LATENTCELL_INLINE float where_less(float x, float y, float a, float b) {
  const std::int32_t mask = -std::int32_t(x < y);
  return from_bits((bits(a) & mask) | (bits(b) & ~mask));
}

LATENTCELL_INLINE double where_less(double x, double y, double a, double b) { return x < y ? a : b; }

// body(i) for i in [0, n), as vector code in float. In double, where the standard library is called, a plain loop.
template <class T, class Size, class Body>
LATENTCELL_INLINE void each(Size n, Body body) {
  if constexpr (std::is_same_v<T, float>) {
#pragma omp simd
    for (Size i = 0; i < n; ++i) body(i);
  } else {
    for (Size i = 0; i < n; ++i) body(i);
  }
}

// Sum of body(i) over i in [0, n), in sixteen partial sums: the same order whatever the vector width.
template <class T, class Size, class Body>
LATENTCELL_INLINE T sum_each(Size n, Body body) {
  constexpr int lanes = 16;
  T lane[lanes] = {};
  Size i = 0;
  for (; i + lanes <= n; i += lanes) {
#pragma omp simd
    for (int j = 0; j < lanes; ++j) lane[j] += body(i + j);
  }
  T sum = 0;
  for (; i < n; ++i) sum += body(i);
  for (int j = 0; j < lanes; ++j) sum += lane[j];
  return sum;
}

// The largest body(i) over i in [0, n), n > 0.
template <class T, class Size, class Body>
LATENTCELL_INLINE T max_each(Size n, Body body) {
  constexpr int lanes = 16;
  T lane[lanes], top = body(Size(0));
  for (int j = 0; j < lanes; ++j) lane[j] = top;
  Size i = 0;
  for (; i + lanes <= n; i += lanes) {
#pragma omp simd
    for (int j = 0; j < lanes; ++j) {
      const T x = body(i + j);
      lane[j] = x > lane[j] ? x : lane[j];
    }
  }
  for (; i < n; ++i) top = body(i) > top ? body(i) : top;
  for (int j = 0; j < lanes; ++j) top = lane[j] > top ? lane[j] : top;
  return top;
}

// x = n ln 2 + r with |r| <= ln(2)/2 (a little more near the ends); e^r - 1 = r + r^2 (1/2 + ...).
struct ExpParts {
  std::int32_t n;
  float expm1_r;
};

LATENTCELL_INLINE ExpParts exp_parts(float x) {
  const float shifted = x * log2e + round_magic;
  const float whole = shifted - round_magic;
  const float r = (x - whole * ln2_high) - whole * ln2_low;
  float p = 0.00139263261f;
  p = p * r + 0.00836329255f;
  p = p * r + 0.0416665524f;
  p = p * r + 0.166665763f;
  p = p * r + 0.5f;
  return {bits(shifted) - bits(round_magic), (p * r) * r + r};
}

// (log(1 + f) - f + f^2/2) / f^3 for 1 + f in [sqrt(1/2), sqrt(2)].
LATENTCELL_INLINE float log_series(float f) {
  float p = 0.0697161183f;
  p = p * f - 0.114797339f;
  p = p * f + 0.116854198f;
  p = p * f - 0.124256872f;
  p = p * f + 0.142490581f;
  p = p * f - 0.166678026f;
  p = p * f + 0.200007156f;
  p = p * f - 0.24999997f;
  return p * f + 0.333333313f;
}

// log of 2^k (1 + f), from the series of f.
LATENTCELL_INLINE float log_of(float k, float f, float series) {
  return k * ln2_high + (f + ((f * f) * (series * f - 0.5f) + k * ln2_low));
}

// x = 2^k m with m in [sqrt(1/2), sqrt(2)); meaningless unless x is positive, normal and finite.
struct LogParts {
  std::int32_t k;
  float m_minus_1;
};

LATENTCELL_INLINE LogParts split(float x) {
  constexpr std::int32_t sqrt_half = 0x3f3504f3;
  const std::int32_t above = std::int32_t(std::uint32_t(bits(x)) - std::uint32_t(sqrt_half));
  return {above >> 23, from_bits((above & 0x7fffff) + sqrt_half) - 1.0f};
}

}  // namespace lanes

/// e^x. Float: at most 1.1 ulp; above 88.73 infinity, below -103.97 zero, gradual in between.
template <lanes::Real T>
LATENTCELL_INLINE T exp(T x) {
  if constexpr (std::is_same_v<T, float>) {
    using namespace lanes;
    float bounded = where_less(x, -104.0f, -104.0f, x);
    bounded = where_less(89.0f, bounded, 89.0f, bounded);
    const ExpParts parts = exp_parts(bounded);
    const std::int32_t half = parts.n >> 1;  // two factors, so that neither 2^128 nor 2^-149 is asked for
    const float first = from_bits((half + 127) << 23);
    const float second = from_bits((parts.n - half + 127) << 23);
    return (parts.expm1_r + 1.0f) * first * second;
  } else {
    return std::exp(x);
  }
}

/// e^x - 1. Float: at most 2 ulp, also for tiny x.
template <lanes::Real T>
LATENTCELL_INLINE T expm1(T x) {
  if constexpr (std::is_same_v<T, float>) {
    using namespace lanes;
    float bounded = where_less(x, -20.0f, -20.0f, x);
    bounded = where_less(89.0f, bounded, 89.0f, bounded);
    const ExpParts parts = exp_parts(bounded);
    const float half = from_bits((parts.n + 126) << 23);  // 2^(n-1)
    return 2.0f * (half * parts.expm1_r + (half - 0.5f));
  } else {
    return std::expm1(x);
  }
}

/// Natural logarithm. Float: at most 1 ulp; log(0) = -infinity, NaN below zero, denormals are right.
template <lanes::Real T>
LATENTCELL_INLINE T log(T x) {
  if constexpr (std::is_same_v<T, float>) {
    using namespace lanes;
    constexpr float least = std::numeric_limits<float>::min();
    const float scaled = where_less(x, least, x * 8388608.0f, x);
    const float borrowed = where_less(x, least, 23.0f, 0.0f);
    const LogParts parts = split(scaled);
    float y = log_of(float(parts.k) - borrowed, parts.m_minus_1, log_series(parts.m_minus_1));
    y = where_less(x, infinity, y, x);  // infinity and NaN
    y = where_less(0.0f, x, y, where_less(x, 0.0f, not_a_number, x - infinity));
    return y;
  } else {
    return std::log(x);
  }
}

/// 1 / x for x from 1e-37 to 1e37. Float: at most 2 ulp, by Newton's steps, which are several times faster than
/// a division.
template <lanes::Real T>
LATENTCELL_INLINE T reciprocal(T x) {
  if constexpr (std::is_same_v<T, float>) {
    using namespace lanes;
    float y = from_bits(0x7ef311c7 - bits(x));
    y = y * (2.0f - x * y);
    y = y * (2.0f - x * y);
    y = y * (2.0f - x * y);
    return y + y * (1.0f - x * y);
  } else {
    return T(1) / x;
  }
}

/// Square root of x >= 0. Float: at most 2 ulp for normal x, by Newton's steps; an absolute error below 1e-19 beneath.
template <lanes::Real T>
LATENTCELL_INLINE T sqrt(T x) {
  if constexpr (std::is_same_v<T, float>) {
    using namespace lanes;
    const float half = 0.5f * x;
    float y = from_bits(0x5f375a86 - (bits(x) >> 1));
    y = y * (1.5f - half * y * y);
    y = y * (1.5f - half * y * y);
    y = y * (1.5f - half * y * y);
    const float root = x * y;
    return root + 0.5f * y * (x - root * root);
  } else {
    return std::sqrt(x);
  }
}

/// log(1 + x). Float: at most 2 ulp, also for tiny x; log1p(-1) = -infinity, NaN below.
template <lanes::Real T>
LATENTCELL_INLINE T log1p(T x) {
  if constexpr (std::is_same_v<T, float>) {
    using namespace lanes;
    const float u = 1.0f + x;
    const float lost = where_less(x, 1.0f, x - (u - 1.0f), 1.0f - (u - x));
    const LogParts parts = split(u);
    const float scale = where_less(x, 1e30f, from_bits((127 - parts.k) << 23), 0.0f);  // 2^-k, which 2^-128 would break
    const float f = parts.m_minus_1 + lost * scale;
    float y = log_of(float(parts.k), f, log_series(f));
    y = where_less(x, infinity, y, x);
    y = where_less(-1.0f, x, y, where_less(x, -1.0f, not_a_number, x - infinity));
    return y;
  } else {
    return std::log1p(x);
  }
}

/// Hyperbolic tangent. Float: at most 3 ulp.
template <lanes::Real T>
LATENTCELL_INLINE T tanh(T x) {
  if constexpr (std::is_same_v<T, float>) {
    using namespace lanes;
    constexpr std::int32_t size = 0x7fffffff;
    const float e = fast::expm1(-2.0f * from_bits(bits(x) & size));  // in (-1, 0]
    return from_bits((bits(e / (2.0f + e)) & size) | (bits(x) & ~size));
  } else {
    return std::tanh(x);
  }
}

/// 1 / (1 + e^-x). Float: at most 3 ulp above -87, zero below -88.8.
template <lanes::Real T>
LATENTCELL_INLINE T sigmoid(T x) {
  return T(1) / (T(1) + fast::exp(-x));
}

/// log(1 + e^x), without overflow. Float: at most 3 ulp.
template <lanes::Real T>
LATENTCELL_INLINE T softplus(T x) {
  if constexpr (std::is_same_v<T, float>) {
    using namespace lanes;
    const float minus_size = from_bits(bits(x) | ~0x7fffffff);
    return where_less(x, 0.0f, 0.0f, x) + fast::log1p(fast::exp(minus_size));
  } else {
    return (x > T(0) ? x : T(0)) + std::log1p(std::exp(-std::abs(x)));
  }
}
}  // namespace latentcell::kernel::fast
