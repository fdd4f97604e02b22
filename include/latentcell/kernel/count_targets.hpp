#pragma once

#include <span>

#include <latentcell/core/counts.hpp>

namespace LATENTCELL_NAMESPACE {

/// Observation models of the decoder. gaussian sees log1p of counts scaled to the reference library; bernoulli sees
/// whether there is a count at all, with logit eta + log(library / reference).
enum class Family { poisson, negative_binomial, zero_inflated_negative_binomial, gaussian, bernoulli };

/// Whether a family has a second parameter: log dispersion, or the Gaussian's log sigma.
constexpr bool has_dispersion(Family f) { return f != Family::poisson && f != Family::bernoulli; }

/// Whether the mean is a share of the library: the families of counts.
constexpr bool counts_molecules(Family f) { return f != Family::gaussian && f != Family::bernoulli; }

/// From linear predictor eta to mean: softmax over the genes times library, or exp(eta) times library.
enum class LibraryLink { softmax, exp };

/// What a count likelihood is compared with; a window on the batch, which must outlive backward().
template <class T>
struct CountTargets {
  CountsView counts;               // (B, G)
  std::span<const float> library;  // (B)
  std::span<const T> weight;       // (B) weight of each cell in the sum
  double reference = 1e4;          // library that a Gaussian's values are scaled to
};

}  // namespace latentcell
