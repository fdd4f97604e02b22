#pragma once

#include <latentcell/kernel/count_likelihood.hpp>
#include <latentcell/kernel/count_loss.hpp>
#include <latentcell/kernel/dispatch.hpp>
#include <latentcell/kernel/gene_major.hpp>

// The terms of a few genes of a count decoder while they are in the first cache level. Everything lies gene by gene:
// element (g, b) of a (genes, stride) block is g * stride + b; columns beyond the last cell have weight zero.

namespace latentcell::kernel::detail {

/// Genes of a block of terms.
inline constexpr Index decoder_rows = 8;

/// What a block of terms reads of the cells.     all (stride)
template <class T>
struct DecoderCells {
  const T* shift;   // added to the logit: log library, minus the log of the softmax's sum
  const T* weight;  // minus the cell's weight in the loss
  const T* factor;  // the Gaussian's reference over library
};

/// Where a block of terms works and adds up.
template <class T>
struct DecoderBlock {
  T *log_prob, *d_theta, *d_pi, *theta, *inv_theta;     // (decoder_rows, stride) terms of each element
  T *value, *at_mean, *at_theta, *at_inv, *at_pi;       // (decoder_rows * stride) the non-zeros side by side
  T *cell_log_prob, *cell_d_mean;                       // (stride) sums over genes
};

/// One block: linear predictors in; log-probabilities added up, gradients out.
template <class T>
struct DecoderTerms {
  Family family;
  bool softmax;                 // d_mean stays d log p / d log mu, to be finished when its sum is known
  Index stride, count;          // cells, padded; genes
  DecoderCells<T> cells;
  GeneMajor<float> counts;
  Index first;                  // first gene of the block, counted from counts.first_gene
  const T *gene_theta, *gene_inv;  // (count) dispersions per gene, or null; the Gaussian's log sigma in gene_theta
  T least, most;                // bounds of the log dispersion per cell
  T* mean;                      // (count, stride) in: linear predictor; out: mean
  T* d_mean;                    // (count, stride) out
  T* log_theta;                 // (count, stride) in: log dispersion; out: its gradient; null where it is per gene
  T* logit_pi;                  // (count, stride) in: logit of the inflation; out: its gradient; or null
  T* d_gene_theta;              // (count) added to, or null
  DecoderBlock<T> at;

  void run() const {
    if (family == Family::gaussian) {
      gaussian();
    } else {
      make_means();
      if (family == Family::poisson) {
        const T* const mu = mean;
        T *const log_prob = at.log_prob, *const d = d_mean;
        const Index n = count * stride;
        vectorized([=]() __attribute__((always_inline)) { poisson_zero(n, mu, log_prob, d); });
      } else {
        make_dispersions();
        zero_terms();
      }
      nonzero_terms(gather());
    }
    add_up();
  }

 private:
  void make_means() const {
    const Index n = count * stride, width = stride;
    const T* const shift = cells.shift;
    // With the exp link, beyond e^15 times the library no count reaches.
    const T most_logit = softmax ? std::numeric_limits<T>::max() : T(15);
    T* const mu = mean;
    vectorized([=]() __attribute__((always_inline)) {
      for (Index from = 0; from < n; from += width) {
        T* const row = mu + from;
        fast::detail::each<T>(width, [=](Index b) __attribute__((always_inline)) {
          const T logit = row[b] < most_logit ? row[b] : most_logit;
          row[b] = fast::exp(logit + shift[b]) + T(1e-10);  // off zero, so that a count there stays finite
        });
      }
    });
  }

  void make_dispersions() const {
    T *const theta = at.theta, *const inv = at.inv_theta;
    if (log_theta == nullptr) {
      for (Index g = 0; g < count; ++g) {
        std::fill_n(theta + g * stride, stride, gene_theta[g]);
        std::fill_n(inv + g * stride, stride, gene_inv[g]);
      }
      return;
    }
    const T *const from = log_theta, low = least, high = most;
    const Index n = count * stride;
    vectorized([=]() __attribute__((always_inline)) {
      fast::detail::each<T>(n, [=](Index i) __attribute__((always_inline)) {
        T bounded = from[i] < low ? low : from[i];
        bounded = bounded > high ? high : bounded;
        theta[i] = fast::exp(bounded);
        inv[i] = fast::exp(-bounded);
      });
    });
  }

