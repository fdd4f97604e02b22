#pragma once

#include <span>
#include <vector>

#include <latentcell/backbone/residual_mlp.hpp>
#include <latentcell/nn/mlp.hpp>
#include <latentcell/op/elementwise.hpp>

namespace LATENTCELL_NAMESPACE::conformal {

/// Velocity of a conditional flow. An MLP encodes the condition; its output modulates every block of the network and
/// is also added to the velocity through a linear layer. Because most of the velocity is the conditional mean, the
/// linear path makes training short.
struct ConditionalVelocityNet {
  ResidualMlpOptions options;
  Mlp<float> encoder;           // (C) -> options.condition
  Linear<float> direct;         // options.condition -> options.latent
  ResidualMlp<float> residual;  // (z_t, t) -> options.latent, modulated by the encoded condition

  ConditionalVelocityNet(Index n_condition, const ResidualMlpOptions& o, Rng& rng)
      : options(o),
        encoder(n_condition, std::vector<Index>{o.condition, o.condition}, o.dropout, rng),
        direct(o.condition, o.latent, rng),
        residual(o, rng) {}

  /// Returns the velocity at z_t and time t under a condition.
  /// z (B, D), t (B), condition (B, C) -> (B, D)
  Var<float> operator()(Tape<float>& tape, Var<float> z, std::span<const float> t, Var<float> condition) const {
    const Var<float> c = encoder(condition);
    return add(direct(c), residual(tape, z, t, c));
  }

  static void visit(auto& self, auto&& f) {
    f("encoder", self.encoder);
    f("direct", self.direct);
    f("residual", self.residual);
  }
};

}  // namespace latentcell::conformal
