#include <latentcell/generation/calibrate_dispersion.hpp>

#include <latentcell/data/filter.hpp>
#include <latentcell/data/simulate.hpp>
#include <latentcell/likelihood/protein_mixture.hpp>
#include <latentcell/train/fit_cells.hpp>

#include "support/catch.hpp"

using namespace latentcell;
using namespace latentcell::generation;

static_assert(DispersedLikelihood<NegativeBinomial<float>>);
static_assert(DispersedLikelihood<ZeroInflatedNegativeBinomial<float>>);
static_assert(!DispersedLikelihood<Poisson<float>>);
static_assert(!DispersedLikelihood<Gaussian<float>>);
static_assert(!DispersedLikelihood<Bernoulli<float>>);
static_assert(!DispersedLikelihood<ProteinMixture<float>>);

TEST_CASE("dispersion_factors: an excess predicted too high comes down to the observed one, and only for rare genes") {
  const std::size_t genes = 400;
  std::vector<double> mean(genes, 0.1), observed(genes, 1.0), predicted(genes, 4.0), error(genes, 1.0);
  for (std::size_t g = genes / 2; g < genes; ++g) mean[g] = 5.0;
  const std::vector<double> factor = generation::detail::dispersion_factors({observed, predicted, error, mean});
  CHECK(factor.front() == Approx(0.25));
  CHECK(factor.back() == Approx(1.0));
}

TEST_CASE("calibrate_dispersion: dispersions that start far off come near those of the simulator, in either place") {
  Rng rng(4);
  const CellTable cells = simulate({.cells = 400, .genes = 300, .types = 1, .factors = 0}, rng);
  for (const Dispersion where : {Dispersion::gene, Dispersion::gene_cell}) {
    Vae<float, NegativeBinomial<float>> vae({.genes = cells.genes(), .hidden = {16}, .latent = 2}, rng,
                                            {.dispersion = where});
    vae.initialize_from_data(cells.counts);
    Param<float>& theta = where == Dispersion::gene ? vae.likelihood.log_theta : vae.heads[1].bias;
    const Matrix<float> right = theta.value;
    theta.value.array() -= 2.0f;  // e^2 times too dispersed
    calibrate_dispersion(vae, cells, {}, rng);
    const Totals seen = gene_totals(cells.counts);
    double rare = 0, often = 0, rare_genes = 0, often_genes = 0;
    for (Index g = 0; g < cells.genes(); ++g) {
      const double per_cell = seen.counts[to_size(g)] / 400, gap = double(theta.value(0, g) - right(0, g));
      if (per_cell < 0.3) rare += gap, rare_genes += 1;
      if (per_cell > 1.0) often += gap, often_genes += 1;
    }
    REQUIRE(rare_genes > 20);
    CHECK(rare / rare_genes > -1.0);
    if (often_genes > 0) CHECK(often / often_genes == Approx(-2.0).margin(1e-4));
  }
}
