#pragma once

#include <latentcell/perturbation/model.hpp>

// The smallest perturbation model, for tests: two latent dimensions, one drug.

namespace latentcell {

inline PerturbationOptions options(Index genes) {
  PerturbationOptions o;
  o.vae = {.genes = genes, .hidden = {24}, .latent = 2};
  o.backbone = {.latent = 2, .width = 32, .depth = 2, .condition = 8};
  o.condition = "what";
  o.control = "none";
  o.group = "type";
  o.parts = {"drug"};
  return o;
}

}  // namespace latentcell
