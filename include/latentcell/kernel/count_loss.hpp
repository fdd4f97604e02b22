#pragma once

#include <algorithm>
#include <cmath>

#include <latentcell/kernel/count_likelihood.hpp>
#include <latentcell/kernel/count_targets.hpp>
#include <latentcell/kernel/parallel.hpp>
#include <latentcell/kernel/vector_math.hpp>

// Negative log-likelihood of sparse counts and all its gradients, row by row while a row is in cache: at a zero no log
// Gamma is worked out, and nothing as large as (cells, genes) is made besides the predictors and their gradients.

namespace LATENTCELL_NAMESPACE::kernel {

/// What count_loss reads and writes. Predictors and gradients are (B, G) unless said otherwise.
template <class T>
struct CountLossArguments {
  Family family;
  LibraryLink link;
  CountTargets<T> targets;
  const T* eta = nullptr;        // linear predictor of the mean
  const T* log_theta = nullptr;  // log dispersion, or log sigma: (1, G) or (B, G); null for Poisson
  bool theta_per_cell = false;   // log_theta is (B, G)
  const T* logit_pi = nullptr;   // zero inflation, ZINB only
  T* d_eta = nullptr;            // overwritten; a null pointer asks for values only
  T* d_log_theta = nullptr;      // overwritten, shape of log_theta
  T* d_logit_pi = nullptr;       // overwritten
  T* log_prob = nullptr;         // (B) unweighted log-probability of each cell, overwritten
};

/// mean[j] = library * softmax(eta)[j] or library * exp(eta[j]); kept off zero so that a count there stays finite.
/// eta, mean (G)
template <class T>
LATENTCELL_INLINE void count_means(LibraryLink link, const T* eta, T library, Index genes, T* mean) {
  constexpr T least = T(1e-10);
  if (link == LibraryLink::exp) {
#pragma omp simd
    for (Index j = 0; j < genes; ++j) {
      const T e = eta[j] < T(15) ? eta[j] : T(15);  // beyond e^15 times the library no count reaches
      mean[j] = library * fast::exp(e) + least;
    }
    return;
  }
  const T top = fast::lanes::max_each<T>(
      genes, [=](Index j) __attribute__((always_inline)) { return eta[j]; });
  fast::lanes::each<T>(
      genes, [=](Index j) __attribute__((always_inline)) { mean[j] = fast::exp(eta[j] - top); });
  const T sum = fast::lanes::sum_each<T>(
      genes, [=](Index j) __attribute__((always_inline)) { return mean[j]; });
  const T factor = library / sum;
#pragma omp simd
  for (Index j = 0; j < genes; ++j) mean[j] = mean[j] * factor + least;
}

namespace detail {

// Row blocks are a fixed number, so that sums over cells do not depend on the number of threads.
inline constexpr Index count_loss_blocks = 4;
// Rows of G numbers that a block works in.
inline constexpr Index count_loss_rows = 8;
// Elements of work of a count (core/threads.hpp).
inline constexpr Index count_loss_work = 32;

template <class T>
struct CountLossRow {
  T *mean, *log_prob, *d_mean, *d_theta, *d_pi, *theta, *inv_theta, *sum_theta;

