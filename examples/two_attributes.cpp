// Two attributes of a cell, its type and its batch, condition one flow. Classifier-free guidance
// strengthens each by a weight of its own: more of the generated cells are typical of what was
// asked for, at the cost of variety.
#include <cstdio>
#include <string>
#include <vector>

#include <latentcell/latentcell.hpp>

namespace lc = latentcell;
using lc::Index;

/// Means of the latents of each level.   latents (N, D) -> (levels, D)
lc::Matrix<float> centres(const lc::LatentTable& latents, const std::string& column) {
  const lc::Categorical labels = latents.cell_columns.labels(column);
  lc::Matrix<float> sum = lc::Matrix<float>::Zero(Index(labels.levels.size()), latents.latent());
  for (Index i = 0; i < latents.cells(); ++i)
    sum.row(labels.codes[lc::to_size(i)]) += latents.mean.row(i);
  for (Index level = 0; level < sum.rows(); ++level)
    sum.row(level) /= float(labels.count(int(level)));
  return sum;
}

/// Share of the latents whose nearest centre is that of the level.
double share_of_level(const lc::LatentTable& z, const lc::Matrix<float>& centre, Index level) {
  Index hits = 0;
  for (Index i = 0; i < z.cells(); ++i) {
    Index nearest = 0;
    (centre.rowwise() - z.mean.row(i)).rowwise().squaredNorm().minCoeff(&nearest);
    hits += nearest == level;
  }
  return double(hits) / double(z.cells());
}

int main() {
  lc::Rng rng(1);
  const lc::CellTable cells = lc::simulate({.cells = 1500,
                                            .genes = 200,
                                            .types = 4,
                                            .batch_covariate_levels = 2,
                                            .type_skew = 0,
                                            .marker_share = 0.1},
                                           rng);
  lc::Vae<float, lc::NegativeBinomial<float>> vae({.genes = 200, .hidden = {64}, .latent = 8}, rng);
  lc::fit(vae, cells, {.epochs = 60, .learning_rate = 2e-3f});
  const lc::LatentTable latents = lc::encode(vae, cells);

  const auto attribute = [&](const char* column) {
    const std::vector<std::string> levels = cells.obs(column).levels;
    return lc::from_obs(column, levels,
                        lc::CategoricalCovariate<float>(Index(levels.size()), 32, rng));
  };
  lc::LatentFlow flow(
      lc::RectifiedFlow{},
      lc::ResidualMlp<float>({.latent = 8, .width = 64, .depth = 2, .condition = 32}, rng),
      lc::conditions(lc::Combine::sum, attribute("cell_type"), attribute("batch")));
  lc::fit(flow, latents, {.epochs = 80, .ema = 0.99f});

  const Index level = cells.obs("cell_type").code_of("type_3");
  const lc::Matrix<float> centre = centres(latents, "cell_type");
  double share[2] = {};
  for (const float weight : {1.0f, 3.0f}) {
    const lc::LatentTable z =
        flow.generate({.count = 500,
                       .condition = {{"cell_type", "type_3"}, {"batch", "batch_2"}},
                       .guidance_each = {{"cell_type", weight}, {"batch", 1.0f}}},
                      rng);
    share[weight > 1] = share_of_level(z, centre, level);
    std::printf("guidance of the type %.0f: %.2f of the cells are nearest to type_3\n",
                double(weight), share[weight > 1]);
  }
  return share[0] > 0.5 && share[1] > share[0] ? 0 : 1;
}
