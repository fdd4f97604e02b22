#pragma once

#include <array>
#include <initializer_list>
#include <utility>

#include <latentcell/kernel/count_decoder_block.hpp>
#include <latentcell/kernel/gemm.hpp>

// The last layer of a count decoder and its likelihood as one operation: products, link, log-probability, gradients and
// weight gradients of a block of genes while it is in cache. Blocks lie gene by gene, (genes, cells): then a weight is
// read where it lies, the hidden layer is packed once for all blocks, and what belongs to a gene is one number a row.
//
// The softmax over genes asks for three passes:
//   1. logits = W h^T + b;  per cell: their maximum and the sum of exponentials
//   2. means;  log-probabilities;  d log p / d log mu;  per cell: their sum
//   3. d logits = -weight (d log mu - share * mu);  dW += d logits h;  dh += d logits^T W
// Means and d log mu of one turn's cells (at most 128) are all that is kept between passes; with the exp link a block is finished
// before the next begins.

namespace latentcell::kernel {

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
  CountsView counts;               // (B, G)
  std::span<const float> library;  // (B)
  double reference = 1e4;          // library that the Gaussian's values are scaled to
  std::span<const T> weight;       // (B) weight of a cell in the loss
  const T* hidden = nullptr;       // (B, H)
  Index width = 0;                 // H
  DecoderHead<T> mean;
  DecoderHead<T> dispersion;       // log dispersion, or log sigma, per cell and gene
  DecoderHead<T> inflation;        // logit of the zero inflation
  T least_log_theta = T(-9), most_log_theta = T(14);  // bounds of the dispersion head
  const T* log_theta = nullptr;    // (G) log dispersion, or log sigma, per gene; null where there is none
  T* d_hidden = nullptr;           // (B, H), overwritten
  T* d_log_theta = nullptr;        // (G), overwritten
  T* log_prob = nullptr;           // (B), overwritten; or null
};

namespace detail {

// Genes of a block of products: a block stays in the second cache level.
inline constexpr Index decoder_genes = 64;

/// Sizes that follow from the arguments.
struct DecoderPlan {
  static constexpr Index parts = GeneMajorPlan::parts;
  GeneMajorPlan cut;
  Index genes, width, cells, stride;  // cells of the largest turn, and that number padded to whole vectors
  bool softmax;

  template <class T>
  explicit DecoderPlan(const CountDecoderArguments<T>& a)
      : cut{a.counts.rows, a.counts.cols},
        genes(a.counts.cols),
        width(a.width),
        cells(cut.cells_of(0)),
        stride(cut.stride()),
        softmax(a.link == LibraryLink::softmax && a.family != Family::gaussian) {}

  Index first_gene(Index part) const { return cut.first_gene(part); }
  Index part_genes() const { return genes / parts + 1; }
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
  T *mean, *d_mean, *theta, *pi;         // (decoder_genes, stride)
  T *top, *sum;                          // (stride)
  T *weights, *d_hidden;                 // packed (decoder_genes, H);  (cells, H)
  T *gene_theta, *gene_inv;              // (genes of the part)

  static Index size(const DecoderPlan& p) {
    return (10 * decoder_rows + 4 * decoder_genes + 4) * p.stride + packed_size(decoder_genes, p.width) + p.cells * p.width +
           2 * p.part_genes();
  }
  DecoderMemory(const DecoderPlan& p, T* from) {
    Cutter<T> take{from};
    for (T** to : {&terms.log_prob, &terms.d_theta, &terms.d_pi, &terms.theta, &terms.inv_theta, &terms.value,
                   &terms.at_mean, &terms.at_theta, &terms.at_inv, &terms.at_pi}) {
      *to = take(decoder_rows * p.stride);
    }
    for (T** to : {&mean, &d_mean, &theta, &pi}) *to = take(decoder_genes * p.stride);
    for (T** to : {&terms.cell_log_prob, &terms.cell_d_mean, &top, &sum}) *to = take(p.stride);
    weights = take(packed_size(decoder_genes, p.width));
    d_hidden = take(p.cells * p.width);
    gene_theta = take(p.part_genes());
    gene_inv = take(p.part_genes());
  }
};

/// Memory of all parts together.
template <class T>
struct DecoderShared {
  T *means, *d_means;                    // (G, stride), softmax alone
  T *hidden_by_width, *hidden;           // packed (H, stride) and packed (cells, H)
  T *shift, *weight, *factor, *share;    // (stride)

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

/// Numbers that count_decoder needs as scratch memory, and 4-byte words for the counts turned around.
template <class T>
Index count_decoder_numbers(const CountDecoderArguments<T>& a) {
  const detail::DecoderPlan p(a);
  return detail::DecoderShared<T>::size(p) + detail::DecoderPlan::parts * detail::DecoderMemory<T>::size(p);
}
template <class T>
Index count_decoder_words(const CountDecoderArguments<T>& a) {
  return 2 * a.counts.nonzeros() + a.counts.cols + detail::DecoderPlan::parts;
}

namespace detail {

/// One turn: some cells through all genes. A large batch takes several, so memory does not grow with it.
template <class T>
struct DecoderTurn {
  const CountDecoderArguments<T>& a;
  const DecoderPlan& plan;
  const DecoderShared<T>& shared;
  CountsView counts;  // (cells, G)
  Index first_cell;
  bool fresh;         // weight gradients are overwritten, not added to

