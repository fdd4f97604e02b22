#pragma once

#include <cmath>
#include <vector>

#include <latentcell/autodiff/visit.hpp>
#include <latentcell/conformal/ensemble.hpp>
#include <latentcell/conformal/modality_encoder.hpp>

// Small ensembles whose answers are known.

namespace conformal_fixtures {

using namespace latentcell;
using namespace latentcell::conformal;

/// Numbers of a standard normal.     -> (rows, cols)
inline Matrix<float> normals(Index rows, Index cols, std::uint64_t seed) {
  Rng rng(seed);
  Matrix<float> out(rows, cols);
  for (Index i = 0; i < out.size(); ++i) out.data()[i] = float(rng.normal());
  return out;
}

inline EnsembleOptions small(Index members) {
  return {.members = members, .velocity_net = {.width = 16, .depth = 1, .condition = 16, .dropout = 0}, .fold_seed = 3};
}

/// Every velocity is the same: flows from noise to a normal distribution with unit variance about `shift`.
inline void set_constant_velocity(ConditionalVelocityNet& net, float shift) {
  net.direct.weight.value.setZero();
  net.direct.bias.value.setConstant(shift);
}

/// Latents are the features less `mean`: decoding adds it.
inline ModalityEncoder shift_encoder(Index features, float mean) {
  std::vector<std::string> names;
  for (Index f = 0; f < features; ++f) names.push_back(text("f", f));
  ModalityEncoder out({.name = "x", .features = names});
  out.mean.value.setConstant(mean);
  out.scale.value.setOnes();
  out.depth.value.setOnes();
  return out;
}

}  // namespace conformal_fixtures
