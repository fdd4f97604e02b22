#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <vector>

#include <latentcell/core/random_draw.hpp>
#include <latentcell/kernel/dispatch.hpp>

// Counts of one cell drawn from means and dispersions. Nearly all are zero, and whether one is takes a uniform number
// and the probability of no zero, both worked out for many genes side by side; only what is left goes one by one.

namespace LATENTCELL_NAMESPACE::kernel {

/// Parameters of one cell's counts.     all (G)
template <class T>
struct CountDrawArguments {
  Index genes = 0;
  const T* mean = nullptr;       // > 0
  const T* log_theta = nullptr;  // log dispersion; null: Poisson
  const T* logit_pi = nullptr;   // logit of the zero inflation; null: none
};

namespace detail {

/// Genes whose chances are worked out together.
inline constexpr Index draw_genes = 256;

/// Means from which a count is drawn directly: there the walk up the probabilities would be long.
inline constexpr float draw_large = 10.0f;

/// Words 4 * first ... of a Philox stream, as Philox::block gives them.     out (4 * blocks), blocks a multiple of 16
LATENTCELL_INLINE void philox_words(std::uint64_t seed, std::uint64_t stream, std::uint64_t first, Index blocks,
                                    std::uint32_t* out) {
  constexpr int lanes = 16;
  for (Index block = 0; block < blocks; block += lanes) {
    std::uint32_t c0[lanes], c1[lanes], c2[lanes], c3[lanes];
    for (int i = 0; i < lanes; ++i) {
      const std::uint64_t index = first + std::uint64_t(block) + std::uint64_t(i);
      c0[i] = std::uint32_t(index);
      c1[i] = std::uint32_t(index >> 32);
      c2[i] = std::uint32_t(stream);
      c3[i] = std::uint32_t(stream >> 32);
    }
    std::uint32_t k0 = std::uint32_t(seed), k1 = std::uint32_t(seed >> 32);
    for (int round = 0; round < Philox::rounds; ++round) {
#pragma omp simd
      for (int i = 0; i < lanes; ++i) {
        const std::uint64_t a = Philox::multiplier[0] * c0[i];
        const std::uint64_t b = Philox::multiplier[1] * c2[i];
        const std::uint32_t d0 = std::uint32_t(b >> 32) ^ c1[i] ^ k0, d2 = std::uint32_t(a >> 32) ^ c3[i] ^ k1;
        c1[i] = std::uint32_t(b);
        c3[i] = std::uint32_t(a);
        c0[i] = d0;
        c2[i] = d2;
      }
      k0 += Philox::key_step[0];
      k1 += Philox::key_step[1];
    }
    // Which of the four words goes to which gene does not matter: by word, then by block.
    std::uint32_t* const to = out + 4 * block;
    for (int i = 0; i < lanes; ++i) {
      to[i] = c0[i];
      to[lanes + i] = c1[i];
      to[2 * lanes + i] = c2[i];
      to[3 * lanes + i] = c3[i];
    }
  }
}

/// A count that is not zero, or any count of a large mean.     chance: probability of no zero
template <class T>
double draw_positive(double mean, bool poisson, double log_theta, double chance, Rng& rng) {
  const double theta = poisson ? 0.0 : std::exp(log_theta);
  if (mean >= double(draw_large)) return poisson ? draw_poisson(mean, rng) : draw_negative_binomial(mean, theta, rng);
  // Walks up p(1), p(2), ... with a uniform number below their sum.
  const double q = poisson ? mean : mean / (mean + theta);
  double u = rng.uniform_double() * chance, p = (1.0 - chance) * (poisson ? mean : q * theta), k = 1;
  while (u > p && p > latentcell::detail::least_mass) {
    u -= p;
    p *= poisson ? mean / (k + 1.0) : q * (k + theta) / (k + 1.0);
    k += 1;
  }
  return k;
}

}  // namespace detail

/// Appends the counts of one cell that are not zero to columns and values, genes ascending. A function of `cell`, the
/// cell's own generator, and the parameters alone. Between instruction sets a count can differ where a uniform number
/// falls within a rounding error of a probability. Sound for means from 1e-8 to 1e6 and dispersions from 1e-4 to 1e6.
template <class T>
void draw_counts(const CountDrawArguments<T>& a, const Rng& cell, std::vector<std::int32_t>& columns,
                 std::vector<float>& values) {
  using namespace detail;
  const Rng::State state = cell.state();
  std::uint32_t words[draw_genes];
  float chance[draw_genes];
  std::int32_t found[draw_genes];
  for (Index first = 0; first < a.genes; first += draw_genes) {
    const Index count = std::min(draw_genes, a.genes - first);
    const T *const mean = a.mean + first, *const log_theta = a.log_theta == nullptr ? nullptr : a.log_theta + first;
    const T* const logit = a.logit_pi == nullptr ? nullptr : a.logit_pi + first;
    std::uint32_t* const word = words;
    float* const no_zero = chance;
    std::int32_t* const hit = found;
    vectorized([=]() __attribute__((always_inline)) {
      philox_words(state.seed, state.stream, state.drawn + std::uint64_t(first / 4), draw_genes / 4, word);
      if (log_theta == nullptr) {
        fast::lanes::each<float>(
            count, [=](Index g) __attribute__((always_inline)) { no_zero[g] = -fast::expm1(-float(mean[g])); });
      } else {
        fast::lanes::each<float>(
            count, [=](Index g) __attribute__((always_inline)) {
              const float at = float(log_theta[g]);
              no_zero[g] = -fast::expm1(-fast::exp(at) * fast::log1p(float(mean[g]) * fast::exp(-at)));
            });
      }
#pragma omp simd
      for (Index g = 0; g < count; ++g) {
        float keep = no_zero[g];
        // A large mean is drawn whole, a zero included; the uniform number below can round up to one.
        keep = float(mean[g]) < draw_large ? keep : 2.0f;
        hit[g] = std::int32_t(float(word[g] >> 8) * 0x1p-24f + float(word[g] & 255u) * 0x1p-32f < keep);
      }
      if (logit != nullptr) {
        // A second use of the word's low bits would tie the two choices together: the inflation has words of its own.
        philox_words(state.seed ^ 0x5851F42D4C957F2Du, state.stream, state.drawn + std::uint64_t(first / 4),
                     draw_genes / 4, word);
        fast::lanes::each<float>(
            count, [=](Index g) __attribute__((always_inline)) {
              const float kept = fast::sigmoid(-float(logit[g]));
              hit[g] = float(word[g] >> 8) * 0x1p-24f < kept ? hit[g] : 0;
            });
      }
    });
    for (Index g = 0; g < count; ++g) {
      if (found[g] == 0) continue;
      // Words of the gene's own: 2^20 are more than any rejection takes.
      Rng own = Rng::restore({state.seed ^ 0x14057B7EF767814Fu, state.stream, std::uint64_t(first + g) << 20});
      const double x = draw_positive<T>(double(mean[g]), log_theta == nullptr,
                                        log_theta == nullptr ? 0.0 : double(log_theta[g]), double(chance[g]), own);
      if (x == 0.0) continue;
      columns.push_back(std::int32_t(first + g));
      values.push_back(float(x));
    }
  }
}

#ifdef LATENTCELL_INSTANCES
extern template void draw_counts<float>(const CountDrawArguments<float>& a, const Rng& cell,
                                        std::vector<std::int32_t>& columns, std::vector<float>& values);
#endif

}  // namespace latentcell::kernel
