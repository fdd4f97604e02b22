#include <latentcell/trajectory/model.hpp>

#include <latentcell/data/simulate_development.hpp>

#include "support/catch.hpp"

using namespace latentcell;
using trajectory::Model;
using trajectory::Options;

namespace {

trajectory::Snapshots simulated(Index genes = 30) {
  Rng rng(1);
  trajectory::Snapshots out;
  out.counts = simulate_development({.cells = 10, .snapshots = 2, .genes = genes}, rng);
  return out;
}

}  // namespace

TEST_CASE("trajectory::Options: counts get an autoencoder and straight paths, an embedding paths along the cells") {
  const Options counts = Options::for_cells(simulated(), 5);
  REQUIRE(counts.autoencoder);
  CHECK(counts.autoencoder->pca.genes == 30);
  CHECK(counts.autoencoder->pca.latent == 5);
  CHECK(counts.velocity.net.latent == 5);
  CHECK(counts.paths.shape == trajectory::PathShape::straight);
  trajectory::Snapshots points;
  points.points.mean.resize(8, 3);
  const Options embedding = Options::for_cells(points, 5);
  CHECK_FALSE(embedding.autoencoder);
  CHECK(embedding.velocity.net.latent == 3);
  CHECK(embedding.paths.shape == trajectory::PathShape::manifold);
  CHECK(embedding.paths.window > counts.paths.window);
  points.points.mean.resize(8, 4);  // geodesics among many dimensions follow the noise
  CHECK(Options::for_cells(points, 5).paths.shape == trajectory::PathShape::straight);
}

TEST_CASE("trajectory::Options: more than ten dimensions have a wider net") {
  CHECK(Options::for_cells(simulated(), 10).velocity.net.width == 128);
  CHECK(Options::for_cells(simulated(), 11).velocity.net.width == 256);
}

TEST_CASE("trajectory::Options: too few genes or cells are refused with both numbers") {
  CHECK_THROWS_WITH(Options::for_cells(simulated(5), 5), ContainsText("5 genes are too few for 5 dimensions"));
  CHECK_THROWS_WITH(Options::for_cells(simulated(), 20), ContainsText("20 cells are too few for 20 dimensions"));
}

TEST_CASE("trajectory::Model: coordinates are principal components as they are, or those of the embedding") {
  Rng rng(1);
  Options options = Options::for_cells(simulated(), 5);
  Model counts(options, rng);
  REQUIRE(counts.autoencoder);
  counts.autoencoder->unit.value(0, 0) = 4;
  const Matrix<float> z = Matrix<float>::Constant(2, 5, 1.5f);
  CHECK(counts.coordinates(z) == Matrix<float>::Constant(2, 5, 6.0f));
  options.autoencoder.reset();
  const Model embedding(options, rng);
  CHECK_FALSE(embedding.autoencoder);
  CHECK(embedding.coordinates(z) == z);
  CHECK(embedding.latent() == 5);
}

TEST_CASE("trajectory::Model: the autoencoder and the velocity must have one latent") {
  Rng rng(1);
  Options options = Options::for_cells(simulated(), 5);
  options.velocity.net.latent = 4;
  CHECK_THROWS_WITH(Model(options, rng), ContainsText("has 5 dimensions but the velocity's 4"));
}
