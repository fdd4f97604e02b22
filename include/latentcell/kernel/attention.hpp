#pragma once

#include <cmath>

#include <latentcell/kernel/rows.hpp>
#include <latentcell/kernel/vector_math.hpp>

// Multi-head self-attention over few tokens (Vaswani et al. 2017, eq. 1): queries, keys and values of a cell stay in
// the first cache level, so plain loops over the head width are enough.

namespace latentcell::kernel {

// y = softmax(q k^T / sqrt(d)) v, head by head.
// qkv (B, T, 3 D) holds q, k, v side by side, each cut into H heads of d = D / H;  p (B, H, T, T) keeps the softmax;
// y (B, T, D)
template <class T>
void attention(const T* qkv, T* p, T* y, Index batch, Index tokens, Index width, Index heads) {
  const Index d = width / heads;
  const T scale = T(1) / std::sqrt(T(d));
  parallel_ranges(batch, row_grain(tokens * width), [&](Index first, Index last) {
    for (Index bh = first * heads; bh < last * heads; ++bh) {
      const Index b = bh / heads, h = bh % heads;
      const T* q = qkv + b * tokens * 3 * width + h * d;
      const T* k = q + width;
      const T* v = k + width;
      T* out = y + b * tokens * width + h * d;
      for (Index i = 0; i < tokens; ++i) {
        T* row = p + (bh * tokens + i) * tokens;
        T top = -std::numeric_limits<T>::infinity();
        for (Index j = 0; j < tokens; ++j) {
          T dot = 0;
#pragma omp simd reduction(+ : dot)
          for (Index c = 0; c < d; ++c) dot += q[i * 3 * width + c] * k[j * 3 * width + c];
          row[j] = dot * scale;
          top = std::max(top, row[j]);
        }
        T sum = 0;
#pragma omp simd reduction(+ : sum)
        for (Index j = 0; j < tokens; ++j) {
          row[j] = fast::exp(row[j] - top);
          sum += row[j];
        }
        T* to = out + i * width;
        std::fill_n(to, d, T(0));
        for (Index j = 0; j < tokens; ++j) {
          row[j] /= sum;
          const T weight = row[j];
#pragma omp simd
          for (Index c = 0; c < d; ++c) to[c] += weight * v[j * 3 * width + c];
        }
      }
    }
  });
}

// With ds = p * (dp - sum(p * dp)), dp = dy v^T:   dq += ds k / sqrt(d);  dk += ds^T q / sqrt(d);  dv += p^T dy.
template <class T>
void attention_grad(const T* qkv, const T* p, const T* dy, T* dqkv, Index batch, Index tokens, Index width,
                    Index heads) {
  const Index d = width / heads;
  const T scale = T(1) / std::sqrt(T(d));
  parallel_ranges(batch, row_grain(tokens * width), [&](Index first, Index last) {
    for (Index bh = first * heads; bh < last * heads; ++bh) {
      const Index b = bh / heads, h = bh % heads, step = 3 * width;
      const Index at = b * tokens * step + h * d;
      const T *q = qkv + at, *k = q + width, *v = k + width;
      T *dq = dqkv + at, *dk = dq + width, *dv = dk + width;
      for (Index i = 0; i < tokens; ++i) {
        const T* row = p + (bh * tokens + i) * tokens;
        const T* g = dy + (b * tokens + i) * width + h * d;
        T mean = 0;
        for (Index j = 0; j < tokens; ++j) {
          T dot = 0;
#pragma omp simd reduction(+ : dot)
          for (Index c = 0; c < d; ++c) dot += g[c] * v[j * step + c];
          mean += row[j] * dot;
        }
        for (Index j = 0; j < tokens; ++j) {
          T dot = 0;
#pragma omp simd reduction(+ : dot)
          for (Index c = 0; c < d; ++c) dot += g[c] * v[j * step + c];
          const T ds = row[j] * (dot - mean) * scale, weight = row[j];
#pragma omp simd
          for (Index c = 0; c < d; ++c) {
            dq[i * step + c] += ds * k[j * step + c];
            dk[j * step + c] += ds * q[i * step + c];
            dv[j * step + c] += weight * g[c];
          }
        }
      }
    }
  });
}

}  // namespace latentcell::kernel
