#pragma once

#include <cmath>
#include <vector>

#include <latentcell/latent/for_each_decoded.hpp>

namespace LATENTCELL_NAMESPACE {

/// Returns decoded log1p(CP10K) at each row of latents.
/// z (N, D), batch_covariate (N) codes or empty -> (N, G)
template <class Autoencoder>
Matrix<float> decoded_expression(const Autoencoder& model, const Matrix<float>& z,
                                 const std::vector<int>& batch_covariate = {}) {
  Matrix<float> out(z.rows(), model.genes());
  const float library = 1e4f;
  for_each_decoded(
      model, z, std::span<const float>(&library, 1),
      [&](Index i, const auto* mean, const auto*) {
        for (Index g = 0; g < out.cols(); ++g) out(i, g) = float(std::log1p(mean[g]));
      },
      batch_covariate);
  return out;
}

}  // namespace latentcell
