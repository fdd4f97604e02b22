#pragma once

#include <algorithm>
#include <span>
#include <vector>

#include <latentcell/autoencoder/autoencoder.hpp>
#include <latentcell/data/latent_table.hpp>
#include <latentcell/kernel/count_loss.hpp>

namespace LATENTCELL_NAMESPACE {

/// Decodes latents in blocks of 256 cells and calls use(cell, mean, log_dispersion) for each cell in order: the
/// expected counts (G) at the cell's library size, and the log dispersions (G) or nullptr where the likelihood has
/// none.
/// z (N, D), library (N), or one number for all cells; batch_covariate (N) codes, -1 unknown, or empty: all unknown
template <Autoencoder Model, class Use>
void for_each_decoded(const Model& model, const Matrix<float>& z, std::span<const float> library, const Use& use,
                      std::span<const int> batch_covariate = {}) {
  using T = typename Model::Scalar;
  LATENTCELL_REQUIRE(z.cols() == model.latent(), "for_each_decoded: latents of ", z.cols(),
                     " dimensions but the model has ", model.latent());
  LATENTCELL_REQUIRE(library.size() == 1 || Index(library.size()) == z.rows(), "for_each_decoded: ", library.size(),
                     " library sizes for ", z.rows(), " cells");
  LATENTCELL_REQUIRE(batch_covariate.empty() || Index(batch_covariate.size()) == z.rows(),
                     "for_each_decoded: ", batch_covariate.size(), " codes of the batch covariate for ", z.rows(),
                     " cells");
  const Index genes = model.genes();
  Tape<T> tape(Mode::no_gradient);
  std::vector<T> mean(to_size(genes));
  constexpr Index block = 256;
  for (Index first = 0; first < z.rows(); first += block) {
    const Index count = std::min(block, z.rows() - first);
    tape.reset();
    const Matrix<T> here = z.middleRows(first, count).template cast<T>();
    const std::span<const int> codes =
        batch_covariate.empty() ? batch_covariate : batch_covariate.subspan(to_size(first), to_size(count));
    const std::vector<Var<T>> heads = model.decode(tape, tape.constant(view(here)), codes);
    const auto p = model.predictors(tape, heads, codes);
    for (Index i = 0; i < count; ++i) {
      const float size = library.size() == 1 ? library[0] : library[to_size(first + i)];
      kernel::count_means(model.options.link, heads.front().value().data() + i * genes, T(size), genes, mean.data());
      const T* const log_dispersion =
          p.log_theta.empty() ? nullptr : p.log_theta.value().data() + (p.log_theta.rows() == 1 ? 0 : i * genes);
      use(first + i, mean.data(), log_dispersion);
    }
  }
}

/// The same at the latents and library sizes of a table.     latents (N, D)
template <Autoencoder Model, class Use>
void for_each_decoded(const Model& model, const LatentTable& latents, const Use& use,
                      std::span<const int> batch_covariate = {}) {
  for_each_decoded(model, latents.mean, std::span<const float>(latents.library), use, batch_covariate);
}

}  // namespace latentcell