  /// Terms as if every count were zero.
  void zero_terms() const {
    const Index n = count * stride;
    const T *const mu = mean, *const theta = at.theta, *const inv = at.inv_theta, *const logit = logit_pi;
    T *const log_prob = at.log_prob, *const d_mu = d_mean, *const d_theta = at.d_theta, *const d_pi = at.d_pi;
    if (logit == nullptr) {
      vectorized([=]() __attribute__((always_inline)) {
        fast::detail::each<T>(n, [=](Index i) __attribute__((always_inline)) {
          const NbTerm<T> t = nb_zero_term(mu[i], theta[i], inv[i]);
          log_prob[i] = t.log_prob;
          d_mu[i] = t.d_log_mu;
          d_theta[i] = t.d_log_theta;
        });
      });
    } else {
      vectorized([=]() __attribute__((always_inline)) {
        fast::detail::each<T>(n, [=](Index i) __attribute__((always_inline)) {
          const ZinbTerm<T> t = zinb_zero_term(mu[i], theta[i], inv[i], logit[i]);
          log_prob[i] = t.log_prob;
          d_mu[i] = t.d_log_mu;
          d_theta[i] = t.d_log_theta;
          d_pi[i] = t.d_logit_pi;
        });
      });
    }
  }

  const std::int32_t* places() const { return counts.place + counts.start[first]; }

  /// Brings what the non-zeros need side by side; gives their number.
  Index gather() const {
    const std::int32_t* const place = places();
    const float* const x = counts.value + counts.start[first];
    const Index found = counts.start[first + count] - counts.start[first], offset = first * stride;
    for (Index k = 0; k < found; ++k) {
      const Index i = place[k] - offset;
      at.value[k] = T(x[k]);
      at.at_mean[k] = mean[i];
    }
    if (family == Family::poisson) return found;
    for (Index k = 0; k < found; ++k) {
      const Index i = place[k] - offset;
      at.at_theta[k] = at.theta[i];
      at.at_inv[k] = at.inv_theta[i];
    }
    if (logit_pi != nullptr) {
      for (Index k = 0; k < found; ++k) at.at_pi[k] = logit_pi[place[k] - offset];
    }
    return found;
  }

  /// Puts the terms of the non-zeros in place of those of zeros. Counts that the vector code cannot have (below one) go
  /// one by one.
  void nonzero_terms(Index found) const {
    const std::int32_t* const place = places();
    const Index offset = first * stride;
    T *const x = at.value, *const mu = at.at_mean, *const theta = at.at_theta, *const inv = at.at_inv, *const pi = at.at_pi;
    for (Index k = 0; k < found; ++k) {
      if (!vectorizes<T>(float(x[k]))) [[unlikely]] {
        single_term(place[k] - offset, x[k]);
        x[k] = T(0);
      }
    }
    T *const log_prob = at.log_prob, *const d_mu = d_mean, *const d_theta = at.d_theta, *const d_pi = at.d_pi;
    if (family == Family::poisson) {
      vectorized([=]() __attribute__((always_inline)) {
        fast::detail::each<T>(found, [=](Index k) __attribute__((always_inline)) {
          const PoissonTerm<T> t = poisson_positive_term(x[k] < T(1) ? T(1) : x[k], mu[k]);
          mu[k] = t.log_prob;
          theta[k] = t.d_log_mu;
        });
      });
    } else if (logit_pi == nullptr) {
      vectorized([=]() __attribute__((always_inline)) {
        fast::detail::each<T>(found, [=](Index k) __attribute__((always_inline)) {
          const NbTerm<T> t = nb_positive_term(x[k] < T(1) ? T(1) : x[k], mu[k], nb_dispersion_of(theta[k], inv[k]));
          mu[k] = t.log_prob;
          theta[k] = t.d_log_mu;
          inv[k] = t.d_log_theta;
        });
      });
    } else {
      vectorized([=]() __attribute__((always_inline)) {
        fast::detail::each<T>(found, [=](Index k) __attribute__((always_inline)) {
          const NbTerm<T> nb = nb_positive_term(x[k] < T(1) ? T(1) : x[k], mu[k], nb_dispersion_of(theta[k], inv[k]));
          const ZinbTerm<T> t = zinb_positive_term(nb, pi[k]);
          mu[k] = t.log_prob;
          theta[k] = t.d_log_mu;
          inv[k] = t.d_log_theta;
          pi[k] = t.d_logit_pi;
        });
      });
    }
    for (Index k = 0; k < found; ++k) {
      if (x[k] == T(0)) continue;
      const Index i = place[k] - offset;
      log_prob[i] = mu[k];
      d_mu[i] = theta[k];
      if (family == Family::poisson) continue;
      d_theta[i] = inv[k];
      if (logit_pi != nullptr) d_pi[i] = pi[k];
    }
  }

