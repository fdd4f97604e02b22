#pragma once

#include <string>
#include <vector>

#include <latentcell/core/options.hpp>
#include <latentcell/generation/composition.hpp>
#include <latentcell/generation/model.hpp>
#include <latentcell/latent/sample_counts.hpp>

namespace LATENTCELL_NAMESPACE::generation {

/// Samples counts at given latents, with the model's gene scales for their labels.
/// latents (N, D), batch_covariate (N) codes or empty: unknown; first: number of the first cell (CountSampling) ->
/// counts (N, G)
template <class Backbone>
CellTable sample_counts(const ModelOf<Backbone>& model, const LatentTable& latents, Rng& rng,
                        const std::vector<int>& batch_covariate = {}, Index first = 0) {
  const auto& o = model.options;
  CellTable out = draw(
      model.vae, latents, rng,
      {.batch_covariate = batch_covariate,
       .correction = {.groups = latents.cell_columns.codes(o.label, o.levels), .gene_scale = model.gene_scale.value},
       .first = first});
  if (!batch_covariate.empty())
    out.cell_columns.set(o.batch_covariate, Categorical{o.batch_covariate_levels, batch_covariate});
  return out;
}

/// Settings of the sampler.
struct GenerateOptions {
  Index steps = 25;       ///< at least 1. Larger: follows the flow closer, takes longer
  float guidance = 1.1f;  ///< classifier-free guidance; 1: none. Larger: more typical, less varied cells
  Index first = 0;        ///< number of the first cell of a part; cells have the random numbers of their numbers
  Index of = 0;           ///< cells of the whole, of which these are a part; 0: these are all

  static void visit(auto& self, auto&& f) {
    f("steps", self.steps, at_least(1));
    f("guidance", self.guidance, finite());
    f("first", self.first, at_least(0));
    f("of", self.of, at_least(0));
  }
};

/// Generates cells of given labels and batch covariate: latents from the flow, counts from the decoder.
/// Parts that begin with the same rng and say what they are part of are together the whole, bit by bit.
/// composition (N) -> counts (N, G) with label and batch covariate in obs, latents in obsm X_latentcell
template <class Backbone>
CellTable generate(const ModelOf<Backbone>& model, const Composition& composition, const GenerateOptions& o, Rng& rng) {
  check_options("generate", o);
  const LatentTable z =
      model.flow.generate({.cells = labelled(model.options.label, {model.options.levels, composition.label}),
                           .steps = o.steps,
                           .guidance = o.guidance,
                           .first = o.first,
                           .of = o.of},
                          rng);
  return sample_counts(model, z, rng, composition.batch_covariate, o.first);
}

/// Generates as many cells as asked for in the composition of the training cells.
/// -> counts (count, G)
template <class Backbone>
CellTable generate(const ModelOf<Backbone>& model, Index count, const GenerateOptions& o, Rng& rng) {
  return generate(model, sample_composition(training_composition(model), {.count = count}, rng), o, rng);
}

/// Samples latents from the autoencoder's prior, with the given labels and library sizes of the labels' training cells.
/// codes (N) of the model's levels -> (N, D)
template <class Backbone>
LatentTable prior_latents(const ModelOf<Backbone>& model, const std::vector<int>& codes, Rng& rng) {
  LatentTable out;
  const Index n = Index(codes.size()), d = model.vae.latent();
  const Matrix<float> zero = Matrix<float>::Zero(1, d);
  out.mean = model.vae.draw_prior(codes, rng);
  out.cell_columns = Annotation(n);
  out.cell_columns.set(model.options.label, Categorical{model.options.levels, codes});
  for (Index i = 0; i < n; ++i) {
    out.library.push_back(model.flow.library_size.draw(zero.data(), codes[to_size(i)], rng));
    out.cell_names.push_back(text("prior_", i));
  }
  return out;
}

/// Samples counts from the autoencoder's prior, without flow and gene scales: the baseline of generation.
/// composition (N) -> counts (N, G)
template <class Backbone>
CellTable sample_prior(const ModelOf<Backbone>& model, const Composition& composition, Rng& rng) {
  const LatentTable z = prior_latents(model, composition.label, rng);
  return draw(model.vae, z, rng, {.batch_covariate = composition.batch_covariate});
}

#ifdef LATENTCELL_INSTANCES
extern template CellTable generate<ResidualMlp<float>>(const ModelOf<ResidualMlp<float>>&, const Composition&,
                                                       const GenerateOptions&, Rng&);
#endif

}  // namespace latentcell::generation
