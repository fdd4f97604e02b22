#pragma once

#include <array>
#include <utility>

#include <latentcell/kernel/count_decoder_memory.hpp>

// The last layer of a count decoder and its likelihood as one operation: products, link, log-probability, gradients and
// weight gradients of a block of genes while it is in cache. Blocks lie gene by gene, (genes, cells): then a weight is
// read where it lies, the hidden layer is packed once for all blocks, and what belongs to a gene is one number a row.
//
// The softmax over genes asks for three passes:
//   1. logits = W h^T + b;  exponentials over the maximum so far;  per cell: maximum and sum
//   2. means = exponentials times a factor a block and cell;  log-probabilities;  d log p / d log mu;  per cell: their
//   sum
//   3. d logits = -weight (d log mu - share * mu);  dW += d logits h;  dh += d logits^T W
// Means and d log mu of one turn's cells (at most 128) are all that is kept between passes; with the exp link a block
// is finished before the next begins.

namespace LATENTCELL_NAMESPACE::kernel {

namespace detail {

/// One turn: some cells through all genes. A large batch takes several, so memory does not grow with it.
template <class T>
struct DecoderTurn {
  const CountDecoderArguments<T>& a;
  const DecoderPlan& plan;
  const DecoderShared<T>& shared;
  Index turn;

  Index cells() const { return plan.cut.cells_of(turn); }
  Index first_cell() const { return plan.cut.first_cell(turn); }
  bool gradients() const { return a.d_hidden != nullptr; }
  bool fresh() const { return turn == 0; }  // weight gradients are overwritten, later added to

  /// What belongs to the cells.
  void prepare() const {
    const T* const hidden = a.hidden + first_cell() * plan.width;
    pack_columns(plan.width, cells(), hidden, plan.width, shared.hidden_by_width);
    pack_rows(cells(), plan.width, hidden, plan.width, shared.hidden);
    for (Index b = 0; b < plan.stride; ++b) {
      const bool real = b < cells();
      const std::size_t at = to_size(first_cell() + b);
      const double library = real ? double(a.targets.library[at]) : 1.0;
      shared.shift[b] = T(std::log(library));
      shared.weight[b] = real ? -a.targets.weight[at] : T(0);
      shared.factor[b] = T(a.targets.reference / std::max(1.0, library));
    }
  }

  /// to (genes, stride) = W h^T + b for the genes [first, first + genes).
  void product(const DecoderHead<T>& head, Index first, Index genes, T* to) const {
    const Index stride = plan.stride;
    gemm_packed<T>({false, head.bias + first}, genes, stride, plan.width,
                   {head.weight + first * plan.width, plan.width, 1}, shared.hidden_by_width, to, stride);
  }

  /// From the gradient of a block of predictors, (genes, stride), to that of the weights and of the hidden values.
  void spread(const DecoderHead<T>& head, Index first, Index genes, const T* d, DecoderMemory<T>& m) const {
    const Index stride = plan.stride, width = plan.width;
    pack_rows(genes, width, head.weight + first * width, width, m.weights);
    gemm_packed<T>({}, cells(), width, genes, {d, 1, stride}, m.weights, m.d_hidden, width);
    if (head.d_weight == nullptr) return;
    T *const d_weight = head.d_weight + first * width, *const d_bias = head.d_bias + first;
    const bool overwrite = fresh();
    vectorized([=]() __attribute__((always_inline)) {
      for (Index g = 0; g < genes; ++g) {
        const T* const row = d + g * stride;
        const T sum = fast::lanes::sum_each<T>(
            stride, [=](Index b) __attribute__((always_inline)) { return row[b]; });
        d_bias[g] = overwrite ? sum : d_bias[g] + sum;
      }
    });
    gemm_packed<T>({!overwrite}, genes, width, cells(), {d, stride, 1}, shared.hidden, d_weight, width);
  }

