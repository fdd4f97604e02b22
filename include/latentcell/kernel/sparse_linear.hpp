#pragma once

#include <type_traits>

#include <latentcell/kernel/gemm_tile.hpp>
#include <latentcell/kernel/csc.hpp>
#include <latentcell/kernel/rows.hpp>

// A linear layer over sparse counts: only non-zeros cost. Gene by gene, so that every row of weights is read, and every
// row of its gradient written, once and in order, while the cells' side stays in cache.

namespace LATENTCELL_NAMESPACE::kernel {

namespace detail {

/// Runs body(first column, vectors) over [0, cols) in pieces of `vectors` whole vectors, four or one at a time; what is
/// left goes column by column to rest(column).
template <class T, int bytes, class Body, class Rest>
LATENTCELL_INLINE void by_vectors(Index cols, const Body& body, const Rest& rest) {
  constexpr Index lanes = bytes / Index(sizeof(T));
  Index j = 0;
  for (; j + 4 * lanes <= cols; j += 4 * lanes) body(j, std::integral_constant<int, 4>());
  for (; j + lanes <= cols; j += lanes) body(j, std::integral_constant<int, 1>());
  for (; j < cols; ++j) rest(j);
}

/// to[cell] += value * row for the non-zeros of one gene.    row (d), to (cells, d)
template <class T, int bytes>
LATENTCELL_INLINE void scatter_row(const Csc<T>& x, Index g, const T* row, Index d, T* to) {
  using V = typename tile::VectorOf<T, bytes>::type;
  constexpr Index lanes = bytes / Index(sizeof(T));
  const Index begin = x.start[g], end = x.start[g + 1], base = g * x.stride;
  by_vectors<T, bytes>(
      d,
      [=](Index j, auto vectors) __attribute__((always_inline)) {
        constexpr int n = decltype(vectors)::value;
        V w[std::size_t(n)];
        for (int i = 0; i < n; ++i) w[i] = *reinterpret_cast<const V*>(row + j + i * lanes);
        for (Index k = begin; k < end; ++k) {
          T* const out = to + (x.place[k] - base) * d + j;
          const T v = x.value[k];
          for (int i = 0; i < n; ++i) *reinterpret_cast<V*>(out + i * lanes) += v * w[i];
        }
      },
      [=](Index j) __attribute__((always_inline)) {
        for (Index k = begin; k < end; ++k) to[(x.place[k] - base) * d + j] += x.value[k] * row[j];
      });
}

/// row = (add ? row : 0) + the sum of value * from[cell] over the non-zeros of one gene.    from (cells, d), row (d)
template <class T, int bytes>
LATENTCELL_INLINE void gather_row(const Csc<T>& x, Index g, const T* from, Index d, bool add, T* row) {
  using V = typename tile::VectorOf<T, bytes>::type;
  constexpr Index lanes = bytes / Index(sizeof(T));
  const Index begin = x.start[g], end = x.start[g + 1], base = g * x.stride;
  by_vectors<T, bytes>(
      d,
      [=](Index j, auto vectors) __attribute__((always_inline)) {
        constexpr int n = decltype(vectors)::value;
        V sum[std::size_t(n)];
        for (int i = 0; i < n; ++i) sum[i] = add ? *reinterpret_cast<const V*>(row + j + i * lanes) : V{};
        for (Index k = begin; k < end; ++k) {
          const T* const in = from + (x.place[k] - base) * d + j;
          const T v = x.value[k];
          for (int i = 0; i < n; ++i) sum[i] += v * *reinterpret_cast<const V*>(in + i * lanes);
        }
        for (int i = 0; i < n; ++i) *reinterpret_cast<V*>(row + j + i * lanes) = sum[i];
      },
      [=](Index j) __attribute__((always_inline)) {
        T sum = add ? row[j] : T(0);
        for (Index k = begin; k < end; ++k) sum += x.value[k] * from[(x.place[k] - base) * d + j];
        row[j] = sum;
      });
}

}  // namespace detail

/// Numbers of scratch memory of sparse_linear.
inline Index sparse_linear_scratch(const CscPlan& plan, Index width) {
  return CscPlan::parts * std::min(plan.cells, CscPlan::most_cells) * width;
}

/// y[b] = bias + sum over the non-zeros (g, v) of cell b of v * w[g].
/// w (G, D), bias (D), y (B, D), scratch (sparse_linear_scratch)
template <class T>
void sparse_linear(const CscCounts<T>& x, ConstView<T> w, const T* bias, View<T> y, T* scratch) {
  const Index d = w.cols();
  for (Index turn = 0; turn < x.plan.turns(); ++turn) {
    const Index cells = x.plan.cells_of(turn), size = cells * d;
    parallel_items(CscPlan::parts, size + x.nonzeros(turn) * d / 4, [&](Index part) {
      const Csc<T> piece = x.piece(turn, part);
      const T* const from = w.data() + piece.first_gene * d;
      T* const to = scratch + part * size;
      std::fill_n(to, size, T(0));
      vectorized([=](auto isa) __attribute__((always_inline)) {
        for (Index g = 0; g < piece.genes; ++g) detail::scatter_row<T, isa.vector_bytes>(piece, g, from + g * d, d, to);
      });
    });
    T* const out = y.data() + x.plan.first_cell(turn) * d;
    parallel_ranges(cells, grain_of(d), [&](Index first, Index last) {
      vectorized([=]() __attribute__((always_inline)) {
        for (Index b = first; b < last; ++b) {
          for (Index j = 0; j < d; ++j) out[b * d + j] = bias[j];
          for (Index part = 0; part < CscPlan::parts; ++part) {
            const T* const row = scratch + part * size + b * d;
#pragma omp simd
            for (Index j = 0; j < d; ++j) out[b * d + j] += row[j];
          }
        }
      });
    });
  }
}

/// dw[g] = sum over the non-zeros (b, v) of gene g of v * dy[b], overwritten.     dy (B, D), dw (G, D)
template <class T>
void sparse_linear_grad(const CscCounts<T>& x, ConstView<T> dy, T* dw) {
  const Index d = dy.cols(), turns = x.plan.turns();
  Index work = x.plan.genes * d;
  for (Index turn = 0; turn < turns; ++turn) work += x.nonzeros(turn) * d / 4;
  parallel_items(CscPlan::parts, work, [&](Index part) {
    for (Index turn = 0; turn < turns; ++turn) {
      const Csc<T> piece = x.piece(turn, part);
      const T* const from = dy.data() + x.plan.first_cell(turn) * d;
      T* const to = dw + piece.first_gene * d;
      vectorized([=](auto isa) __attribute__((always_inline)) {
        for (Index g = 0; g < piece.genes; ++g) {
          detail::gather_row<T, isa.vector_bytes>(piece, g, from, d, turn > 0, to + g * d);
        }
      });
    }
  });
}

}  // namespace latentcell::kernel
