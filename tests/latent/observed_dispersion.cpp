#include <latentcell/latent/observed_dispersion.hpp>

#include <cmath>

#include <latentcell/core/random_draw.hpp>

#include "small_models.hpp"

using namespace latentcell;

namespace {

constexpr Index cells = 2000;

// Cells at one latent of a model, drawn with the means times `factor` and dispersions times `ratio`; half of them, the
// second group, as the model says.
struct Observed {
  decltype(small_models::vae()) vae = small_models::vae();
  LatentTable latents = small_models::latents(cells);
  CellTable table;
  std::vector<int> group;
  std::vector<double> mean, own;  // (G)

  Observed(double factor, double ratio) {
    latents.mean.rowwise() = latents.mean.row(0).eval();
    latents.library.assign(to_size(cells), 2000.0f);
    table.counts = Counts(vae.genes());
    Rng rng(4);
    for_each_decoded(vae, latents, [&](Index i, const float* decoded, const float* log_theta) {
      group.push_back(int(i % 2));
      const bool as_decoded = i % 2 == 1;
      for (Index g = 0; g < vae.genes(); ++g) {
        const double dispersion = std::exp(-double(log_theta[g]));
        if (i == 0) mean.push_back(double(decoded[g])), own.push_back(dispersion);
        const double count = draw_negative_binomial(double(decoded[g]) * (as_decoded ? 1 : factor),
                                                    1 / (dispersion * (as_decoded ? 1 : ratio)), rng);
        if (count > 0) table.counts.push(std::int32_t(g), float(count));
      }
      table.counts.end_row();
    });
  }
  ObservedDispersion estimate() const { return {vae, table, latents, group, 2}; }
};

}  // namespace

TEST_CASE("ObservedDispersion: finds means and dispersions of a group that the decoder does not know") {
  const Observed x(1.6, 0.25);
  const ObservedDispersion found = x.estimate();
  for (Index g = 0; g < x.vae.genes(); ++g) {
    const double own = x.own[to_size(g)], typical = x.mean[to_size(g)];
    INFO("gene " << g << " of mean " << typical << " and dispersion " << own);
    REQUIRE(typical > 20);  // enough to see it
    CHECK(found.mean_factor(0, g) == Approx(1.6).epsilon(0.1));
    CHECK(found.mean_factor(1, g) == Approx(1).epsilon(0.15));
    CHECK(found.dispersion(0, g) == Approx(0.25 * own).epsilon(0.3));
    CHECK(found.dispersion(1, g) == Approx(own).epsilon(0.3));
  }
}

TEST_CASE("ObservedDispersion: without counts the likelihood's own dispersion stays, with bounds") {
  Observed x(1, 1);
  for (float& library : x.latents.library) library = 0.01f;  // expects nothing
  x.table.counts = Counts(x.vae.genes());
  for (Index i = 0; i < cells; ++i) x.table.counts.end_row();
  const ObservedDispersion none = x.estimate();
  const Observed wild(1, 40);
  const ObservedDispersion most = wild.estimate();
  for (Index g = 0; g < x.vae.genes(); ++g) {
    CHECK(none.mean_factor(0, g) == Approx(1).epsilon(0.5));
    CHECK(none.dispersion(0, g) == Approx(x.own[to_size(g)]).epsilon(0.1));
    CHECK(most.dispersion(0, g) <= Approx(4 * wild.own[to_size(g)]));
    CHECK(most.dispersion(0, g) > 1.5 * wild.own[to_size(g)]);
  }
}