  bool gradients() const { return a.d_hidden != nullptr; }

  /// What belongs to the cells.
  void prepare() const {
    const Index cells = counts.rows, stride = plan.stride;
    const T* const hidden = a.hidden + first_cell * plan.width;
    pack_columns(plan.width, cells, hidden, plan.width, shared.hidden_by_width);
    pack_rows(cells, plan.width, hidden, plan.width, shared.hidden);
    for (Index b = 0; b < stride; ++b) {
      const bool real = b < cells;
      const std::size_t at = to_size(first_cell + b);
      shared.shift[b] = real ? T(std::log(double(a.library[at]))) : T(0);
      shared.weight[b] = real ? -a.weight[at] : T(0);
      shared.factor[b] = real ? T(a.reference / std::max(1.0, double(a.library[at]))) : T(0);
    }
  }

  /// Room of a matrix with a row per gene: the next block of it is asked for while this one is worked on.
  struct ByGene {
    const T* data = nullptr;
    Index row = 0;
  };
  GemmAhead next(Index first, Index genes, std::initializer_list<ByGene> matrices) const {
    GemmAhead ahead;
    const Index begin = first + genes, count = std::min(genes, plan.genes - begin);
    std::size_t i = 0;
    for (const ByGene& m : matrices) {
      if (m.data != nullptr && count > 0) ahead.spans[i++] = {m.data + begin * m.row, count * m.row * Index(sizeof(T))};
    }
    return ahead;
  }

  /// to (genes, stride) = W h^T + b for the genes [first, first + genes).
  void product(const DecoderHead<T>& head, Index first, Index genes, T* to) const {
    const Index stride = plan.stride;
    gemm_packed<T>({false, head.bias + first}, genes, stride, plan.width, head.weight + first * plan.width, plan.width,
                   Index(1), shared.hidden_by_width, to, stride, next(first, genes, {{head.weight, plan.width}, {to == shared.means + first * stride ? shared.means : nullptr, stride}}));
  }

  /// From the gradient of a block of predictors, (genes, stride), to that of the weights and of the hidden values.
  void spread(const DecoderHead<T>& head, Index first, Index genes, const T* d, DecoderMemory<T>& m) const {
    const Index stride = plan.stride, width = plan.width;
    pack_rows(genes, width, head.weight + first * width, width, m.weights);
    gemm_packed<T>({}, counts.rows, width, genes, d, Index(1), stride, m.weights, m.d_hidden, width,
                   next(first, genes, {{head.weight, width}, {head.d_weight, width}}));
    if (head.d_weight == nullptr) return;
    T *const d_weight = head.d_weight + first * width, *const d_bias = head.d_bias + first;
    const bool overwrite = fresh;
    vectorized([=]() __attribute__((always_inline)) {
      for (Index g = 0; g < genes; ++g) {
        const T* const row = d + g * stride;
        const T sum = fast::detail::sum_each<T>(stride, [=](Index b) __attribute__((always_inline)) { return row[b]; });
        d_bias[g] = overwrite ? sum : d_bias[g] + sum;
      }
    });
    gemm_packed<T>({!overwrite, nullptr}, genes, width, counts.rows, d, stride, Index(1), shared.hidden, d_weight, width,
                   plan.softmax && head.weight == a.mean.weight
                       ? next(first, genes, {{shared.means, stride}, {shared.d_means, stride}})
                       : GemmAhead());
  }

