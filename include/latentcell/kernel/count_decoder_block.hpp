#pragma once

#include <latentcell/kernel/count_likelihood.hpp>
#include <latentcell/kernel/count_targets.hpp>
#include <latentcell/kernel/dispatch.hpp>
#include <latentcell/kernel/csc.hpp>

// The terms of a few genes of a count decoder while they are in the first cache level. Everything lies gene by gene:
// element (g, b) of a (genes, stride) block is g * stride + b; columns beyond the last cell have weight zero.

namespace LATENTCELL_NAMESPACE::kernel::detail {

/// Genes of a block of terms.
inline constexpr Index decoder_rows = 8;

/// What a block of terms reads of the cells.     all (stride)
template <class T>
struct DecoderCells {
  const T* shift;   // exp link: added to the logit, log library; softmax: factor that makes exponentials means
  const T* weight;  // minus the cell's weight in the loss
  const T* factor;  // reference over library, of the Gaussian and the Bernoulli
};

/// Where a block of terms works and adds up.
template <class T>
struct DecoderBlock {
  T *log_prob, *d_theta, *d_pi, *theta, *inv_theta;  // (decoder_rows, stride) terms of each element
  T *cell_log_prob, *cell_d_mean;                    // (stride) sums over genes
};

/// One block: linear predictors in; log-probabilities added up, gradients out.
template <class T>
struct DecoderTerms {
  Family family;
  bool softmax;         // d_mean stays d log p / d log mu, to be finished when its sum is complete
  Index stride, count;  // cells, padded; genes
  DecoderCells<T> cells;
  Csc<float> counts;
  Index first;                     // first gene of the block, counted from counts.first_gene
  const T *gene_theta, *gene_inv;  // (count) dispersions per gene, or null; the Gaussian's log sigma in gene_theta
  T least, most;                   // bounds of the log dispersion per cell
  T* mean;                         // (count, stride) in: linear predictor, softmax: its exponential; out: mean
  T* d_mean;                       // (count, stride) out
  T* log_theta;                    // (count, stride) in: log dispersion; out: its gradient; null where it is per gene
  T* logit_pi;                     // (count, stride) in: logit of the inflation; out: its gradient; or null
  T* d_gene_theta;                 // (count) added to, or null
  DecoderBlock<T> at;

  void run() const {
    if (family == Family::gaussian) {
      gaussian();
    } else if (family == Family::bernoulli) {
      bernoulli();
    } else {
      make_means();
      if (has_dispersion(family)) make_dispersions();
      count_terms();
    }
    add_up();
  }

