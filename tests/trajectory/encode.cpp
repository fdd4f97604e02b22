#include <latentcell/trajectory/encode.hpp>

#include <algorithm>

#include <latentcell/data/simulate_development.hpp>

#include "moving_cells.hpp"
#include "support/catch.hpp"

using namespace latentcell;
using trajectory::Model;

namespace {

Model trained_on(const CellTable& cells) {
  Rng rng(1);
  trajectory::Snapshots snapshots;
  snapshots.counts = cells;
  Model model(trajectory::Options::for_cells(snapshots, 3), rng);
  model.autoencoder->initialize_from_data(cells.counts);
  model.autoencoder->gene_names = cells.gene_names;
  return model;
}

}  // namespace

TEST_CASE("trajectory::encode: genes are found by name, whatever their order in a table") {
  Rng rng(2);
  const CellTable cells = simulate_development({.cells = 20, .snapshots = 2, .genes = 30}, rng);
  const Model model = trained_on(cells);
  std::vector<std::string> reversed = cells.gene_names;
  std::reverse(reversed.begin(), reversed.end());
  trajectory::Snapshots in_order, in_reverse;
  in_order.counts = cells;
  in_reverse.counts = align_genes(cells, reversed).cells;
  const LatentTable z = trajectory::encode(model, in_order);
  CHECK(z.latent() == 3);
  CHECK(z.cell_names == cells.cell_names);
  CHECK(z.mean == trajectory::encode(model, in_reverse).mean);
  // In units of the first component's deviation.
  CHECK(double(z.mean.col(0).norm()) / std::sqrt(double(z.cells() - 1)) == Approx(1).epsilon(0.05));
}

TEST_CASE("trajectory::encode: points are their own latents; the other kind or dimension is refused") {
  Rng rng(2);
  const CellTable counts = simulate_development({.cells = 20, .snapshots = 2, .genes = 30}, rng);
  trajectory::Snapshots points, flat, cells;
  points.points = moving_cells::two_lines(4, {0, 1}, 1);
  flat.points.mean = Matrix<float>::Zero(4, 3);
  cells.counts = counts;
  const Model model = moving_cells::constant_velocity(1, 0, 0);
  CHECK(trajectory::encode(model, points).mean == points.points.mean);
  CHECK_THROWS_WITH(trajectory::encode(model, flat), ContainsText("3 coordinates but the model 2"));
  CHECK_THROWS_WITH(trajectory::encode(model, cells),
                    ContainsText("was trained on coordinates, the cells have counts"));
  CHECK_THROWS_WITH(trajectory::encode(trained_on(counts), points), ContainsText("was trained on counts"));
}
