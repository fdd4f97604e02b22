// Counts that are in memory as an Eigen matrix: into a CellTable with a label per cell, through
// both stages, and back to an Eigen matrix. Only counts are needed to train; names and further
// annotation are optional.
#include <cmath>
#include <cstdio>
#include <string>
#include <vector>

#include <latentcell/latentcell.hpp>

namespace lc = latentcell;
using lc::Index;

int main() {
  // Two groups of cells; the second expresses the last ten genes five times as much.
  constexpr Index n_cells = 600, n_genes = 40;
  lc::Rng rng(1);
  Eigen::MatrixXd counts(n_cells, n_genes);
  std::vector<std::string> group;
  for (Index cell = 0; cell < n_cells; ++cell) {
    const bool treated = cell % 2 == 1;
    group.push_back(treated ? "treated" : "control");
    for (Index gene = 0; gene < n_genes; ++gene)
      counts(cell, gene) = lc::draw_poisson(treated && gene >= n_genes - 10 ? 5.0 : 1.0, rng);
  }

  lc::CellTable cells;
  cells.counts = lc::sparse_counts(counts);
  cells.cell_columns = lc::labelled("group", lc::to_categorical(group));

  lc::Vae<float, lc::Poisson<float>> vae({.genes = n_genes, .hidden = {32}, .latent = 4}, rng);
  lc::fit(vae, cells, {.epochs = 100, .learning_rate = 3e-3f});

  lc::LatentFlow flow(
      lc::RectifiedFlow{},
      lc::ResidualMlp<float>({.latent = 4, .width = 32, .depth = 2, .condition = 16}, rng),
      lc::from_obs("group", {"control", "treated"}, lc::CategoricalCovariate<float>(2, 16, rng)));
  lc::fit(flow, lc::encode(vae, cells), {.epochs = 100, .learning_rate = 3e-3f, .ema = 0.99f});

  // Counts as an Eigen matrix again, (cells, genes).
  const auto generate = [&](const char* level) {
    const lc::LatentTable z = flow.generate({.count = 400, .condition = {{"group", level}}}, rng);
    return lc::dense_counts(lc::draw(vae, z, rng).counts);
  };
  const lc::Matrix<float> control = generate("control"), treated = generate("treated");
  const float before = control.rightCols(10).mean(), after = treated.rightCols(10).mean();
  std::printf("mean of the last ten genes: control %.2f (true 1.00), treated %.2f (true 5.00)\n",
              double(before), double(after));
  return std::abs(before - 1) < 0.4f && std::abs(after - 5) < 0.75f ? 0 : 1;
}
