#pragma once

#include <algorithm>
#include <cstdint>
#include <utility>

#include <latentcell/core/counts.hpp>
#include <latentcell/kernel/parallel.hpp>

// Counts by gene (compressed sparse columns, CSC) in place of by cell (CSR): a loop over genes then reads or writes
// each row of weights once, in order.

namespace LATENTCELL_NAMESPACE::kernel {

/// The non-zeros of genes [first_gene, first_gene + genes) of some cells: those of gene first_gene + g are place[k],
/// value[k] for k in [start[g], start[g + 1]), cells ascending. place is an index into a (genes, stride) matrix, that
/// is g * stride + cell.
template <class T>
struct Csc {
  Index first_gene = 0, genes = 0, stride = 0;
  const std::int32_t* start = nullptr;  // (genes + 1)
  const std::int32_t* place = nullptr;  // (non-zeros)
  const T* value = nullptr;             // (non-zeros)
};

/// Memory that csc writes to.
template <class T>
struct CscMemory {
  std::int32_t* start;  // (genes + 1)
  std::int32_t* place;  // (non-zeros of the range)
  T* value;             // (non-zeros of the range)
};

/// Where a cell's non-zeros of the genes [first_gene, last_gene) stand in columns and values.
inline std::pair<std::int64_t, std::int64_t> gene_range(const CountsView& x, Index cell, Index first_gene,
                                                        Index last_gene) {
  const std::int32_t* const begin = x.columns + x.row_start[cell];
  const std::int32_t* const end = x.columns + x.row_start[cell + 1];
  const std::int32_t* const from = std::lower_bound(begin, end, std::int32_t(first_gene));
  const std::int32_t* const to = std::lower_bound(from, end, std::int32_t(last_gene));
  return {from - x.columns, to - x.columns};
}

/// Converts the counts of genes [first_gene, last_gene) from CSR to CSC by a counting sort. `values` stand in place of
/// the counts, the one at position k of x.values in values[k - base].     x (B, G), stride >= B
template <class T, class U>
Csc<T> to_csc(const CountsView& x, const U* values, std::int64_t base, Index first_gene, Index last_gene, Index stride,
              CscMemory<T> to) {
  const Index genes = last_gene - first_gene;
  std::fill_n(to.start, genes + 1, 0);
  // start[g + 1] counts gene g, then is where it ends; filling moves start[g] there from where it begins.
  for (Index b = 0; b < x.rows; ++b) {
    const auto [from, end] = gene_range(x, b, first_gene, last_gene);
    for (std::int64_t k = from; k < end; ++k) ++to.start[x.columns[k] - first_gene + 1];
  }
  for (Index g = 0; g < genes; ++g) to.start[g + 1] += to.start[g];
  for (Index b = 0; b < x.rows; ++b) {
    const auto [from, end] = gene_range(x, b, first_gene, last_gene);
    for (std::int64_t k = from; k < end; ++k) {
      const Index g = x.columns[k] - first_gene;
      const std::int32_t at = to.start[g]++;
      to.place[at] = std::int32_t(g * stride + b);
      to.value[at] = T(values[k - base]);
    }
  }
  for (Index g = genes; g > 0; --g) to.start[g] = to.start[g - 1];
  to.start[0] = 0;
  return {first_gene, genes, stride, to.start, to.place, to.value};
}

/// The pieces in which a batch is converted: cells in turns, genes in parts. Both are the same for any number of
/// threads.
struct CscPlan {
  static constexpr Index most_cells = 128;  ///< of a turn: what is kept per cell stays in cache
  static constexpr Index parts = 8;         ///< of the genes: what threads share out
  Index cells = 0, genes = 0;

  Index turns() const { return (cells + most_cells - 1) / most_cells; }
  Index first_cell(Index turn) const { return std::min(cells, turn * most_cells); }
  Index cells_of(Index turn) const { return first_cell(turn + 1) - first_cell(turn); }
  Index first_gene(Index part) const { return genes * part / parts; }
  Index genes_of(Index part) const { return first_gene(part + 1) - first_gene(part); }
  /// Cells of a turn, padded to whole vectors.
  Index stride() const { return (std::min(cells, most_cells) + 15) / 16 * 16; }

  Index pieces() const { return turns() * parts; }
  /// 4-byte words that the pieces of so many non-zeros take besides their values.
  Index words(Index nonzeros) const { return nonzeros + turns() * (genes + parts); }
};

/// All pieces of a batch.
template <class T>
struct CscCounts {
  CscPlan plan;
  const Csc<T>* pieces = nullptr;  // (turns, parts)

  const Csc<T>& piece(Index turn, Index part) const { return pieces[turn * CscPlan::parts + part]; }
  Index nonzeros(Index turn) const {
    Index out = 0;
    for (Index part = 0; part < CscPlan::parts; ++part) out += piece(turn, part).start[piece(turn, part).genes];
    return out;
  }
};

/// Converts a batch from CSR to CSC. `values` (non-zeros of x, in order) stand in place of the counts; pieces
/// (plan.pieces()), words (plan.words(non-zeros)) and numbers (non-zeros) are memory that the result points to.    x
/// (B, G)
template <class T, class U>
CscCounts<T> csc_counts(const CountsView& x, const U* values, Csc<T>* pieces, std::int32_t* words, T* numbers) {
  const CscPlan plan{x.rows, x.cols};
  for (Index turn = 0; turn < plan.turns(); ++turn) {
    const CountsView cells = x.middle(plan.first_cell(turn), plan.cells_of(turn));
    CscMemory<T> memory[CscPlan::parts];
    for (Index part = 0; part < CscPlan::parts; ++part) {
      Index nonzeros = 0;
      for (Index b = 0; b < cells.rows; ++b) {
        const auto [from, to] = gene_range(cells, b, plan.first_gene(part), plan.first_gene(part + 1));
        nonzeros += Index(to - from);
      }
      memory[part] = {words, words + plan.genes_of(part) + 1, numbers};
      words += plan.genes_of(part) + 1 + nonzeros;
      numbers += nonzeros;
    }
    const Index turn_nonzeros = Index(cells.row_start[cells.rows] - cells.row_start[0]);
    parallel_items(CscPlan::parts, plan.genes + 8 * turn_nonzeros, [&](Index part) {
      pieces[turn * CscPlan::parts + part] = to_csc(cells, values, x.row_start[0], plan.first_gene(part),
                                                    plan.first_gene(part + 1), plan.stride(), memory[part]);
    });
  }
  return {plan, pieces};
}

}  // namespace latentcell::kernel