  /// Pass 1 of a part: logits, and each cell's maximum and sum of exponentials.
  void normalizers(Index part, DecoderMemory<T>& m) const {
    const Index stride = plan.stride, last = plan.first_gene(part + 1);
    T *const top = m.top, *const sum = m.sum, *const highest = m.mean;
    std::fill_n(top, stride, std::numeric_limits<T>::lowest());
    std::fill_n(sum, stride, T(0));
    for (Index g = plan.first_gene(part); g < last; g += decoder_genes) {
      const Index genes = std::min(decoder_genes, last - g);
      T* const logits = shared.means + g * stride;
      product(a.mean, g, genes, logits);
      vectorized([=]() __attribute__((always_inline)) {
        for (Index b = 0; b < stride; ++b) highest[b] = top[b];
        for (Index i = 0; i < genes; ++i) {
          const T* const row = logits + i * stride;
#pragma omp simd
          for (Index b = 0; b < stride; ++b) highest[b] = row[b] > highest[b] ? row[b] : highest[b];
        }
        fast::detail::each<T>(stride, [=](Index b) __attribute__((always_inline)) {
          sum[b] *= fast::exp(top[b] - highest[b]);
          top[b] = highest[b];
        });
        for (Index i = 0; i < genes; ++i) {
          const T* const row = logits + i * stride;
          fast::detail::each<T>(stride,
                                [=](Index b) __attribute__((always_inline)) { sum[b] += fast::exp(row[b] - highest[b]); });
        }
      });
    }
  }

  /// Joins the parts' normalisers: shift = log library - log sum of exponentials.
  void join_normalizers(std::span<DecoderMemory<T>> parts) const {
    for (Index b = 0; b < plan.stride; ++b) {
      T top = parts[0].top[b];
      for (const DecoderMemory<T>& m : parts) top = std::max(top, m.top[b]);
      double sum = 0;
      for (const DecoderMemory<T>& m : parts) sum += double(m.sum[b]) * std::exp(double(m.top[b] - top));
      shared.shift[b] -= top + T(std::log(sum));
    }
  }

  /// Pass 2 of a part; with the exp link also what pass 3 does.
  void terms(Index part, DecoderMemory<T>& m, GeneMajorMemory<float> words) const {
    const Index stride = plan.stride, begin = plan.first_gene(part), last = plan.first_gene(part + 1);
    const bool own_theta = a.dispersion.weight != nullptr, inflated = a.inflation.weight != nullptr;
    const GeneMajor<float> x = gene_major(counts, counts.values, begin, last, stride, words);
    for (Index g = begin; g < last && a.log_theta != nullptr; ++g) {
      const bool sigma = a.family == Family::gaussian;
      m.gene_theta[g - begin] = sigma ? a.log_theta[g] : fast::exp(a.log_theta[g]);
      m.gene_inv[g - begin] = sigma ? T(0) : fast::exp(-a.log_theta[g]);
    }
    if (a.d_log_theta != nullptr && fresh) std::fill(a.d_log_theta + begin, a.d_log_theta + last, T(0));
    std::fill_n(m.terms.cell_log_prob, stride, T(0));
    std::fill_n(m.terms.cell_d_mean, stride, T(0));
    std::fill_n(m.d_hidden, counts.rows * plan.width, T(0));
    for (Index g = begin; g < last; g += decoder_genes) {
      const Index genes = std::min(decoder_genes, last - g);
      T* const mean = plan.softmax ? shared.means + g * stride : m.mean;
      T* const d_mean = plan.softmax ? shared.d_means + g * stride : m.d_mean;
      if (!plan.softmax) product(a.mean, g, genes, mean);
      if (own_theta) product(a.dispersion, g, genes, m.theta);
      if (inflated) product(a.inflation, g, genes, m.pi);
      for (Index i = 0; i < genes; i += decoder_rows) {
        const Index at = i * stride, gene = g + i;
        if (plan.softmax && gene + 2 * decoder_rows <= last) {
          const Index block = decoder_rows * stride;
          detail::prefetch(mean + at + block, block * Index(sizeof(T)));
          detail::prefetch(d_mean + at + block, block * Index(sizeof(T)));
        }
        DecoderTerms<T>{.family = a.family,
                        .softmax = plan.softmax,
                        .stride = stride,
                        .count = std::min(decoder_rows, genes - i),
                        .cells = {shared.shift, shared.weight, shared.factor},
                        .counts = x,
                        .first = gene - begin,
                        .gene_theta = m.gene_theta + (gene - begin),
                        .gene_inv = m.gene_inv + (gene - begin),
                        .least = a.least_log_theta,
                        .most = a.most_log_theta,
                        .mean = mean + at,
                        .d_mean = d_mean + at,
                        .log_theta = own_theta ? m.theta + at : nullptr,
                        .logit_pi = inflated ? m.pi + at : nullptr,
                        .d_gene_theta = a.d_log_theta == nullptr ? nullptr : a.d_log_theta + gene,
                        .at = m.terms}
            .run();
      }
      if (!gradients()) continue;
      if (!plan.softmax) spread(a.mean, g, genes, d_mean, m);
      if (own_theta) spread(a.dispersion, g, genes, m.theta, m);
      if (inflated) spread(a.inflation, g, genes, m.pi, m);
    }
  }

