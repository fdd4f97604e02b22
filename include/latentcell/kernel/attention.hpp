#pragma once

#include <algorithm>
#include <cmath>

#include <latentcell/kernel/gemm.hpp>
#include <latentcell/kernel/rows.hpp>

// Multi-head attention over few tokens (Vaswani et al. 2017, eq. 1). All of a head stays in the first cache level; its
// products run in registers.

namespace LATENTCELL_NAMESPACE::kernel {

namespace detail {

/// c (rows, cols) = a b for one head: b (depth, cols), or its transpose, is packed into `packed` first.
template <class T, Isa isa>
LATENTCELL_INLINE void head_product(bool b_transposed, Index rows, Index cols, Index depth, const T* a, Index a_row,
                                    Index a_step, const T* b, Index b_row, T* packed, T* c, Index c_row) {
  if (b_transposed) {
    tile::pack_column_panels<T, isa>(depth, cols, b, b_row, packed);
  } else {
    tile::pack_row_panels<T, isa>(depth, cols, b, b_row, packed);
  }
  tile::gemm_panels<T, isa>({false}, rows, cols, depth, {a, a_row, a_step}, packed, c, c_row);
}

/// row = softmax(scale * row).     row (n)
template <class T>
LATENTCELL_INLINE void softmax_row(Index n, T scale, T* row) {
  const T top = fast::lanes::max_each<T>(
      n, [=](Index j) __attribute__((always_inline)) { return row[j]; });
  fast::lanes::each<T>(
      n, [=](Index j) __attribute__((always_inline)) { row[j] = fast::exp(scale * (row[j] - top)); });
  const T sum = fast::lanes::sum_each<T>(
      n, [=](Index j) __attribute__((always_inline)) { return row[j]; });
  const T factor = T(1) / sum;
#pragma omp simd
  for (Index j = 0; j < n; ++j) row[j] *= factor;
}

/// d = scale * row * (d - sum(row * d)).     row, d (n)
template <class T>
LATENTCELL_INLINE void softmax_row_grad(Index n, T scale, const T* row, T* d) {
  const T mean = fast::lanes::sum_each<T>(
      n, [=](Index j) __attribute__((always_inline)) { return row[j] * d[j]; });
#pragma omp simd
  for (Index j = 0; j < n; ++j) d[j] = scale * row[j] * (d[j] - mean);
}

}  // namespace detail

/// Cells, tokens that ask (T), tokens that are asked (K), width (D), heads (H).
struct AttentionSize {
  Index batch, queries, keys, width, heads;
  Index head_width() const { return width / heads; }
  /// Numbers of scratch memory, of one cell and of all.
  Index cell_scratch() const {
    const Index d = head_width();
    return std::max({packed_size(d, keys), packed_size(keys, d), packed_size(queries, d)}) + queries * keys;
  }
  Index scratch() const { return batch * cell_scratch(); }
  Index weights() const { return batch * heads * queries * keys; }
};

/// Where queries, keys and values lie, each a row a token; rows of queries q_step apart, of the others kv_step.
template <class T>
struct AttentionInput {
  const T* q;
  Index q_step;
  const T *k, *v;
  Index kv_step;
};

/// Queries, keys and values side by side, as one product makes them.     qkv (B, T, 3 D)
template <class T>
AttentionInput<T> self_attention(const T* qkv, Index width) {
  return {qkv, 3 * width, qkv + width, qkv + 2 * width, 3 * width};
}

/// y = softmax(q k^T / sqrt(d)) v, head by head, heads being pieces of d = D / H columns.
/// p (B, H, T, K) keeps the softmax; y (B, T, D); scratch (size.scratch())
template <class T>
void attention(AttentionSize size, AttentionInput<T> in, T* p, T* y, T* scratch) {
  const Index d = size.head_width(), n = size.queries, m = size.keys, width = size.width;
  const T scale = T(1) / std::sqrt(T(d));
  parallel_ranges(size.batch, grain_of(n * width), [&](Index first, Index last) {
    T* const packed = scratch + first * size.cell_scratch();
    vectorized([=](auto isa_of) __attribute__((always_inline)) {
      constexpr Isa isa = decltype(isa_of)::isa;
      for (Index bh = first * size.heads; bh < last * size.heads; ++bh) {
        const Index b = bh / size.heads, h = bh % size.heads;
        const T* const q = in.q + b * n * in.q_step + h * d;
        const T *const k = in.k + b * m * in.kv_step + h * d, *const v = in.v + b * m * in.kv_step + h * d;
        T* const weights = p + bh * n * m;
        detail::head_product<T, isa>(true, n, m, d, q, in.q_step, Index(1), k, in.kv_step, packed, weights, m);
        for (Index i = 0; i < n; ++i) detail::softmax_row(m, scale, weights + i * m);
        detail::head_product<T, isa>(false, n, d, m, weights, m, Index(1), v, in.kv_step, packed,
                                     y + b * n * width + h * d, width);
      }
    });
  });
}

/// With ds = p * (dp - sum(p * dp)) / sqrt(d), dp = dy v^T:   dq = ds k;  dk = ds^T q;  dv = p^T dy.
/// The gradients lie as the inputs do and are overwritten.
template <class T>
void attention_grad(AttentionSize size, AttentionInput<T> in, const T* p, const T* dy, T* dq_all, T* dk_all, T* dv_all,
                    T* scratch) {
  const Index d = size.head_width(), n = size.queries, m = size.keys, width = size.width;
  const T scale = T(1) / std::sqrt(T(d));
  parallel_ranges(size.batch, grain_of(n * width), [&](Index first, Index last) {
    T* const ds = scratch + first * size.cell_scratch();
    T* const packed = ds + n * m;
    vectorized([=](auto isa_of) __attribute__((always_inline)) {
      constexpr Isa isa = decltype(isa_of)::isa;
      for (Index bh = first * size.heads; bh < last * size.heads; ++bh) {
        const Index b = bh / size.heads, h = bh % size.heads;
        const Index at_q = b * n * in.q_step + h * d, at_kv = b * m * in.kv_step + h * d;
        const T *const q = in.q + at_q, *const k = in.k + at_kv, *const v = in.v + at_kv;
        T *const dq = dq_all + at_q, *const dk = dk_all + at_kv, *const dv = dv_all + at_kv;
        const T *const weights = p + bh * n * m, *const g = dy + b * n * width + h * d;
        detail::head_product<T, isa>(true, n, m, d, g, width, Index(1), v, in.kv_step, packed, ds, m);
        for (Index i = 0; i < n; ++i) detail::softmax_row_grad(m, scale, weights + i * m, ds + i * m);
        detail::head_product<T, isa>(false, n, d, m, ds, m, Index(1), k, in.kv_step, packed, dq, in.q_step);
        detail::head_product<T, isa>(false, m, d, n, ds, Index(1), m, q, in.q_step, packed, dk, in.kv_step);
        detail::head_product<T, isa>(false, m, d, n, weights, Index(1), m, g, width, packed, dv, in.kv_step);
      }
    });
  });
}

}  // namespace latentcell::kernel
