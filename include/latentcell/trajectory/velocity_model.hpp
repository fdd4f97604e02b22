#pragma once

#include <span>

#include <latentcell/autodiff/param.hpp>
#include <latentcell/backbone/residual_mlp.hpp>
#include <latentcell/core/options.hpp>
#include <latentcell/nn/standardizer.hpp>

namespace LATENTCELL_NAMESPACE::trajectory {

/// Which way in time a cell moves.
enum class Direction : char { backward, forward };

struct VelocityOptions {
  ResidualMlpOptions net = {.latent = 5, .width = 128, .depth = 3, .condition = 2};  ///< latent: D
  double noise = 0;  ///< standard deviation of the diffusion over the whole time range, in units of the latents' own;
                     ///< at least 0. Larger: cells spread more on their way. 0: an ordinary flow

  static void visit(auto& self, auto&& f) {
    f("net", self.net);
    f("noise", self.noise, at_least(0));
  }
};

/// Velocity of cells over latent and time, in either direction of time.
/// Without noise it is a flow matched to optimal-transport paths between adjacent times (Tong et al. 2023). With noise
/// it is the drift of a diffusion, matched to Brownian bridges (Shi, De Bortoli, Campbell and Doucet 2023, "Diffusion
/// Schroedinger bridge matching").
struct VelocityModel {
  VelocityOptions options;
  ResidualMlp<float> net;
  Standardizer<float> scaler;  // of the training cells' latents
  Buffer<double> time_range;   // (1, 2) earliest and latest time of the training cells

  VelocityModel(const VelocityOptions& o, Rng& rng)
      : options(check_options("VelocityModel", o)), net(o.net, rng), scaler(o.net.latent), time_range(1, 2) {
    LATENTCELL_REQUIRE(o.net.condition == 2, "VelocityModel: the net's condition is the direction, 2 wide, not ",
                       o.net.condition);
    time_range.value(0, 1) = 1;
  }

  Index latent() const { return options.net.latent; }
  double first_time() const { return time_range.value(0, 0); }
  double last_time() const { return time_range.value(0, 1); }
  /// Time on the net's clock: 0 at the first, 1 at the last time of training.
  double clock(double time) const { return (time - first_time()) / (last_time() - first_time()); }

  /// Standardised velocity per unit of the clock.
  /// z (B, D) standardised, t (B) on the clock, direction (B) -> (B, D)
  Var<float> operator()(Tape<float>& tape, ConstView<float> z, std::span<const float> t,
                        std::span<const Direction> direction) const {
    float* const condition = tape.scratch(2 * z.rows());
    for (Index b = 0; b < z.rows(); ++b) {
      condition[2 * b] = direction[to_size(b)] == Direction::forward ? 1.0f : 0.0f;
      condition[2 * b + 1] = 1.0f - condition[2 * b];
    }
    return net(tape, tape.constant(z), t, tape.constant(ConstView<float>(condition, z.rows(), 2)));
  }

  static void visit(auto& self, auto&& f) {
    f("net", self.net);
    f("scaler", self.scaler);
    f("time_range", self.time_range);
  }
};

}  // namespace latentcell::trajectory
