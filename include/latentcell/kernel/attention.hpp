#pragma once

#include <algorithm>
#include <cmath>

#include <latentcell/kernel/gemm.hpp>
#include <latentcell/kernel/rows.hpp>

// Multi-head self-attention over few tokens (Vaswani et al. 2017, eq. 1). All of a head stays in the first cache level;
// its products run in registers.

namespace latentcell::kernel {

namespace detail {

/// c (rows, cols) = a b for one head: b (depth, cols), or its transpose, is packed into `packed` first.
template <class T, Isa isa>
LATENTCELL_INLINE void head_product(bool b_transposed, Index rows, Index cols, Index depth, const T* a, Index a_row,
                                    Index a_step, const T* b, Index b_row, T* packed, T* c, Index c_row) {
  if (b_transposed) {
    pack_column_panels<T, isa>(depth, cols, b, b_row, packed);
  } else {
    pack_row_panels<T, isa>(depth, cols, b, b_row, packed);
  }
  gemm_panels<T, isa>({false}, rows, cols, depth, {a, a_row, a_step}, packed, c, c_row);
}

/// row = softmax(scale * row).     row (n)
template <class T>
LATENTCELL_INLINE void softmax_row(Index n, T scale, T* row) {
  const T top = fast::detail::max_each<T>(
      n, [=](Index j) __attribute__((always_inline)) { return row[j]; });
  fast::detail::each<T>(
      n, [=](Index j) __attribute__((always_inline)) { row[j] = fast::exp(scale * (row[j] - top)); });
  const T sum = fast::detail::sum_each<T>(
      n, [=](Index j) __attribute__((always_inline)) { return row[j]; });
  const T factor = T(1) / sum;
#pragma omp simd
  for (Index j = 0; j < n; ++j) row[j] *= factor;
}

/// d = scale * row * (d - sum(row * d)).     row, d (n)
template <class T>
LATENTCELL_INLINE void softmax_row_grad(Index n, T scale, const T* row, T* d) {
  const T mean = fast::detail::sum_each<T>(
      n, [=](Index j) __attribute__((always_inline)) { return row[j] * d[j]; });
#pragma omp simd
  for (Index j = 0; j < n; ++j) d[j] = scale * row[j] * (d[j] - mean);
}

}  // namespace detail

/// Numbers of scratch memory a cell of attention and its gradient needs.
inline Index attention_scratch(Index tokens, Index head_width) {
  return std::max(packed_size(tokens, head_width), packed_size(head_width, tokens)) + tokens * tokens;
}

/// y = softmax(q k^T / sqrt(d)) v, head by head.
/// qkv (B, T, 3 D) holds q, k, v side by side, each cut into H heads of d = D / H;  p (B, H, T, T) keeps the softmax;
/// y (B, T, D);  scratch (B, attention_scratch(T, d))
template <class T>
void attention(const T* qkv, T* p, T* y, T* scratch, Index batch, Index tokens, Index width, Index heads) {
  const Index d = width / heads, step = 3 * width;
  const T scale = T(1) / std::sqrt(T(d));
  parallel_ranges(batch, row_grain(tokens * width), [&](Index first, Index last) {
    T* const packed = scratch + first * attention_scratch(tokens, d);
    vectorized([=](auto isa_of) __attribute__((always_inline)) {
      constexpr Isa isa = decltype(isa_of)::isa;
      for (Index bh = first * heads; bh < last * heads; ++bh) {
        const Index b = bh / heads, h = bh % heads;
        const T* const q = qkv + b * tokens * step + h * d;
        const T *const k = q + width, *const v = k + width;
        T* const weights = p + bh * tokens * tokens;
        detail::head_product<T, isa>(true, tokens, tokens, d, q, step, Index(1), k, step, packed, weights, tokens);
        for (Index i = 0; i < tokens; ++i) detail::softmax_row(tokens, scale, weights + i * tokens);
        detail::head_product<T, isa>(false, tokens, d, tokens, weights, tokens, Index(1), v, step, packed,
                                     y + b * tokens * width + h * d, width);
      }
    });
  });
}

/// With ds = p * (dp - sum(p * dp)) / sqrt(d), dp = dy v^T:   dq = ds k;  dk = ds^T q;  dv = p^T dy.
/// dqkv is overwritten; scratch as for attention
template <class T>
void attention_grad(const T* qkv, const T* p, const T* dy, T* dqkv, T* scratch, Index batch, Index tokens, Index width,
                    Index heads) {
  const Index d = width / heads, step = 3 * width;
  const T scale = T(1) / std::sqrt(T(d));
  parallel_ranges(batch, row_grain(tokens * width), [&](Index first, Index last) {
    T* const ds = scratch + first * attention_scratch(tokens, d);
    T* const packed = ds + tokens * tokens;
    vectorized([=](auto isa_of) __attribute__((always_inline)) {
      constexpr Isa isa = decltype(isa_of)::isa;
      for (Index bh = first * heads; bh < last * heads; ++bh) {
        const Index b = bh / heads, h = bh % heads, at = b * tokens * step + h * d;
        const T *const q = qkv + at, *const k = q + width, *const v = k + width;
        T *const dq = dqkv + at, *const dk = dq + width, *const dv = dk + width;
        const T *const weights = p + bh * tokens * tokens, *const g = dy + b * tokens * width + h * d;
        detail::head_product<T, isa>(true, tokens, tokens, d, g, width, Index(1), v, step, packed, ds, tokens);
        for (Index i = 0; i < tokens; ++i)
          detail::softmax_row_grad(tokens, scale, weights + i * tokens, ds + i * tokens);
        detail::head_product<T, isa>(false, tokens, d, tokens, ds, tokens, Index(1), k, step, packed, dq, step);
        detail::head_product<T, isa>(false, tokens, d, tokens, ds, Index(1), tokens, q, step, packed, dk, step);
        detail::head_product<T, isa>(false, tokens, d, tokens, weights, Index(1), tokens, g, width, packed, dv, step);
      }
    });
  });
}

}  // namespace latentcell::kernel
