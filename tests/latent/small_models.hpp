#pragma once

#include <latentcell/autoencoder/vae.hpp>
#include <latentcell/backbone/residual_mlp.hpp>
#include <latentcell/condition/categorical_covariate.hpp>
#include <latentcell/data/simulate.hpp>
#include <latentcell/latent/latent_flow.hpp>

#include "support/catch.hpp"

namespace small_models {

using namespace latentcell;

inline CellTable cells(Index n = 60, Index genes = 12) {
  Rng rng(3);
  return simulate({.cells = n, .genes = genes, .types = 2, .library = 200}, rng);
}

template <class T = float>
Vae<T, NegativeBinomial<T>> vae(Index genes = 12, Index latent = 2) {
  Rng rng(4);
  return Vae<T, NegativeBinomial<T>>({.genes = genes, .hidden = {8}, .latent = latent}, rng);
}

template <class T>
using Flow = LatentFlow<ResidualMlp<T>, FromObs<ObsCategory, CategoricalCovariate<T>>>;

template <class T = float>
Flow<T> flow(Index latent = 2) {
  Rng rng(5);
  return Flow<T>(RectifiedFlow{}, ResidualMlp<T>({.latent = latent, .width = 16, .depth = 1, .condition = 4}, rng),
                 from_obs("type", {"type_0", "type_1"}, CategoricalCovariate<T>(2, 4, rng)));
}

/// Latents of two types at -1 and 1, with annotation and library sizes.
inline LatentTable latents(Index n = 40, Index latent = 2) {
  Rng rng(6);
  LatentTable out;
  out.mean.resize(n, latent);
  std::vector<int> type;
  for (Index i = 0; i < n; ++i) {
    type.push_back(int(i % 2));
    for (Index j = 0; j < latent; ++j) out.mean(i, j) = float(i % 2 == 0 ? -1 : 1) + 0.1f * float(rng.normal());
    out.library.push_back(100.0f + float(i));
  }
  out.cell_columns = labelled("type", Categorical{{"type_0", "type_1"}, type});
  return out;
}

}  // namespace small_models
