#pragma once

#include <latentcell/pipeline/perturbation.hpp>

// The smallest perturbation model, for tests: two latent dimensions, one drug.

namespace latentcell {

inline PerturbationOptions options(Index genes) {
  PerturbationOptions o;
  o.vae.genes = genes;
  o.vae.hidden = {24};
  o.vae.latent = o.backbone.latent = 2;
  o.backbone.width = 32;
  o.backbone.depth = 2;
  o.backbone.condition = 8;
  o.condition = "what";
  o.control = "none";
  o.group = "type";
  o.parts = {"drug"};
  return o;
}

}  // namespace latentcell
