#include <latentcell/trajectory/decode_cells.hpp>

#include <latentcell/data/simulate_development.hpp>

#include "moving_cells.hpp"
#include "support/catch.hpp"

using namespace latentcell;
using trajectory::decode_cells;

TEST_CASE("decode_cells: without counts, X holds the coordinates and the genes are the axes") {
  LatentTable latents = moving_cells::two_lines(3, {0, 1}, 1);
  latents.mean(2, 1) = 0;
  Rng rng(1);
  const CellTable out = decode_cells(moving_cells::constant_velocity(1, 0, 0), latents, {"x", "y"}, rng);
  CHECK(out.cells() == 6);
  CHECK(out.gene_names == std::vector<std::string>{"x", "y"});
  CHECK(out.cell_names == latents.cell_names);
  CHECK(out.cell_columns.has("line"));
  for (Index i = 0; i < 6; ++i) {
    const auto columns = out.counts.view().row_columns(i);
    const auto values = out.counts.view().row_values(i);
    for (std::size_t k = 0; k < columns.size(); ++k) CHECK(values[k] == latents.mean(i, columns[k]));
  }
}

TEST_CASE("decode_cells: with counts, molecules at the given library sizes and components in their own units") {
  Rng rng(1);
  trajectory::Snapshots cells;
  cells.counts = simulate_development({.cells = 60, .snapshots = 2, .genes = 40}, rng);
  trajectory::Model model(trajectory::Options::for_cells(cells, 3), rng);
  model.autoencoder->initialize_from_data(cells.counts->counts);
  model.autoencoder->gene_names = cells.counts->gene_names;
  LatentTable latents;
  latents.mean = Matrix<float>::Random(60, 3);
  latents.library = std::vector<float>(60, 2000.0f);
  latents.cell_columns = Annotation(60);
  const CellTable out = decode_cells(model, latents, {}, rng);
  CHECK(out.genes() == 40);
  CHECK(out.gene_names == cells.counts->gene_names);
  CHECK(out.embeddings.at("X_pca") == model.coordinates(latents.mean));
  double total = 0;
  for (const float v : out.counts.values()) {
    CHECK(v == std::floor(v));
    total += double(v) / 60;
  }
  CHECK(total == Approx(2000).epsilon(0.1));
}
