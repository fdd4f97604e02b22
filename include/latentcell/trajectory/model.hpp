#pragma once

#include <optional>
#include <string>
#include <string_view>

#include <latentcell/autoencoder/pca_autoencoder.hpp>
#include <latentcell/likelihood/likelihood.hpp>
#include <latentcell/trajectory/ot_paths.hpp>
#include <latentcell/trajectory/snapshot_mixture.hpp>
#include <latentcell/trajectory/snapshots.hpp>
#include <latentcell/trajectory/velocity_model.hpp>

namespace LATENTCELL_NAMESPACE::trajectory {

/// The encoder is a projection on principal components; a decoder of counts is trained on them.
struct AutoencoderOptions {
  PcaAutoencoderOptions pca;
  LikelihoodOptions likelihood = {.dispersion = Dispersion::gene_cell};

  static void visit(auto& self, auto&& f) {
    f("pca", self.pca);
    f("likelihood", self.likelihood);
  }
};

struct Options {
  VelocityOptions velocity;
  OtPathOptions paths;
  std::string time = "time";                      ///< obs column of times
  std::optional<AutoencoderOptions> autoencoder;  ///< of counts; none: cells are points of a given embedding

  /// The measured settings for cells of counts, in `components` principal components, or for points of an embedding.
  /// Paths run along the cells of an embedding of few dimensions; where there are more, geodesics follow the noise.
  /// Many dimensions hold more noise, which a wider net averages. Throws std::invalid_argument where there are too few
  /// cells or genes.
  static Options for_cells(const Snapshots& cells, Index components) {
    Options o;
    if (cells.counts) {
      const CellTable& counts = *cells.counts;
      LATENTCELL_REQUIRE(counts.genes() > components, "trajectory: ", counts.genes(), " genes are too few for ",
                         components, " dimensions");
      LATENTCELL_REQUIRE(counts.cells() > components, "trajectory: ", counts.cells(), " cells are too few for ",
                         components, " dimensions");
      o.autoencoder.emplace().pca = {.genes = counts.genes(), .latent = components};
    } else if (cells.points.latent() <= few_dimensions) {
      o.paths = OtPathOptions::along_manifold();
    }
    o.velocity.net.latent = cells.counts ? components : cells.points.latent();
    if (o.velocity.net.latent > many_dimensions) o.velocity.net.width = 256;
    return o;
  }

  static constexpr Index few_dimensions = 3;    ///< up to here, the paths of an embedding run along the cells
  static constexpr Index many_dimensions = 10;  ///< above, the net is wider and trained longer

  static void visit(auto& self, auto&& f) {
    f("velocity", self.velocity);
    f("paths", self.paths);
    f("time", self.time);
    f("autoencoder", self.autoencoder);
  }
};

/// Velocity of cells over time, and where counts were given an autoencoder between them and the latent.
struct Model {
  using Autoencoder = PcaAutoencoder<float, NegativeBinomial<float>>;
  static constexpr std::string_view kind = "trajectory";

  Options options;
  VelocityModel velocity;
  std::optional<Autoencoder> autoencoder;
  SnapshotMixture mixture;

  Model(const Options& o, Rng& rng) : options(check_options("trajectory", o)), velocity(o.velocity, rng) {
    if (!o.autoencoder) return;
    LATENTCELL_REQUIRE(o.autoencoder->pca.latent == latent(), "trajectory: the autoencoder's latent has ",
                       o.autoencoder->pca.latent, " dimensions but the velocity's ", latent());
    autoencoder.emplace(o.autoencoder->pca, rng, o.autoencoder->likelihood);
  }

  Index latent() const { return velocity.latent(); }

  /// Latents in the units that trajectory benchmarks measure: principal components, or the embedding's coordinates.
  /// z (N, D) -> (N, D)
  Matrix<float> coordinates(const Matrix<float>& z) const {
    return autoencoder ? Matrix<float>(z * autoencoder->unit.value(0, 0)) : z;
  }

  static void visit(auto& self, auto&& f) {
    f("autoencoder", self.autoencoder);
    f("velocity", self.velocity);
    f("mixture", self.mixture);
  }
};

}  // namespace latentcell::trajectory