  /// share = sum over all genes of d log p / d log mu, over library.
  void join_shares(std::span<DecoderMemory<T>> parts) const {
    for (Index b = 0; b < plan.stride; ++b) {
      T sum = 0;
      for (const DecoderMemory<T>& m : parts) sum += m.terms.cell_d_mean[b];
      shared.share[b] = b < counts.rows ? sum / T(a.library[to_size(first_cell + b)]) : T(0);
    }
  }

  /// Pass 3 of a part.
  void finish(Index part, DecoderMemory<T>& m) const {
    const Index stride = plan.stride, last = plan.first_gene(part + 1);
    for (Index g = plan.first_gene(part); g < last; g += decoder_genes) {
      const Index genes = std::min(decoder_genes, last - g);
      T* const d = m.d_mean;
      const T *const mean = shared.means + g * stride, *const d_mean = shared.d_means + g * stride;
      const T *const weight = shared.weight, *const share = shared.share;
      vectorized([=]() __attribute__((always_inline)) {
        for (Index i = 0; i < genes; ++i) {
          const Index from = i * stride;
#pragma omp simd
          for (Index b = 0; b < stride; ++b) d[from + b] = weight[b] * (d_mean[from + b] - share[b] * mean[from + b]);
        }
      });
      spread(a.mean, g, genes, d, m);
    }
  }

  /// Adds the parts up; gives the loss of the cells.
  double collect(std::span<DecoderMemory<T>> parts) const {
    double loss = 0;
    for (Index b = 0; b < counts.rows; ++b) {
      double sum = 0;
      for (const DecoderMemory<T>& m : parts) sum += double(m.terms.cell_log_prob[b]);
      if (a.log_prob != nullptr) a.log_prob[first_cell + b] = T(sum);
      loss += double(shared.weight[b]) * sum;
    }
    if (gradients()) {
      T* const to = a.d_hidden + first_cell * plan.width;
      const Index n = counts.rows * plan.width;
      std::copy_n(parts[0].d_hidden, n, to);
      for (const DecoderMemory<T>& m : parts.subspan(1)) {
        for (Index i = 0; i < n; ++i) to[i] += m.d_hidden[i];
      }
    }
    return loss;
  }
};

}  // namespace detail

/// -sum over the cells of weight * log p(counts | heads(hidden)), with all gradients.
/// numbers (count_decoder_numbers(a)), words (count_decoder_words(a)): scratch memory
template <class T>
T count_decoder(const CountDecoderArguments<T>& a, T* numbers, std::int32_t* words) {
  using namespace detail;
  const DecoderPlan plan(a);
  const DecoderShared<T> shared(plan, numbers);
  T* const memory = numbers + DecoderShared<T>::size(plan);
  const auto part_memory = [&]<std::size_t... i>(std::index_sequence<i...>) {
    return std::array{DecoderMemory<T>(plan, memory + Index(i) * DecoderMemory<T>::size(plan))...};
  };
  auto parts = part_memory(std::make_index_sequence<std::size_t(DecoderPlan::parts)>());
  std::array<GeneMajorMemory<float>, std::size_t(DecoderPlan::parts)> turned;
  double loss = 0;
  for (Index t = 0; t < plan.cut.turns(); ++t) {
    const Index first = plan.cut.first_cell(t);
    const DecoderTurn<T> turn{a, plan, shared, a.counts.middle(first, plan.cut.cells_of(t)), first, t == 0};
    turn.prepare();
    std::int32_t* at = words;
    for (Index p = 0; p < DecoderPlan::parts; ++p) {
      Index nonzeros = 0;
      for (Index b = 0; b < turn.counts.rows; ++b) {
        const auto [from, to] = gene_range(turn.counts, b, plan.first_gene(p), plan.first_gene(p + 1));
        nonzeros += Index(to - from);
      }
      std::int32_t *const place = at + plan.cut.genes_of(p) + 1, *const value = place + nonzeros;
      turned[to_size(p)] = {at, place, reinterpret_cast<float*>(value)};
      at = value + nonzeros;
    }
    if (plan.softmax) {
      parallel_items(DecoderPlan::parts, [&](Index p) { turn.normalizers(p, parts[to_size(p)]); });
      turn.join_normalizers(parts);
    }
    parallel_items(DecoderPlan::parts, [&](Index p) { turn.terms(p, parts[to_size(p)], turned[to_size(p)]); });
    if (plan.softmax && turn.gradients()) {
      turn.join_shares(parts);
      parallel_items(DecoderPlan::parts, [&](Index p) { turn.finish(p, parts[to_size(p)]); });
    }
    loss += turn.collect(parts);
  }
  return T(loss);
}

#ifdef LATENTCELL_INSTANCES
extern template float count_decoder<float>(const CountDecoderArguments<float>&, float*, std::int32_t*);
#endif

}  // namespace latentcell::kernel
