#pragma once

#include <string>
#include <vector>

#include <latentcell/generation/model.hpp>
#include <latentcell/latent/sample_counts.hpp>

namespace latentcell::generation {

/// Samples counts at generated latents, with the model's gene scales for their labels.
/// latents (N, D), batch (N) codes or empty: unknown -> counts (N, G)
template <class Backbone>
CellTable sample_counts(const ModelOf<Backbone>& model, const LatentTable& latents, Rng& rng,
                        const std::vector<int>& batch = {}) {
  CellTable out = draw(model.vae, latents, rng,
                       {.batch_codes = batch,
                        .groups = latents.cell_columns.codes(model.options.label, model.options.levels),
                        .factors = model.gene_scale.value});
  if (!batch.empty()) out.cell_columns.set(model.options.batch, Categorical{model.options.batch_levels, batch});
  return out;
}

/// Samples latents from the autoencoder's prior, the baseline of the flow, with the given labels and library sizes of
/// the labels' training cells.     codes (N) of the model's levels -> (N, D)
template <class Backbone>
LatentTable prior_latents(const ModelOf<Backbone>& model, const std::vector<int>& codes, Rng& rng) {
  LatentTable out;
  const Index n = Index(codes.size()), d = model.vae.latent();
  const Matrix<float> zero = Matrix<float>::Zero(1, d);
  out.mean = model.vae.draw_prior(codes, rng);
  out.cell_columns = Annotation(n);
  out.cell_columns.set(model.options.label, Categorical{model.options.levels, codes});
  for (Index i = 0; i < n; ++i) {
    out.library.push_back(model.flow.library.draw(zero.data(), codes[to_size(i)], rng));
    out.cell_names.push_back(text("prior_", i));
  }
  return out;
}

}  // namespace latentcell::generation