  CountLossRow(T* memory, Index genes) {
    T** const parts[] = {&mean, &log_prob, &d_mean, &d_theta, &d_pi, &theta, &inv_theta, &sum_theta};
    for (T** part : parts) {
      *part = memory;
      memory += genes;
    }
  }
  NbDispersions<T> dispersions() const { return {theta, inv_theta}; }
};

template <class T>
void gaussian_row(const CountLossArguments<T>& a, Index b, const T* eta, const T* log_sigma, CountLossRow<T>& row) {
  const Index genes = a.targets.counts.cols;
  const auto set = [&](Index j, T y) __attribute__((always_inline)) {
    const GaussianTerm<T> t = gaussian_term(y, eta[j], log_sigma[j]);
    row.log_prob[j] = t.log_prob;
    row.d_mean[j] = t.d_mean;
    row.d_theta[j] = t.d_log_sigma;
  };
#pragma omp simd
  for (Index j = 0; j < genes; ++j) set(j, T(0));
  const T factor = T(a.targets.reference / std::max(1.0, double(a.targets.library[to_size(b)])));
  for (std::int64_t k = a.targets.counts.row_start[b]; k < a.targets.counts.row_start[b + 1]; ++k) {
    set(a.targets.counts.columns[k], fast::log1p(T(a.targets.counts.values[k]) * factor));
  }
}

template <class T>
void bernoulli_row(const CountLossArguments<T>& a, Index b, const T* eta, CountLossRow<T>& row) {
  const Index genes = a.targets.counts.cols;
  const T offset = T(std::log(std::max(1.0, double(a.targets.library[to_size(b)])) / a.targets.reference));
  T *const log_prob = row.log_prob, *const d = row.d_mean;
#pragma omp simd
  for (Index j = 0; j < genes; ++j) {
    const BernoulliTerm<T> t = bernoulli_term(T(0), eta[j] + offset);
    log_prob[j] = t.log_prob;
    d[j] = t.d_logit;
  }
  const auto columns = a.targets.counts.row_columns(b);
  for (std::size_t k = 0; k < columns.size(); ++k) {
    const std::int32_t j = columns[k];
    if (!(a.targets.counts.row_values(b)[k] > 0)) continue;
    const BernoulliTerm<T> t = bernoulli_term(T(1), eta[j] + offset);
    log_prob[j] = t.log_prob;
    d[j] = t.d_logit;
  }
}

// Terms of one cell, gene by gene, before weights and link.
template <class T>
void count_row(const CountLossArguments<T>& a, Index b, CountLossRow<T>& row) {
  const Index genes = a.targets.counts.cols;
  const T* eta = a.eta + b * genes;
  const T* log_theta = a.log_theta == nullptr ? nullptr : a.log_theta + (a.theta_per_cell ? b * genes : 0);
  if (a.family == Family::gaussian) return gaussian_row(a, b, eta, log_theta, row);
  if (a.family == Family::bernoulli) return bernoulli_row(a, b, eta, row);

  count_means(a.link, eta, T(a.targets.library[to_size(b)]), genes, row.mean);
  const auto columns = a.targets.counts.row_columns(b);
  const auto values = a.targets.counts.row_values(b);
  const Index m = Index(values.size());
  if (a.family == Family::poisson) {
    poisson_zero(genes, row.mean, row.log_prob, row.d_mean);
    poisson_nonzero(m, values.data(), columns.data(), 0, row.mean, row.log_prob, row.d_mean);
    return;
  }
  if (a.theta_per_cell) nb_dispersions(genes, log_theta, row.theta, row.inv_theta);
  const NbTerms<T> out{row.log_prob, row.d_mean, row.d_theta};
  if (a.family == Family::negative_binomial) {
    nb_zero(genes, row.mean, row.dispersions(), out);
    nb_nonzero(m, values.data(), columns.data(), 0, row.mean, row.dispersions(), out);
  } else {
    const T* logit = a.logit_pi + b * genes;
    zinb_zero(genes, row.mean, row.dispersions(), logit, out, row.d_pi);
    zinb_nonzero(m, values.data(), columns.data(), 0, row.mean, row.dispersions(), logit, out, row.d_pi);
  }
}

// Writes the cell's gradients of -weight * log p.
template <class T>
void count_row_gradients(const CountLossArguments<T>& a, Index b, const CountLossRow<T>& row) {
  const Index genes = a.targets.counts.cols;
  const T w = -a.targets.weight[to_size(b)];
  T* d_eta = a.d_eta + b * genes;
  if (a.link == LibraryLink::softmax && counts_molecules(a.family)) {
    // d eta = d log mu - softmax * sum(d log mu)
    T sum = 0;
#pragma omp simd reduction(+ : sum)
    for (Index j = 0; j < genes; ++j) sum += row.d_mean[j];
    const T share = sum / T(a.targets.library[to_size(b)]);
#pragma omp simd
    for (Index j = 0; j < genes; ++j) d_eta[j] = w * (row.d_mean[j] - share * row.mean[j]);
  } else {
#pragma omp simd
    for (Index j = 0; j < genes; ++j) d_eta[j] = w * row.d_mean[j];
  }
  if (a.d_log_theta != nullptr) {
    T* to = a.theta_per_cell ? a.d_log_theta + b * genes : row.sum_theta;
    if (a.theta_per_cell) std::fill_n(to, genes, T(0));
#pragma omp simd
    for (Index j = 0; j < genes; ++j) to[j] += w * row.d_theta[j];
  }
  if (a.d_logit_pi != nullptr) {
    T* to = a.d_logit_pi + b * genes;
#pragma omp simd
    for (Index j = 0; j < genes; ++j) to[j] = w * row.d_pi[j];
  }
}

}  // namespace detail

/// Numbers of scratch memory that count_loss needs for G genes.
inline Index count_loss_scratch(Index genes) {
  return detail::count_loss_blocks * (detail::count_loss_rows * genes + 1);
}

/// -sum over the cells of weight * log p(counts | predictors), with all gradients.    scratch (count_loss_scratch(G))
template <class T>
T count_loss(const CountLossArguments<T>& a, T* scratch) {
  using namespace detail;
  const Index genes = a.targets.counts.cols, cells = a.targets.counts.rows;
  const bool shared_theta = a.log_theta != nullptr && !a.theta_per_cell && a.family != Family::gaussian;
  T* partial = scratch + count_loss_blocks * count_loss_rows * genes;
  parallel_items(count_loss_blocks, cells * genes * count_loss_work, [&](Index block) {
    CountLossRow<T> row(scratch + block * count_loss_rows * genes, genes);
    std::fill_n(row.sum_theta, genes, T(0));
    if (shared_theta) nb_dispersions(genes, a.log_theta, row.theta, row.inv_theta);
    T sum = 0;
    for (Index b = cells * block / count_loss_blocks; b < cells * (block + 1) / count_loss_blocks; ++b) {
      count_row(a, b, row);
      T log_prob = 0;
#pragma omp simd reduction(+ : log_prob)
      for (Index j = 0; j < genes; ++j) log_prob += row.log_prob[j];
      if (a.log_prob != nullptr) a.log_prob[b] = log_prob;
      sum -= a.targets.weight[to_size(b)] * log_prob;
      if (a.d_eta != nullptr) count_row_gradients(a, b, row);
    }
    partial[block] = sum;
  });
  if (a.d_eta != nullptr && a.d_log_theta != nullptr && !a.theta_per_cell) {
    std::fill_n(a.d_log_theta, genes, T(0));
    for (Index block = 0; block < count_loss_blocks; ++block) {
      const CountLossRow<T> row(scratch + block * count_loss_rows * genes, genes);
      for (Index j = 0; j < genes; ++j) a.d_log_theta[j] += row.sum_theta[j];
    }
  }
  T total = 0;
  for (Index block = 0; block < count_loss_blocks; ++block) total += partial[block];
  return total;
}

#ifdef LATENTCELL_INSTANCES
extern template float count_loss<float>(const CountLossArguments<float>&, float*);
#endif

}  // namespace latentcell::kernel
