#pragma once

#include <cmath>
#include <latentcell/kernel/vector_math.hpp>

// log Gamma and its derivative for positive arguments, made like the functions of vector_math.hpp: a loop over them
// becomes vector code. Small arguments are moved by the recurrence to an interval of length one and a polynomial, so
// that both keep their relative accuracy beside their zeros; large ones use Stirling's series.

namespace LATENTCELL_NAMESPACE::kernel::fast {

namespace lanes {

// log Gamma(2 + d) for |d| <= 1/2.
LATENTCELL_INLINE float lgamma_near_2(float d) {
  float p = 0.000563159178f;
  p = p * d - 0.00131256238f;
  p = p * d + 0.0028819656f;
  p = p * d - 0.00736642163f;
  p = p * d + 0.0205812398f;
  p = p * d - 0.0673532635f;
  p = p * d + 0.322467029f;
  p = p * d + 0.422784328f;
  return p * d;
}

// digamma(1.5 + d) for |d| <= 1/2, exact zero position included: 1.5 + d - 1.46163214...
LATENTCELL_INLINE float digamma_near_1_5(float d) {
  float p = -0.0159063172f;
  p = p * d + 0.0239090715f;
  p = p * d - 0.0260488819f;
  p = p * d + 0.0393694192f;
  p = p * d - 0.0620070696f;
  p = p * d + 0.0951162204f;
  p = p * d - 0.148402244f;
  p = p * d + 0.240538448f;
  p = p * d - 0.423627436f;
  p = p * d + 0.951055884f;
  return p * ((d + 0.0383678675f) - 1.24381499e-8f);
}

}  // namespace lanes

/// log Gamma(x) for x > 0. Float: at most 8 ulp, also beside the zeros at 1 and 2; infinity at 0, NaN below.
template <lanes::Real T>
LATENTCELL_INLINE T lgamma(T x) {
  if constexpr (std::is_same_v<T, float>) {
    using namespace lanes;
    // x = origin + d, and Gamma(x) = Gamma(2 + d) times or over a product of up to two factors.
    float origin = where_less(x, 3.5f, 3.0f, 4.0f);
    float factor = where_less(x, 3.5f, x - 1.0f, (x - 1.0f) * (x - 2.0f));
    origin = where_less(x, 2.5f, 2.0f, origin);
    factor = where_less(x, 2.5f, 1.0f, factor);
    origin = where_less(x, 1.5f, 1.0f, origin);
    factor = where_less(x, 1.5f, x, factor);
    origin = where_less(x, 0.5f, 0.0f, origin);
    factor = where_less(x, 0.5f, x * (x + 1.0f), factor);
    const float log_factor = fast::log(where_less(x, 4.5f, factor, x));
    const float small = lgamma_near_2(x - origin) + where_less(x, 1.5f, -log_factor, log_factor);
    const float r = 1.0f / x;
    const float r2 = r * r;
    const float series = r * (0.0833333333f + r2 * (-0.00277777778f + r2 * 0.000793650794f));
    const float large = (x - 0.5f) * (log_factor - 1.0f) + (0.418938533f + series);
    return where_less(x, 0.0f, not_a_number, where_less(x, 4.5f, small, large));
  } else {
#ifdef __GLIBC__
    int sign = 0;  // std::lgamma writes the global signgam, a race between threads
    return ::lgamma_r(x, &sign);
#else
    return std::lgamma(x);
#endif
  }
}

/// The derivative of log Gamma(x) for x > 0. Float: at most 4 ulp, also beside the zero at 1.4616; -infinity at 0,
/// NaN below. Double: relative error 1e-14 away from the zero.
template <lanes::Real T>
LATENTCELL_INLINE T digamma(T x) {
  if constexpr (std::is_same_v<T, float>) {
    using namespace lanes;
    // psi(x) = psi(x - n) + 1/(x-1) + ... + 1/(x-n): the sum is top / bottom.
    const float x1 = x - 1.0f, x2 = x - 2.0f;
    float base = where_less(x, 3.0f, x - 2.5f, x - 3.5f);
    float top = where_less(x, 3.0f, 1.0f, x1 + x2);
    float bottom = where_less(x, 3.0f, x1, x1 * x2);
    base = where_less(x, 2.0f, x - 1.5f, base);
    top = where_less(x, 2.0f, 0.0f, top);
    bottom = where_less(x, 2.0f, 1.0f, bottom);
    base = where_less(x, 1.0f, x - 0.5f, base);
    top = where_less(x, 1.0f, -1.0f, top);
    bottom = where_less(x, 1.0f, x, bottom);
    top = where_less(x, 4.0f, top, 1.0f);
    bottom = where_less(x, 4.0f, bottom, x);
    const float ratio = top / bottom;
    const float small = digamma_near_1_5(base) + ratio;
    const float r2 = ratio * ratio;
    const float series = r2 * (-0.0833333333f + r2 * (0.00833333333f + r2 * (-0.00396825397f + r2 * 0.00416666667f)));
    const float large = fast::log(x) + (series - 0.5f * ratio);
    return where_less(x, 0.0f, not_a_number, where_less(x, 4.0f, small, large));
  } else {
    T sum = T(0);
    if (!(x >= T(0))) return std::numeric_limits<T>::quiet_NaN();
    for (; x < T(12); x += T(1)) sum -= T(1) / x;
    const T r2 = T(1) / (x * x);
    const T series =
        T(1) / 12 -
        r2 * (T(1) / 120 -
              r2 * (T(1) / 252 - r2 * (T(1) / 240 - r2 * (T(1) / 132 - r2 * (T(691) / 32760 - r2 * (T(1) / 12))))));
    return sum + (std::log(x) - T(0.5) / x - r2 * series);
  }
}

}  // namespace latentcell::kernel::fast
