// A continuous covariate: cells at a position on their way of development, generated at positions
// that no training cell has. Cells from 0.2 to 0.3 are held out; what the flow generates there must
// be nearer to them than the training cells just before and just after.
#include <cstdio>
#include <variant>
#include <vector>

#include <latentcell/data/holdout.hpp>
#include <latentcell/data/normalize.hpp>
#include <latentcell/data/append_cells.hpp>
#include <latentcell/data/simulate_development.hpp>
#include <latentcell/latentcell.hpp>
#include <latentcell/metric/moments.hpp>

namespace lc = latentcell;
using lc::Index;

/// Mean of log1p(CP10K) of each gene.   (N, G) -> (G)
Eigen::VectorXd mean_expression(const lc::CellTable& cells) {
  const auto mean = lc::metric::gene_moments(lc::log_normalize(cells.counts, {.target = 1e4})).mean;
  return Eigen::Map<const Eigen::VectorXd>(mean.data(), Index(mean.size()));
}

/// The cells whose position lies in [from, to).
lc::CellTable between(const lc::CellTable& cells, double from, double to) {
  const auto& way = std::get<std::vector<double>>(cells.cell_columns.get("way"));
  std::vector<char> inside;
  for (const double position : way) inside.push_back(position >= from && position < to);
  return cells.select_cells(lc::hold_out_marked(inside).test);
}

int main() {
  lc::Rng rng(1);
  const lc::CellTable all =
      lc::simulate_development({.cells = 300, .genes = 150, .change = 3}, rng);
  const lc::CellTable held_out = between(all, 0.2, 0.3);
  lc::CellTable cells = between(all, 0, 0.2);
  lc::append_cells(cells, between(all, 0.3, 1.01));

  lc::Vae<float, lc::NegativeBinomial<float>> vae({.genes = 150, .hidden = {64}, .latent = 6}, rng);
  lc::fit(vae, cells, {.epochs = 60});

  lc::ContinuousCovariate<float> position({.columns = 1, .width = 32}, rng);
  lc::LatentFlow flow(
      lc::RectifiedFlow{},
      lc::ResidualMlp<float>({.latent = 6, .width = 64, .depth = 2, .condition = 32}, rng),
      lc::from_obs(lc::ObsNumbers{{"way"}}, position));
  lc::fit(flow, lc::encode(vae, cells), {.epochs = 100, .ema = 0.99f});

  const lc::LatentTable z = flow.generate({.count = 300, .condition = {{"way", 0.25}}}, rng);
  const Eigen::VectorXd truth = mean_expression(held_out);
  const auto distance = [&](const lc::CellTable& c) { return (mean_expression(c) - truth).norm(); };
  const double generated = distance(lc::draw(vae, z, rng));
  const double before = distance(between(cells, 0.1, 0.2)),
               after = distance(between(cells, 0.3, 0.4));
  std::printf(
      "distance to the held-out cells: generated %.2f, cells before %.2f, cells after %.2f\n",
      generated, before, after);
  return generated < before && generated < after ? 0 : 1;
}
