#pragma once

#include <cmath>
#include <vector>

#include <latentcell/latent/decoded_expression.hpp>

namespace LATENTCELL_NAMESPACE {

/// Returns decoded log1p(CP10K) along a dimension: at the mean latent of the cells, the dimension moved by each of
/// `steps` standard deviations.
/// steps (K) -> (K, G)
template <class Autoencoder>
Matrix<float> latent_traversal(const Autoencoder& model, const LatentTable& latents, Index dimension,
                               const std::vector<double>& steps) {
  LATENTCELL_REQUIRE(dimension >= 0 && dimension < latents.latent(), "latent_traversal: dimension ", dimension,
                     " of a latent of ", latents.latent());
  LATENTCELL_REQUIRE(latents.cells() > 0, "latent_traversal: there are no cells to take the mean of");
  const RowVector<float> centre = latents.mean.colwise().mean();
  const float spread = std::sqrt((latents.mean.col(dimension).array() - centre(dimension)).square().mean());
  Matrix<float> z(Index(steps.size()), latents.latent());
  for (Index i = 0; i < z.rows(); ++i) {
    z.row(i) = centre;
    z(i, dimension) += float(steps[to_size(i)]) * spread;
  }
  return decoded_expression(model, z);
}

}  // namespace latentcell
