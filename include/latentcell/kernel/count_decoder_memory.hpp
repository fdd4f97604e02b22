#pragma once

#include <utility>

#include <latentcell/kernel/count_decoder_block.hpp>
#include <latentcell/kernel/gemm.hpp>

// What goes into the count decoder (kernel/count_decoder.hpp), and the memory it works in.

namespace LATENTCELL_NAMESPACE::kernel {

/// A linear layer from the hidden values to one number per gene.
template <class T>
struct DecoderHead {
  const T* weight = nullptr;  // (G, H); null: the likelihood has no such head
  const T* bias = nullptr;    // (G)
  T* d_weight = nullptr;      // (G, H), overwritten; null where nobody asks
  T* d_bias = nullptr;        // (G), overwritten
};

/// What count_decoder reads and writes. A null d_hidden asks for values only.
template <class T>
struct CountDecoderArguments {
  Family family;
  LibraryLink link;
  CountTargets<T> targets;
  CscCounts<float> counts;    // the targets' counts turned around
  const T* hidden = nullptr;  // (B, H)
  Index width = 0;            // H
  DecoderHead<T> mean;
  DecoderHead<T> dispersion;                          // log dispersion, or log sigma, per cell and gene
  DecoderHead<T> inflation;                           // logit of the zero inflation
  T least_log_theta = T(-9), most_log_theta = T(14);  // bounds of the dispersion head
  const T* log_theta = nullptr;    // (R, G) log dispersion, or log sigma, per gene; null where there is none
  const T* theta_share = nullptr;  // (B, R) shares of the R rows in each cell's log dispersion; null: R is 1
  Index theta_rows = 1;            // R
  T* d_hidden = nullptr;           // (B, H), overwritten
  T* d_log_theta = nullptr;        // (R, G), overwritten
  T* log_prob = nullptr;           // (B), overwritten; or null
};

namespace detail {

// Genes of a block of products: a block stays in the second cache level.
inline constexpr Index decoder_genes = 64;

/// Sizes that follow from the arguments.
struct DecoderPlan {
  static constexpr Index parts = CscPlan::parts;
  CscPlan cut;
  Index genes, width, cells, stride;  // cells of the largest turn, and that number padded to whole vectors
  bool softmax;

  template <class T>
  explicit DecoderPlan(const CountDecoderArguments<T>& a)
      : cut(a.counts.plan),
        genes(cut.genes),
        width(a.width),
        cells(cut.cells_of(0)),
        stride(cut.stride()),
        softmax(a.link == LibraryLink::softmax && counts_molecules(a.family)) {}

  Index first_gene(Index part) const { return cut.first_gene(part); }
  Index part_genes() const { return genes / parts + 1; }
  Index part_blocks() const { return softmax ? part_genes() / decoder_genes + 1 : 0; }
  /// Elements of work of one pass over a turn: the product with the weights and the likelihood.
  Index work(Index turn) const { return cut.cells_of(turn) * genes * (width / 16 + 16); }
  Index kept() const { return softmax ? genes * stride : 0; }
};

/// Cuts one piece of memory into arrays.
template <class T>
struct Cutter {
  T* at;
  T* operator()(Index n) { return std::exchange(at, at + n); }
};

/// Memory of one part.
template <class T>
struct DecoderMemory {
  DecoderBlock<T> terms;
  T *mean, *d_mean, *theta, *pi;  // (decoder_genes, stride)
  T *top, *sum;                   // (stride)
  T* block_top;                   // (blocks of the part, stride), softmax alone
  T *weights, *d_hidden;          // packed (decoder_genes, H);  (cells, H)
  T *gene_theta, *gene_inv;       // (genes of the part)

  static Index size(const DecoderPlan& p) {
    return (5 * decoder_rows + 4 * decoder_genes + 4) * p.stride + packed_size(decoder_genes, p.width) +
           p.cells * p.width + 2 * p.part_genes() + p.part_blocks() * p.stride;
  }
  DecoderMemory(const DecoderPlan& p, T* from) {
    Cutter<T> take{from};
    for (T** to : {&terms.log_prob, &terms.d_theta, &terms.d_pi, &terms.theta, &terms.inv_theta}) {
      *to = take(decoder_rows * p.stride);
    }
    for (T** to : {&mean, &d_mean, &theta, &pi}) *to = take(decoder_genes * p.stride);
    for (T** to : {&terms.cell_log_prob, &terms.cell_d_mean, &top, &sum}) *to = take(p.stride);
    block_top = take(p.part_blocks() * p.stride);
    weights = take(packed_size(decoder_genes, p.width));
    d_hidden = take(p.cells * p.width);
    gene_theta = take(p.part_genes());
    gene_inv = take(p.part_genes());
  }
};

/// Memory of all parts together.
template <class T>
struct DecoderShared {
  T *means, *d_means;                  // (G, stride), softmax alone
  T *hidden_by_width, *hidden;         // packed (H, stride) and packed (cells, H)
  T *shift, *weight, *factor, *share;  // (stride)

  static Index size(const DecoderPlan& p) {
    return 2 * p.kept() + packed_size(p.width, p.stride) + packed_size(p.cells, p.width) + 4 * p.stride;
  }
  DecoderShared(const DecoderPlan& p, T* from) {
    Cutter<T> take{from};
    means = take(p.kept());
    d_means = take(p.kept());
    hidden_by_width = take(packed_size(p.width, p.stride));
    hidden = take(packed_size(p.cells, p.width));
    for (T** to : {&shift, &weight, &factor, &share}) *to = take(p.stride);
  }
};

}  // namespace detail

/// Numbers that count_decoder needs as scratch memory.
template <class T>
Index count_decoder_scratch(const CountDecoderArguments<T>& a) {
  const detail::DecoderPlan p(a);
  return detail::DecoderShared<T>::size(p) + detail::DecoderPlan::parts * detail::DecoderMemory<T>::size(p);
}

}  // namespace latentcell::kernel
