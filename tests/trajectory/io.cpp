#include <latentcell/trajectory/io.hpp>

#include <latentcell/core/threads.hpp>
#include <latentcell/data/simulate_development.hpp>
#include <latentcell/trajectory/fit.hpp>
#include <latentcell/trajectory/predict.hpp>

#include "io/fixtures.hpp"
#include "moving_cells.hpp"
#include "support/catch.hpp"

using namespace latentcell;
using trajectory::Model;

TEST_CASE("trajectory::save: loaded and in another number of threads, the same cells to the bit") {
  Rng rng(8);
  trajectory::Snapshots cells;
  cells.counts = simulate_development({.cells = 60, .snapshots = 3, .genes = 50}, rng);
  trajectory::Options options = trajectory::Options::for_cells(cells, 2);
  options.autoencoder->pca.hidden = {16};
  options.velocity.net.width = 16;
  options.velocity.noise = 0.1;
  options.paths.window = 30;
  options.paths.growth = true;
  options.paths.pairs = 500;
  Model model(options, rng);
  trajectory::TrainingOptions training;
  training.autoencoder.epochs = training.velocity.epochs = 2;
  trajectory::fit(model, cells, training);
  model.mixture.share.value << 0.4, 0.3, 0.3;
  const fixtures::TemporaryFolder folder;
  trajectory::save(folder / "model.safetensors", model);
  const Model again = trajectory::load(folder / "model.safetensors");
  REQUIRE(again.autoencoder);
  CHECK(again.autoencoder->gene_names == cells.counts->gene_names);
  CHECK(again.options.paths.window == 30);
  CHECK(again.options.paths.growth);
  CHECK(again.mixture.share.value == model.mixture.share.value);
  CHECK(again.mixture.to_text() == model.mixture.to_text());
  CHECK(again.options.velocity.noise == 0.1);
  const LatentTable z = trajectory::encode(model, cells), z_again = trajectory::encode(again, cells);
  CHECK(z_again.mean == z.mean);
  const int before = threads();
  const auto predicted = [](const Model& from, const LatentTable& reference, int count) {
    set_threads(count);
    Rng own(5);
    return trajectory::interpolate_at(from, reference, {.time = {0.5, 0.5}, .cells = 50}, own);
  };
  CHECK(predicted(model, z, 1).mean == predicted(again, z_again, 2).mean);
  set_threads(before);
}

TEST_CASE("trajectory::save: a model of an embedding has no autoencoder; other files are refused by name") {
  const fixtures::TemporaryFolder folder;
  trajectory::save(folder / "points.safetensors", moving_cells::constant_velocity(2, 1, 0));
  const Model again = trajectory::load(folder / "points.safetensors");
  CHECK_FALSE(again.autoencoder);
  CHECK(again.velocity.last_time() == 2);
  CHECK_THROWS_WITH(trajectory::load(folder / "none.safetensors"), ContainsText("none.safetensors"));
  io::save_model(folder / "other.safetensors", again.velocity);
  CHECK_THROWS_WITH(trajectory::load(folder / "other.safetensors"), ContainsText("of kind 'trajectory'"));
}
