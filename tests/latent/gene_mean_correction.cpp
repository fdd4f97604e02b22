#include <latentcell/latent/sample_counts.hpp>
#include <latentcell/latent/gene_mean_correction.hpp>

#include <cmath>

#include <latentcell/autoencoder/vae.hpp>
#include <latentcell/data/simulate.hpp>
#include <latentcell/latent/encode.hpp>

#include "support/catch.hpp"
#include "small_models.hpp"

using namespace latentcell;

namespace {

struct Cells {
  CellTable cells;
  Vae<float, NegativeBinomial<float>> vae;
  LatentTable z;
  std::vector<int> codes;

  explicit Cells(Rng& rng)
      : cells(simulate({.cells = 200, .genes = 30, .types = 1, .library = 3000}, rng)),
        vae({.genes = 30, .hidden = {8}, .latent = 2}, rng),
        codes(200, 0) {
    vae.initialize_from_data(cells.counts);
    z = encode(vae, cells);
    z.deviation.resize(0, 0);
  }
};

}  // namespace

TEST_CASE("shifted_gene_scales: brings a group's decoded means to its counts, more so the more counts there are") {
  Rng rng(2);
  const Cells c(rng);
  const Matrix<double> expected = expected_counts(c.vae, c.z, c.codes, 1);
  std::vector<double> counted(30, 0.0);
  for (std::size_t k = 0; k < c.cells.counts.values().size(); ++k)
    counted[std::size_t(c.cells.counts.columns()[k])] += double(c.cells.counts.values()[k]);
  const Matrix<float> exact =
                          shifted_gene_scales(c.vae, c.cells, c.z, c.z, c.codes, {.groups = 1, .pseudo_count = 1e-6}),
                      shrunk =
                          shifted_gene_scales(c.vae, c.cells, c.z, c.z, c.codes, {.groups = 1, .pseudo_count = 1e9});
  for (Index g = 0; g < 30; ++g) {
    CHECK(double(exact(0, g)) * expected(0, g) == Approx(counted[to_size(g)]).epsilon(1e-3).margin(1e-3));
    CHECK(double(shrunk(0, g)) == Approx(1).margin(1e-3));
  }
  CHECK_THROWS_WITH(shifted_gene_scales(c.vae, c.cells, c.z, c.z, c.codes, {.groups = 1, .pseudo_count = 0}),
                    ContainsText("shifted_gene_scales: pseudo_count must be above 0, got 0"));
  CHECK_THROWS_WITH(group_gene_scales(c.vae, c.cells.counts, c.codes, c.z, c.codes, {.groups = 0}),
                    ContainsText("group_gene_scales: groups must be at least 1, got 0"));
}

TEST_CASE("group_gene_scales, shifted_gene_scales: cells of other genes are refused") {
  Rng rng(2);
  const Cells c(rng);
  const CellTable few = c.cells.select_genes(std::vector<Index>{0, 1, 2});
  CHECK_THROWS_WITH(group_gene_scales(c.vae, few.counts, c.codes, c.z, c.codes, {}),
                    ContainsText("group_gene_scales: cells with 3 genes but the model has 30"));
  CHECK_THROWS_WITH(shifted_gene_scales(c.vae, few, c.z, c.z, c.codes, {}),
                    ContainsText("shifted_gene_scales: cells with 3 genes but the model has 30"));
}

TEST_CASE("shifted_gene_scales: fades where a change raises a gene, and stays where it lowers one") {
  Rng rng(2);
  const CellTable cells = simulate({.cells = 200, .genes = 30, .types = 1, .library = 3000, .gene_spread = 0.5}, rng);
  Vae<float, NegativeBinomial<float>> vae({.genes = 30, .hidden = {8}, .latent = 2, .linear_decoder = true}, rng);
  vae.initialize_from_data(cells.counts);
  // The decoder expects half of genes 4 and 5, and the first dimension raises one tenfold and lowers the other.
  vae.heads[0].weight.value.setZero();
  for (const Index g : {4, 5}) vae.heads[0].bias.value(0, g) -= std::log(2.0f);
  vae.heads[0].weight.value(4, 0) = std::log(10.0f);
  vae.heads[0].weight.value(5, 0) = -std::log(10.0f);
  LatentTable before = encode(vae, cells), after = before;
  before.mean.setZero();
  after.mean.setZero();
  after.mean.col(0).setOnes();
  const std::vector<int> codes(200, 0);
  const Matrix<float> same =
                          shifted_gene_scales(vae, cells, before, before, codes, {.groups = 1, .pseudo_count = 1e-6}),
                      moved =
                          shifted_gene_scales(vae, cells, before, after, codes, {.groups = 1, .pseudo_count = 1e-6});
  REQUIRE(same(0, 4) > 1.7f);
  REQUIRE(same(0, 5) > 1.7f);
  CHECK(moved(0, 4) - 1 < 0.2f * (same(0, 4) - 1));
  CHECK(moved(0, 4) > 1);
  CHECK(moved(0, 5) == same(0, 5));
}

TEST_CASE(
    "group_gene_scales: brings a gene that is drawn too low back to the real mean; a large pseudo-count does not") {
  const auto vae = small_models::vae();
  const LatentTable z = small_models::latents(400);
  const std::vector<int> codes(400, 0);
  Rng rng(1);
  Matrix<float> planted = Matrix<float>::Ones(1, 12);
  planted(0, 4) = 1.5f;
  const CellTable real = draw(vae, z, rng, {.strata = codes, .correction = {.groups = codes, .gene_scale = planted}});
  const Matrix<float> found = group_gene_scales(vae, real.counts, codes, z, codes, {.groups = 1, .pseudo_count = 1.0});
  const double total = double(real.counts.nonzeros());
  CHECK(total > 0);
  for (Index g = 0; g < 12; ++g) {
    // The factors are relative to the real total, which the planted gene raises.
    CHECK(found(0, g) / found(0, 0) == Approx(g == 4 ? 1.5 : 1.0).epsilon(0.06));
  }
  CHECK(
      (group_gene_scales(vae, real.counts, codes, z, codes, {.groups = 1, .pseudo_count = 1e9}).array() - 1).abs().maxCoeff() <
      1e-3f);
}

TEST_CASE("shifted_gene_scales: a factor fades where the change raises a gene") {
  const auto vae = small_models::vae();
  const LatentTable before = small_models::latents(200);
  LatentTable after = before;
  for (float& library : after.library) library *= 10;  // all genes ten times as high
  const std::vector<int> codes(200, 0);
  Rng rng(1);
  Matrix<float> planted = Matrix<float>::Constant(1, 12, 2.0f);
  const CellTable cells =
      draw(vae, before, rng, {.strata = codes, .correction = {.groups = codes, .gene_scale = planted}});
  const Matrix<float> same = shifted_gene_scales(vae, cells, before, before, codes, {.groups = 1, .pseudo_count = 1.0});
  const Matrix<float> raised =
      shifted_gene_scales(vae, cells, before, after, codes, {.groups = 1, .pseudo_count = 1.0});
  for (Index g = 0; g < 12; ++g) {
    CHECK(same(0, g) == Approx(2).epsilon(0.1));
    CHECK(raised(0, g) - 1 == Approx((same(0, g) - 1) / 10).epsilon(0.01));
  }
}