 private:
  void make_means() const {
    const Index n = count * stride, width = stride;
    const T* const shift = cells.shift;
    const T least_mean = T(1e-10);  // off zero, so that a count there stays finite
    T* const mu = mean;
    if (softmax) {
      vectorized([=]() __attribute__((always_inline)) {
        for (Index from = 0; from < n; from += width) {
          T* const row = mu + from;
#pragma omp simd
          for (Index b = 0; b < width; ++b) row[b] = row[b] * shift[b] + least_mean;
        }
      });
      return;
    }
    const T most_logit = T(15);  // beyond e^15 times the library no count reaches
    vectorized([=]() __attribute__((always_inline)) {
      for (Index from = 0; from < n; from += width) {
        T* const row = mu + from;
        fast::lanes::each<T>(
            width, [=](Index b) __attribute__((always_inline)) {
              const T logit = row[b] < most_logit ? row[b] : most_logit;
              row[b] = fast::exp(logit + shift[b]) + least_mean;
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
      fast::lanes::each<T>(
          n, [=](Index i) __attribute__((always_inline)) {
            T bounded = from[i] < low ? low : from[i];
            bounded = bounded > high ? high : bounded;
            theta[i] = fast::exp(bounded);
            inv[i] = fast::exp(-bounded);
          });
    });
  }

  /// The terms of zeros everywhere, then those of the non-zeros in their place.
  void count_terms() const {
    const Index n = count * stride, offset = first * stride;
    const std::int32_t* const place = counts.place + counts.start[first];
    const float* const x = counts.value + counts.start[first];
    const Index found = counts.start[first + count] - counts.start[first];
    const T *const mu = mean, *const logit = logit_pi;
    const NbDispersions<T> theta{at.theta, at.inv_theta};
    const NbTerms<T> out{at.log_prob, d_mean, at.d_theta};
    T* const d_pi = at.d_pi;
    if (family == Family::poisson) {
      vectorized([=]() __attribute__((always_inline)) {
        poisson_zero(n, mu, out.log_prob, out.d_log_mu);
        poisson_nonzero(found, x, place, offset, mu, out.log_prob, out.d_log_mu);
      });
    } else if (logit == nullptr) {
      vectorized([=]() __attribute__((always_inline)) {
        nb_zero(n, mu, theta, out);
        nb_nonzero(found, x, place, offset, mu, theta, out);
      });
    } else {
      vectorized([=]() __attribute__((always_inline)) {
        zinb_zero(n, mu, theta, logit, out, d_pi);
        zinb_nonzero(found, x, place, offset, mu, theta, logit, out, d_pi);
      });
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
      T* const y = at.inv_theta;  // a Gaussian has no use for it
      std::fill_n(y, stride, T(0));
      for (Index k = counts.start[first + g]; k < counts.start[first + g + 1]; ++k) {
        const Index b = counts.place[k] - (first + g) * stride;
        y[b] = fast::log1p(T(counts.value[k]) * cells.factor[b]);
      }
      const T *const eta = mean + g * stride, *const sigma = at.theta + g * stride;
      T *const log_prob = at.log_prob + g * stride, *const d_theta = at.d_theta + g * stride,
               *const d = d_mean + g * stride;
      const Index n = stride;
      vectorized([=]() __attribute__((always_inline)) {
        fast::lanes::each<T>(
            n, [=](Index b) __attribute__((always_inline)) {
              const GaussianTerm<T> t = gaussian_term(y[b], eta[b], sigma[b]);
              log_prob[b] = t.log_prob;
              d[b] = t.d_mean;
              d_theta[b] = t.d_log_sigma;
            });
      });
    }
  }

  void bernoulli() const {
    for (Index g = 0; g < count; ++g) {
      T* const y = at.theta;  // a Bernoulli has no use for it
      std::fill_n(y, stride, T(0));
      for (Index k = counts.start[first + g]; k < counts.start[first + g + 1]; ++k) {
        y[counts.place[k] - (first + g) * stride] = counts.value[k] > 0 ? T(1) : T(0);
      }
      const T *const eta = mean + g * stride, *const factor = cells.factor;
      T *const log_prob = at.log_prob + g * stride, *const d = d_mean + g * stride;
      const Index n = stride;
      vectorized([=]() __attribute__((always_inline)) {
        fast::lanes::each<T>(
            n, [=](Index b) __attribute__((always_inline)) {
              const BernoulliTerm<T> t = bernoulli_term(y[b], eta[b] - fast::log(factor[b]));
              log_prob[b] = t.log_prob;
              d[b] = t.d_logit;
            });
      });
    }
  }

  /// Sums over genes and cells, and weights on what is finished.
  void add_up() const {
    const Index width = stride, genes = count;
    const T *const weight = cells.weight, *const log_prob = at.log_prob, *const d_theta = at.d_theta,
                   *const d_pi = at.d_pi;
    const T low = least, high = most;
    T *const sum = at.cell_log_prob, *const sum_d = at.cell_d_mean, *const d = d_mean, *const own = log_theta;
    T *const pi = logit_pi, *const gene = d_gene_theta;
    const bool finished = !softmax, dispersed = has_dispersion(family);
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
          gene[g] += fast::lanes::sum_each<T>(
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