  /// Pass 1 of a part: exponentials of the logits over each cell's maximum so far, the maxima of the blocks, the sums.
  void normalizers(Index part, DecoderMemory<T>& m) const {
    const Index stride = plan.stride, last = plan.first_gene(part + 1);
    T *const top = m.top, *const sum = m.sum;
    std::fill_n(top, stride, std::numeric_limits<T>::lowest());
    std::fill_n(sum, stride, T(0));
    for (Index g = plan.first_gene(part); g < last; g += decoder_genes) {
      const Index genes = std::min(decoder_genes, last - g);
      T* const logits = shared.means + g * stride;
      T* const highest = m.block_top + (g - plan.first_gene(part)) / decoder_genes * stride;
      product(a.mean, g, genes, logits);
      vectorized([=]() __attribute__((always_inline)) {
        for (Index b = 0; b < stride; ++b) highest[b] = top[b];
        for (Index i = 0; i < genes; ++i) {
          const T* const row = logits + i * stride;
#pragma omp simd
          for (Index b = 0; b < stride; ++b) highest[b] = row[b] > highest[b] ? row[b] : highest[b];
        }
        fast::lanes::each<T>(
            stride, [=](Index b) __attribute__((always_inline)) {
              sum[b] *= fast::exp(top[b] - highest[b]);
              top[b] = highest[b];
            });
        for (Index i = 0; i < genes; ++i) {
          T* const row = logits + i * stride;
          fast::lanes::each<T>(
              stride, [=](Index b) __attribute__((always_inline)) {
                row[b] = fast::exp(row[b] - highest[b]);
                sum[b] += row[b];
              });
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
  void terms(Index part, DecoderMemory<T>& m) const {
    const Index stride = plan.stride, begin = plan.first_gene(part), last = plan.first_gene(part + 1);
    const bool shared_theta = a.theta_share != nullptr, inflated = a.inflation.weight != nullptr;
    const bool own_theta = a.dispersion.weight != nullptr || shared_theta;
    for (Index g = begin; g < last && a.log_theta != nullptr && !shared_theta; ++g) {
      const bool sigma = a.family == Family::gaussian;
      m.gene_theta[g - begin] = sigma ? a.log_theta[g] : fast::exp(a.log_theta[g]);
      m.gene_inv[g - begin] = sigma ? T(0) : fast::exp(-a.log_theta[g]);
    }
    for (Index r = 0; r < a.theta_rows && a.d_log_theta != nullptr && fresh(); ++r) {
      std::fill(a.d_log_theta + r * plan.genes + begin, a.d_log_theta + r * plan.genes + last, T(0));
    }
    std::fill_n(m.terms.cell_log_prob, stride, T(0));
    std::fill_n(m.terms.cell_d_mean, stride, T(0));
    std::fill_n(m.d_hidden, cells() * plan.width, T(0));
    for (Index g = begin; g < last; g += decoder_genes) {
      const Index genes = std::min(decoder_genes, last - g);
      T* const mean = plan.softmax ? shared.means + g * stride : m.mean;
      T* const d_mean = plan.softmax ? shared.d_means + g * stride : m.d_mean;
      if (plan.softmax) block_factors((g - begin) / decoder_genes, m);
      if (!plan.softmax) product(a.mean, g, genes, mean);
      if (shared_theta) mix_theta(g, genes, m.theta);
      if (own_theta && !shared_theta) product(a.dispersion, g, genes, m.theta);
      if (inflated) product(a.inflation, g, genes, m.pi);
      for (Index i = 0; i < genes; i += decoder_rows) {
        const Index at = i * stride, gene = g + i;
        DecoderTerms<T>{.family = a.family,
                        .softmax = plan.softmax,
                        .stride = stride,
                        .count = std::min(decoder_rows, genes - i),
                        .cells = {plan.softmax ? m.sum : shared.shift, shared.weight, shared.factor},
                        .counts = a.counts.piece(turn, part),
                        .first = gene - begin,
                        .gene_theta = m.gene_theta + (gene - begin),
                        .gene_inv = m.gene_inv + (gene - begin),
                        .least = a.least_log_theta,
                        .most = a.most_log_theta,
                        .mean = mean + at,
                        .d_mean = d_mean + at,
                        .log_theta = own_theta ? m.theta + at : nullptr,
                        .logit_pi = inflated ? m.pi + at : nullptr,
                        .d_gene_theta = a.d_log_theta == nullptr || shared_theta ? nullptr : a.d_log_theta + gene,
                        .at = m.terms}
            .run();
      }
      if (!gradients()) continue;
      if (!plan.softmax) spread(a.mean, g, genes, d_mean, m);
      if (shared_theta && a.d_log_theta != nullptr) spread_theta(g, genes, m.theta);
      if (own_theta && !shared_theta) spread(a.dispersion, g, genes, m.theta, m);
      if (inflated) spread(a.inflation, g, genes, m.pi, m);
    }
  }

  /// to (genes, stride): each cell's mix of the rows of log_theta.
  void mix_theta(Index first, Index genes, T* to) const {
    const Index stride = plan.stride, rows = a.theta_rows;
    std::fill_n(to, genes * stride, T(0));
    for (Index b = 0; b < cells(); ++b) {
      const T* const share = a.theta_share + (first_cell() + b) * rows;
      for (Index r = 0; r < rows; ++r) {
        if (share[r] == T(0)) continue;
        const T* const row = a.log_theta + r * plan.genes + first;
        for (Index g = 0; g < genes; ++g) to[g * stride + b] += share[r] * row[g];
      }
    }
  }
  /// Adds the gradient of that mix to those of the rows.     d (genes, stride)
  void spread_theta(Index first, Index genes, const T* d) const {
    const Index stride = plan.stride, rows = a.theta_rows;
    for (Index b = 0; b < cells(); ++b) {
      const T* const share = a.theta_share + (first_cell() + b) * rows;
      for (Index r = 0; r < rows; ++r) {
        if (share[r] == T(0)) continue;
        T* const row = a.d_log_theta + r * plan.genes + first;
        for (Index g = 0; g < genes; ++g) row[g] += share[r] * d[g * stride + b];
      }
    }
  }

  /// What makes a block's exponentials means: library exp(its maximum) / sum of all exponentials. In m.sum.
  void block_factors(Index block, DecoderMemory<T>& m) const {
    const T *const highest = m.block_top + block * plan.stride, *const shift = shared.shift;
    T* const factor = m.sum;
    const Index stride = plan.stride;
    vectorized([=]() __attribute__((always_inline)) {
      fast::lanes::each<T>(
          stride, [=](Index b) __attribute__((always_inline)) { factor[b] = fast::exp(highest[b] + shift[b]); });
    });
  }

  /// share = sum over all genes of d log p / d log mu, over library.
  void join_shares(std::span<DecoderMemory<T>> parts) const {
    for (Index b = 0; b < plan.stride; ++b) {
      T sum = 0;
      for (const DecoderMemory<T>& m : parts) sum += m.terms.cell_d_mean[b];
      shared.share[b] = b < cells() ? sum / T(a.targets.library[to_size(first_cell() + b)]) : T(0);
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
    for (Index b = 0; b < cells(); ++b) {
      double sum = 0;
      for (const DecoderMemory<T>& m : parts) sum += double(m.terms.cell_log_prob[b]);
      if (a.log_prob != nullptr) a.log_prob[first_cell() + b] = T(sum);
      loss += double(shared.weight[b]) * sum;
    }
    if (gradients()) {
      T* const to = a.d_hidden + first_cell() * plan.width;
      const Index n = cells() * plan.width;
      std::copy_n(parts[0].d_hidden, n, to);
      for (const DecoderMemory<T>& m : parts.subspan(1)) {
        for (Index i = 0; i < n; ++i) to[i] += m.d_hidden[i];
      }
    }
    return loss;
  }
};

}  // namespace detail

/// -sum over the cells of weight * log p(counts | heads(hidden)), with all gradients.    scratch
/// (count_decoder_scratch(a))
template <class T>
T count_decoder(const CountDecoderArguments<T>& a, T* scratch) {
  using namespace detail;
  const DecoderPlan plan(a);
  const DecoderShared<T> shared(plan, scratch);
  T* const memory = scratch + DecoderShared<T>::size(plan);
  const auto part_memory = [&]<std::size_t... i>(std::index_sequence<i...>) {
    return std::array{DecoderMemory<T>(plan, memory + Index(i) * DecoderMemory<T>::size(plan))...};
  };
  auto parts = part_memory(std::make_index_sequence<std::size_t(DecoderPlan::parts)>());
  double loss = 0;
  for (Index t = 0; t < plan.cut.turns(); ++t) {
    const DecoderTurn<T> turn{a, plan, shared, t};
    const Index work = plan.work(t);
    turn.prepare();
    if (plan.softmax) {
      parallel_items(DecoderPlan::parts, work, [&](Index p) { turn.normalizers(p, parts[to_size(p)]); });
      turn.join_normalizers(parts);
    }
    parallel_items(DecoderPlan::parts, work, [&](Index p) { turn.terms(p, parts[to_size(p)]); });
    if (plan.softmax && turn.gradients()) {
      turn.join_shares(parts);
      parallel_items(DecoderPlan::parts, work, [&](Index p) { turn.finish(p, parts[to_size(p)]); });
    }
    loss += turn.collect(parts);
  }
  return T(loss);
}

#ifdef LATENTCELL_INSTANCES
extern template float count_decoder<float>(const CountDecoderArguments<float>&, float*);
#endif

}  // namespace latentcell::kernel
