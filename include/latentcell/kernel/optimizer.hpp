#pragma once

#include <algorithm>

#include <latentcell/kernel/dispatch.hpp>
#include <latentcell/kernel/rows.hpp>

// What a training step does with all weights, each in one pass over memory.

namespace LATENTCELL_NAMESPACE::kernel {

namespace detail {

/// Asks for memory that will be needed soon, to read or to write. Hardware does so by itself within a page of 4 KB; a
/// loop through much more memory than caches hold gains by asking for the next page early.
LATENTCELL_INLINE void prefetch(const void* from, Index bytes) {
  for (Index at = 0; at < bytes; at += 64) __builtin_prefetch(static_cast<const char*>(from) + at);
}

}  // namespace detail

/// Numbers that squared_norm adds up together; its sum does not depend on the number of threads.
inline constexpr Index squared_norm_block = 4096;

/// Sum of squares in double; NaN or infinity where one is among them.     x (n)
template <class T>
double squared_norm(Index n, const T* x) {
  constexpr Index at_once = 1024;  // blocks whose sums fit on the stack
  double total = 0;
  for (Index start = 0; start < n; start += at_once * squared_norm_block) {
    double sums[at_once];
    double* const to = sums;
    const Index here = std::min(n - start, at_once * squared_norm_block);
    const Index blocks = (here + squared_norm_block - 1) / squared_norm_block;
    parallel_ranges(blocks, 8, [&](Index first, Index last) {
      vectorized([=]() __attribute__((always_inline)) {
        for (Index block = first; block < last; ++block) {
          const T* const from = x + start + block * squared_norm_block;
          const Index left = here - block * squared_norm_block;
          if (left >= 2 * squared_norm_block) detail::prefetch(from + squared_norm_block, 4096);
          to[block] = fast::lanes::sum_each<double>(
              left < squared_norm_block ? left : squared_norm_block, [=](Index i) __attribute__((always_inline)) {
                return double(from[i]) * double(from[i]);
              });
        }
      });
    });
    for (Index block = 0; block < blocks; ++block) total += sums[block];
  }
  return total;
}

/// Numbers of one AdamW step that all elements share.
template <class T>
struct AdamWStep {
  T rate, keep;  // step length; 1 - rate * weight decay
  T beta1, beta2, epsilon;
  T correct1, correct2;  // 1 / (1 - beta^steps)
  T gradient_scale;      // what clipping asks for
  T average = T(0);      // share of the way that the moving average goes, where there is one
};

/// Weights x, their first and second moments m and v, and the moving average a (or null) after one step.     all (n)
template <class T>
void adamw(Index n, const AdamWStep<T>& step, const T* g, T* x, T* m, T* v, T* a) {
  parallel_ranges(n, thread_grain(), [&](Index first, Index last) {
    vectorized([ =, s = step ]() __attribute__((always_inline)) {
      const T rate = s.rate * s.correct1;
      const auto move = [=](Index i) __attribute__((always_inline)) {
        const T grad = g[i] * s.gradient_scale;
        m[i] = s.beta1 * m[i] + (T(1) - s.beta1) * grad;
        v[i] = s.beta2 * v[i] + (T(1) - s.beta2) * grad * grad;
        x[i] = s.keep * x[i] - rate * m[i] * fast::reciprocal(fast::sqrt(v[i] * s.correct2) + s.epsilon);
      };
      constexpr Index block = 256, ahead = 2 * block;
      for (Index start = first; start < last; start += block) {
        const Index end = start + block < last ? start + block : last;
        if (start + ahead + block <= last) {
          constexpr Index bytes = block * Index(sizeof(T));
          detail::prefetch(g + start + ahead, bytes);
          detail::prefetch(x + start + ahead, bytes);
          detail::prefetch(m + start + ahead, bytes);
          detail::prefetch(v + start + ahead, bytes);
        }
        if (a == nullptr) {
#pragma omp simd
          for (Index i = start; i < end; ++i) move(i);
        } else {
#pragma omp simd
          for (Index i = start; i < end; ++i) {
            move(i);
            a[i] += s.average * (x[i] - a[i]);
          }
        }
      }
    });
  });
}

#ifdef LATENTCELL_INSTANCES
extern template double squared_norm<float>(Index n, const float* x);
extern template void adamw<float>(Index n, const AdamWStep<float>& step, const float* g, float* x, float* m, float* v,
                                  float* a);
#endif

}  // namespace latentcell::kernel
