#include <latentcell/latent/group_moments.hpp>

#include <latentcell/latent/sample_counts.hpp>

#include <cmath>

#include <latentcell/autoencoder/vae.hpp>

#include "support/catch.hpp"

using namespace latentcell;

namespace {

// Three genes of one dispersion whose means differ between cells as an untrained decoder says.
struct Started {
  static constexpr Index cells = 4000;
  Rng rng{7};
  Vae<float, NegativeBinomial<float>> vae{
      {.genes = 3, .hidden = {8}, .latent = 2}, rng, {.dispersion = Dispersion::gene_cell}};
  LatentTable latents;
  std::vector<int> codes = std::vector<int>(to_size(cells), 0);

  explicit Started(float theta = 0.8f) {
    latents.mean.setZero(cells, 2);
    for (Index i = 0; i < cells; ++i) {
      latents.mean(i, 0) = float(rng.normal());
      latents.library.push_back(100);
      latents.cell_names.push_back(text("cell_", i));
    }
    latents.cell_columns = Annotation(cells);
    for (Index g = 0; g < 3; ++g) vae.heads[1].bias.value(0, g) = std::log(theta);
    auto& weights = vae.heads[0].weight.value;
    for (Index i = 0; i < weights.size(); ++i) weights.data()[i] = float(rng.normal());
  }
};

}  // namespace

TEST_CASE("count_sums: the excess of a few counts is what one works out by hand") {
  Counts counts(2);
  const std::vector<std::int32_t> both{0, 1};
  counts.push_row(both, std::vector<float>{1, 9});
  counts.push_row(both, std::vector<float>{3, 7});
  counts.push_row(both, std::vector<float>{5, 5});
  const GroupMoments sums(counts.view(), {0, 0, -1}, 1);
  CHECK(sums.cells[0] == 2);
  CHECK(sums.library[0] == 20);
  CHECK(sums.squares[0] == 200);
  CHECK(sums.total(0, 0) == 4);
  // share .2: (sum (x - 2)^2 - sum x) / sum 2^2
  CHECK(sums.overdispersion(0, 0) == Approx((1.0 + 1.0 - 4.0) / 8.0));
  CHECK(sums.overdispersion(0, 1) == Approx((1.0 + 1.0 - 16.0) / 128.0));
}

TEST_CASE("count_sums: what a model expects is what its cells turn out to have") {
  Started s;
  const GroupMoments told(s.vae, s.latents, s.codes, 1);
  const GroupMoments drawn(draw(s.vae, s.latents, s.rng).counts.view(), s.codes, 1);
  for (Index g = 0; g < 3; ++g) {
    CHECK(drawn.total(0, g) == Approx(told.total(0, g)).epsilon(0.08));
    CHECK(told.overdispersion(0, g) > 1);  // 1 / 0.8 and more, as cells differ
  }
}

TEST_CASE("draw: excess leaves the means and takes that share of what cells vary beyond Poisson noise") {
  CountSampling how;
  for (const float theta : {0.8f, 1000.0f}) {  // the second: cells differ by their means alone
    Started s(theta);
    const GroupMoments told(s.vae, s.latents, s.codes, 1);
    how = {.strata = s.codes, .correction = {.groups = s.codes}};
    how.correction.mean_share = (told.total / told.library[0]).cast<float>();
    for (const float share : {1.0f, 0.25f}) {
      how.correction.overdispersion_scale = Matrix<float>::Constant(1, 3, share);
      // The counts' own library sizes vary with them: measure at the size that was asked for.
      const CellTable cells = draw(s.vae, s.latents, s.rng, how);
      Matrix<float> x = Matrix<float>::Zero(cells.cells(), 3);
      const CountsView counts = cells.counts;
      for (Index i = 0; i < counts.rows; ++i) {
        for (std::size_t k = 0; k < counts.row_columns(i).size(); ++k)
          x(i, counts.row_columns(i)[k]) = counts.row_values(i)[k];
      }
      for (Index g = 0; g < 3; ++g) {
        const double mean = double(x.col(g).mean());
        const double variance = double((x.col(g).array() - float(mean)).square().mean());
        INFO("gene " << g << ", theta " << theta << ", share " << share);
        CHECK(told.overdispersion(0, g) > 0.02);
        CHECK(mean == Approx(told.total(0, g) / double(Started::cells)).epsilon(0.05));
        // The variance of the means and 1 / theta are brought down alike, and theirs is of means that lie closer.
        const double own = 1 / double(theta), between = (told.overdispersion(0, g) - own) / (1 + own),
                     f = double(share);
        CHECK((variance - mean) / (mean * mean) == Approx(f * between + f * own * (1 + f * between)).epsilon(0.15));
      }
    }
  }
  Started s;
  how.correction.overdispersion_scale.setConstant(1.5f);
  CHECK_THROWS_WITH(draw(s.vae, s.latents, s.rng, how), Catch::Contains("overdispersion_scale must lie in (0, 1]"));
  how.correction.overdispersion_scale.setOnes();
  how.correction.mean_share.resize(0, 0);
  CHECK_THROWS_WITH(draw(s.vae, s.latents, s.rng, how),
                    Catch::Contains("overdispersion_scale of 1 groups and 3 genes, mean_share of 0"));
}