  void single_term(Index i, T x) const {
    if (family == Family::poisson) {
      const PoissonTerm<T> t = poisson_term(x, mean[i]);
      at.log_prob[i] = t.log_prob;
      d_mean[i] = t.d_log_mu;
      return;
    }
    const NbDispersion<T> dispersion = nb_dispersion_of(at.theta[i], at.inv_theta[i]);
    if (logit_pi == nullptr) {
      const NbTerm<T> t = nb_term(x, mean[i], dispersion);
      at.log_prob[i] = t.log_prob;
      d_mean[i] = t.d_log_mu;
      at.d_theta[i] = t.d_log_theta;
    } else {
      const ZinbTerm<T> t = zinb_term(x, mean[i], dispersion, logit_pi[i]);
      at.log_prob[i] = t.log_prob;
      d_mean[i] = t.d_log_mu;
      at.d_theta[i] = t.d_log_theta;
      at.d_pi[i] = t.d_logit_pi;
    }
  }

  void gaussian() const {
    for (Index g = 0; g < count; ++g) {
      if (log_theta == nullptr) {
        std::fill_n(at.theta + g * stride, stride, gene_theta[g]);
      } else {
        for (Index b = 0; b < stride; ++b) {
          at.theta[g * stride + b] = std::min(std::max(log_theta[g * stride + b], least), most);
        }
      }
      std::fill_n(at.value, stride, T(0));
      for (Index k = counts.start[first + g]; k < counts.start[first + g + 1]; ++k) {
        const Index b = counts.place[k] - (first + g) * stride;
        at.value[b] = fast::log1p(T(counts.value[k]) * cells.factor[b]);
      }
      const T *const y = at.value, *const eta = mean + g * stride, *const sigma = at.theta + g * stride;
      T *const log_prob = at.log_prob + g * stride, *const d_theta = at.d_theta + g * stride, *const d = d_mean + g * stride;
      const Index n = stride;
      vectorized([=]() __attribute__((always_inline)) {
        fast::detail::each<T>(n, [=](Index b) __attribute__((always_inline)) {
          const GaussianTerm<T> t = gaussian_term(y[b], eta[b], sigma[b]);
          log_prob[b] = t.log_prob;
          d[b] = t.d_mean;
          d_theta[b] = t.d_log_sigma;
        });
      });
    }
  }

  /// Sums over genes and cells, and weights on what is finished.
  void add_up() const {
    const Index width = stride, genes = count;
    const T *const weight = cells.weight, *const log_prob = at.log_prob, *const d_theta = at.d_theta, *const d_pi = at.d_pi;
    const T low = least, high = most;
    T *const sum = at.cell_log_prob, *const sum_d = at.cell_d_mean, *const d = d_mean, *const own = log_theta;
    T *const pi = logit_pi, *const gene = d_gene_theta;
    const bool finished = !softmax, dispersed = family != Family::poisson;
    vectorized([=]() __attribute__((always_inline)) {
      for (Index g = 0; g < genes; ++g) {
        const Index from = g * width;
#pragma omp simd
        for (Index b = 0; b < width; ++b) sum[b] += log_prob[from + b];
        if (finished) {
#pragma omp simd
          for (Index b = 0; b < width; ++b) d[from + b] *= weight[b];
        } else {
#pragma omp simd
          for (Index b = 0; b < width; ++b) sum_d[b] += d[from + b];
        }
        if (dispersed && own != nullptr) {
#pragma omp simd
          for (Index b = 0; b < width; ++b) {
            const T inside = own[from + b] < low || own[from + b] > high ? T(0) : weight[b];
            own[from + b] = inside * d_theta[from + b];
          }
        } else if (dispersed && gene != nullptr) {
          gene[g] += fast::detail::sum_each<T>(
              width, [=](Index b) __attribute__((always_inline)) { return weight[b] * d_theta[from + b]; });
        }
        if (pi != nullptr) {
#pragma omp simd
          for (Index b = 0; b < width; ++b) pi[from + b] = weight[b] * d_pi[from + b];
        }
      }
    });
  }
};

}  // namespace latentcell::kernel::detail
