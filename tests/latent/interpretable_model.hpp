#pragma once

#include <latentcell/autoencoder/vae.hpp>
#include <latentcell/data/simulate.hpp>
#include <latentcell/latent/encode.hpp>
#include <latentcell/train/fit_cells.hpp>

#include "support/catch.hpp"

namespace interpretable_model {

using namespace latentcell;

using Model = Vae<float, NegativeBinomial<float>>;

struct Fitted {
  CellTable cells;
  Model model;
  LatentTable latents;
};

inline const Fitted& fitted(bool linear) {
  static const auto make = [](bool lin) {
    const int before = threads();
    set_threads(1);
    Rng rng(7);
    Fitted out{
        simulate({.cells = 400, .genes = 50, .types = 3, .library = 400, .marker_share = 0.3, .marker_strength = 2},
                 rng),
        Model({.genes = 50, .hidden = {24}, .latent = 3, .linear_decoder = lin, .dropout = 0.0f, .kl_weight = 0.2f},
              rng),
        {}};
    fit(out.model, out.cells, {.epochs = 60, .batch = 64, .learning_rate = 3e-3f});
    out.latents = encode(out.model, out.cells);
    set_threads(before);
    return out;
  };
  static const Fitted plain = make(false), straight = make(true);
  return linear ? straight : plain;
}

}  // namespace interpretable_model
