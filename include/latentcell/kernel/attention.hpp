#pragma once

#include <cmath>
#include <limits>

#include <latentcell/kernel/dispatch.hpp>
#include <latentcell/kernel/rows.hpp>

// Multi-head self-attention over few tokens (Vaswani et al. 2017, eq. 1). All of a head stays in the first cache level.
// Keys and values are turned around in small pieces, so that scores of many tokens are made side by side and no sum runs
// across a vector.

namespace latentcell::kernel {

namespace detail {

// Tokens and dimensions of a piece that is turned around.
inline constexpr Index attention_tokens = 32, attention_dims = 64;

/// to (n, n) = factor * x y^T.     x, y (n, d), their rows x_step and y_step apart
template <class T>
LATENTCELL_INLINE void token_products(Index n, Index d, T factor, const T* x, Index x_step, const T* y, Index y_step, T* to) {
  alignas(64) T turned[std::size_t(attention_dims * attention_tokens)];
  for (Index j = 0; j < n; j += attention_tokens) {
    const Index cols = n - j < attention_tokens ? n - j : attention_tokens;
    for (Index c = 0; c < d; c += attention_dims) {
      const Index dims = d - c < attention_dims ? d - c : attention_dims;
      for (Index k = 0; k < dims; ++k) {
        for (Index t = 0; t < cols; ++t) turned[k * attention_tokens + t] = factor * y[(j + t) * y_step + c + k];
      }
      for (Index i = 0; i < n; ++i) {
        T* const row = to + i * n + j;
        const T* const in = x + i * x_step + c;
        if (c == 0) {
#pragma omp simd
          for (Index t = 0; t < cols; ++t) row[t] = T(0);
        }
        for (Index k = 0; k < dims; ++k) {
          const T a = in[k];
          const T* const b = turned + k * attention_tokens;
#pragma omp simd
          for (Index t = 0; t < cols; ++t) row[t] += a * b[t];
        }
      }
    }
  }
}

/// row = softmax(row).     row (n)
template <class T>
LATENTCELL_INLINE void softmax_row(Index n, T* row) {
  T top = row[0];
  for (Index j = 1; j < n; ++j) top = row[j] > top ? row[j] : top;
  fast::detail::each<T>(n, [=](Index j) __attribute__((always_inline)) { row[j] = fast::exp(row[j] - top); });
  T sum = 0;
  for (Index j = 0; j < n; ++j) sum += row[j];
  const T factor = T(1) / sum;
#pragma omp simd
  for (Index j = 0; j < n; ++j) row[j] *= factor;
}

}  // namespace detail

/// y = softmax(q k^T / sqrt(d)) v, head by head.
/// qkv (B, T, 3 D) holds q, k, v side by side, each cut into H heads of d = D / H;  p (B, H, T, T) keeps the softmax;
/// y (B, T, D)
template <class T>
void attention(const T* qkv, T* p, T* y, Index batch, Index tokens, Index width, Index heads) {
  const Index d = width / heads, step = 3 * width;
  const T scale = T(1) / std::sqrt(T(d));
  parallel_ranges(batch, row_grain(tokens * width), [&](Index first, Index last) {
    vectorized([=]() __attribute__((always_inline)) {
      for (Index bh = first * heads; bh < last * heads; ++bh) {
        const Index b = bh / heads, h = bh % heads;
        const T* const q = qkv + b * tokens * step + h * d;
        const T *const k = q + width, *const v = k + width;
        T *const weights = p + bh * tokens * tokens, *const out = y + b * tokens * width + h * d;
        detail::token_products(tokens, d, scale, q, step, k, step, weights);
        for (Index i = 0; i < tokens; ++i) {
          T *const row = weights + i * tokens, *const to = out + i * width;
          detail::softmax_row(tokens, row);
#pragma omp simd
          for (Index c = 0; c < d; ++c) to[c] = row[0] * v[c];
          for (Index j = 1; j < tokens; ++j) {
            const T weight = row[j];
            const T* const in = v + j * step;
#pragma omp simd
            for (Index c = 0; c < d; ++c) to[c] += weight * in[c];
          }
        }
      }
    });
  });
}

/// With ds = p * (dp - sum(p * dp)), dp = dy v^T:   dq = ds k / sqrt(d);  dk = ds^T q / sqrt(d);  dv = p^T dy.
/// dqkv is overwritten; scratch (B, T, T)
template <class T>
void attention_grad(const T* qkv, const T* p, const T* dy, T* dqkv, T* scratch, Index batch, Index tokens, Index width,
                    Index heads) {
  const Index d = width / heads, step = 3 * width;
  const T scale = T(1) / std::sqrt(T(d));
  parallel_ranges(batch, row_grain(tokens * width), [&](Index first, Index last) {
    vectorized([=]() __attribute__((always_inline)) {
      for (Index bh = first * heads; bh < last * heads; ++bh) {
        const Index b = bh / heads, h = bh % heads, at = b * tokens * step + h * d;
        const T *const q = qkv + at, *const k = q + width, *const v = k + width;
        T *const dq = dqkv + at, *const dk = dq + width, *const dv = dk + width;
        const T *const weights = p + bh * tokens * tokens, *const g = dy + b * tokens * width + h * d;
        T* const ds = scratch + b * tokens * tokens;
        detail::token_products(tokens, d, T(1), g, width, v, step, ds);
        for (Index i = 0; i < tokens; ++i) {
          const T* const row = weights + i * tokens;
          T* const to = ds + i * tokens;
          T mean = 0;
          for (Index j = 0; j < tokens; ++j) mean += row[j] * to[j];
#pragma omp simd
          for (Index j = 0; j < tokens; ++j) to[j] = row[j] * (to[j] - mean) * scale;
        }
        for (Index i = 0; i < tokens; ++i) {
          T *const to_q = dq + i * step, *const to_k = dk + i * step, *const to_v = dv + i * step;
          for (Index c = 0; c < d; ++c) to_q[c] = to_k[c] = to_v[c] = T(0);
          for (Index j = 0; j < tokens; ++j) {
            const T from = ds[i * tokens + j], into = ds[j * tokens + i], weight = weights[j * tokens + i];
            const T *const key = k + j * step, *const query = q + j * step, *const in = g + j * width;
#pragma omp simd
            for (Index c = 0; c < d; ++c) {
              to_q[c] += from * key[c];
              to_k[c] += into * query[c];
              to_v[c] += weight * in[c];
            }
          }
        }
      }
    });
  });
}

}  // namespace latentcell::kernel
