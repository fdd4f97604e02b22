#pragma once

#include <span>

#include <latentcell/core/counts.hpp>

namespace latentcell {

/// Observation models of the decoder. gaussian sees log1p of counts scaled to the reference library.
enum class Family { poisson, negative_binomial, zero_inflated_negative_binomial, gaussian };

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
