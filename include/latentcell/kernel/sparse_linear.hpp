#pragma once

#include <latentcell/kernel/dispatch.hpp>
#include <latentcell/kernel/gene_major.hpp>
#include <latentcell/kernel/rows.hpp>

// A linear layer over sparse counts: only non-zeros cost. Gene by gene, so that every row of weights is read, and every
// row of its gradient written, once and in order, while the cells' side stays in cache.

namespace latentcell::kernel {

/// The counts of a batch turned around, for sparse_linear and its gradient.
template <class T>
struct SparseInput {
  GeneMajorPlan plan;
  const GeneMajor<T>* pieces = nullptr;  // (turns, parts)

  const GeneMajor<T>& piece(Index turn, Index part) const { return pieces[turn * GeneMajorPlan::parts + part]; }
};

/// Turns x around.    values (non-zeros) stand in place of the counts; pieces (turns * parts), words (non-zeros +
/// turns * (G + parts)) and numbers (non-zeros) are memory that the result points to
template <class T>
SparseInput<T> sparse_input(const CountsView& x, const T* values, GeneMajor<T>* pieces, std::int32_t* words, T* numbers) {
  const GeneMajorPlan plan{x.rows, x.cols};
  const T* const of_columns = values - x.row_start[0];
  for (Index turn = 0; turn < plan.turns(); ++turn) {
    const CountsView cells = x.middle(plan.first_cell(turn), plan.cells_of(turn));
    GeneMajorMemory<T> memory[GeneMajorPlan::parts];
    for (Index part = 0; part < GeneMajorPlan::parts; ++part) {
      Index nonzeros = 0;
      for (Index b = 0; b < cells.rows; ++b) {
        const auto [from, to] = gene_range(cells, b, plan.first_gene(part), plan.first_gene(part + 1));
        nonzeros += Index(to - from);
      }
      memory[part] = {words, words + plan.genes_of(part) + 1, numbers};
      words += plan.genes_of(part) + 1 + nonzeros;
      numbers += nonzeros;
    }
    parallel_items(GeneMajorPlan::parts, [&](Index part) {
      pieces[turn * GeneMajorPlan::parts + part] =
          gene_major(cells, of_columns, plan.first_gene(part), plan.first_gene(part + 1), plan.stride(), memory[part]);
    });
  }
  return {plan, pieces};
}

/// Numbers of scratch memory of sparse_linear.
inline Index sparse_linear_scratch(const GeneMajorPlan& plan, Index width) {
  return GeneMajorPlan::parts * std::min(plan.cells, GeneMajorPlan::most_cells) * width;
}

/// y[b] = bias + sum over the non-zeros (g, v) of cell b of v * w[g].
/// w (G, D), bias (D), y (B, D), scratch (sparse_linear_scratch)
template <class T>
void sparse_linear(const SparseInput<T>& x, ConstView<T> w, const T* bias, View<T> y, T* scratch) {
  const Index d = w.cols();
  for (Index turn = 0; turn < x.plan.turns(); ++turn) {
    const Index cells = x.plan.cells_of(turn), size = cells * d;
    parallel_items(GeneMajorPlan::parts, [&](Index part) {
      const GeneMajor<T> piece = x.piece(turn, part);
      const T* const from = w.data() + piece.first_gene * d;
      T* const to = scratch + part * size;
      vectorized([=]() __attribute__((always_inline)) {
        std::fill_n(to, size, T(0));
        for (Index g = 0; g < piece.genes; ++g) {
          const T* const row = from + g * d;
          for (Index k = piece.start[g]; k < piece.start[g + 1]; ++k) {
            const T v = piece.value[k];
            T* const out = to + (piece.place[k] - g * piece.stride) * d;
#pragma omp simd
            for (Index j = 0; j < d; ++j) out[j] += v * row[j];
          }
        }
      });
    });
    T* const out = y.data() + x.plan.first_cell(turn) * d;
    parallel_ranges(cells, row_grain(d), [&](Index first, Index last) {
      vectorized([=]() __attribute__((always_inline)) {
        for (Index b = first; b < last; ++b) {
          for (Index j = 0; j < d; ++j) out[b * d + j] = bias[j];
          for (Index part = 0; part < GeneMajorPlan::parts; ++part) {
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
void sparse_linear_grad(const SparseInput<T>& x, ConstView<T> dy, T* dw) {
  const Index d = dy.cols(), turns = x.plan.turns();
  parallel_items(GeneMajorPlan::parts, [&](Index part) {
    for (Index turn = 0; turn < turns; ++turn) {
      const GeneMajor<T> piece = x.piece(turn, part);
      const T* const from = dy.data() + x.plan.first_cell(turn) * d;
      T* const to = dw + piece.first_gene * d;
      vectorized([=]() __attribute__((always_inline)) {
        for (Index g = 0; g < piece.genes; ++g) {
          T* const row = to + g * d;
          if (turn == 0) std::fill_n(row, d, T(0));
          for (Index k = piece.start[g]; k < piece.start[g + 1]; ++k) {
            const T v = piece.value[k];
            const T* const in = from + (piece.place[k] - g * piece.stride) * d;
#pragma omp simd
            for (Index j = 0; j < d; ++j) row[j] += v * in[j];
          }
        }
      });
    }
  });
}

}  // namespace latentcell::kernel
