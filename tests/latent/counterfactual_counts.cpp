#include <latentcell/latent/counterfactual_counts.hpp>

#include <cmath>

#include <latentcell/latent/sample_counts.hpp>

#include "small_models.hpp"

using namespace latentcell;

namespace {

constexpr Index cells = 4000;

// Cells that the model itself drew, all at one latent.
struct Drawn {
  decltype(small_models::vae()) vae = small_models::vae();
  LatentTable latents;
  CellTable observed;
  std::vector<int> groups = std::vector<int>(to_size(cells), 0);

  Drawn() {
    latents = small_models::latents(cells);
    latents.mean.rowwise() = latents.mean.row(0).eval();
    latents.library.assign(to_size(cells), 200.0f);
    Rng rng(3);
    observed = draw(vae, latents, rng);
  }
  Counts under(const Matrix<double>& factor, std::uint64_t seed = 5) const {
    Rng rng(seed);
    return counterfactual_counts(vae, observed, latents, {groups, factor}, rng);
  }
};

struct Moments {
  double mean = 0, variance = 0;
};

Moments of_gene(const Counts& counts, Index gene) {
  double sum = 0, squares = 0;
  const CountsView x = counts.view();
  for (Index i = 0; i < x.rows; ++i) {
    for (std::size_t k = 0; k < x.row_columns(i).size(); ++k) {
      if (x.row_columns(i)[k] != gene) continue;
      sum += double(x.row_values(i)[k]);
      squares += double(x.row_values(i)[k]) * double(x.row_values(i)[k]);
    }
  }
  const double n = double(x.rows);
  return {sum / n, squares / n - sum / n * sum / n};
}

bool same(const Counts& a, const Counts& b) {
  return a.rows() == b.rows() &&
         std::vector(a.view().columns, a.view().columns + a.view().nonzeros()) ==
             std::vector(b.view().columns, b.view().columns + b.view().nonzeros()) &&
         std::vector(a.view().values, a.view().values + a.view().nonzeros()) ==
             std::vector(b.view().values, b.view().values + b.view().nonzeros());
}

}  // namespace

TEST_CASE("counterfactual_counts: factors of 1 return the cells' own counts, of 0 none") {
  const Drawn d;
  CHECK(same(d.under(Matrix<double>::Ones(1, d.vae.genes())), d.observed.counts));
  CHECK(d.under(Matrix<double>::Zero(1, d.vae.genes())).view().nonzeros() == 0);
}

TEST_CASE("counterfactual_counts: cells of the likelihood have the likelihood of the new means") {
  const Drawn d;
  for (const double factor : {0.4, 2.5}) {
    const Counts moved = d.under(Matrix<double>::Constant(1, d.vae.genes(), factor));
    for_each_decoded(d.vae, d.latents, [&](Index i, const float* mean, const float* log_theta) {
      if (i > 0) return;
      for (Index g = 0; g < d.vae.genes(); ++g) {
        const double mu = factor * double(mean[g]), variance = mu + mu * mu / std::exp(double(log_theta[g]));
        const Moments m = of_gene(moved, g);
        CHECK(m.mean == Approx(mu).margin(4 * std::sqrt(variance / double(cells))));
        CHECK(m.variance == Approx(variance).epsilon(0.25).margin(0.02));
      }
    });
  }
}

TEST_CASE("counterfactual_counts: what is particular to a cell stays") {
  const Drawn d;
  const Counts moved = d.under(Matrix<double>::Constant(1, d.vae.genes(), 0.5));
  const CountsView before = d.observed.counts.view(), after = moved.view();
  double sum = 0, kept = 0;
  for (Index i = 0; i < cells; ++i) {
    for (const float v : before.row_values(i)) sum += double(v);
    for (const float v : after.row_values(i)) kept += double(v);
    CHECK(after.row_columns(i).size() <= before.row_columns(i).size());  // no gene is new where all fall
  }
  CHECK(kept / sum == Approx(0.5).epsilon(0.02));
}

TEST_CASE("counterfactual_counts: other genes, groups and factors are refused") {
  const Drawn d;
  CHECK_THROWS_WITH(d.under(Matrix<double>::Ones(1, 2)), ContainsText("factors of 2"));
  CHECK_THROWS_WITH(d.under(Matrix<double>::Constant(1, d.vae.genes(), -1.0)), ContainsText("at least 0"));
  CHECK_THROWS_WITH(d.under(Matrix<double>::Constant(1, d.vae.genes(), std::nan(""))), ContainsText("finite"));
  Drawn other;
  other.groups[7] = 1;
  CHECK_THROWS_WITH(other.under(Matrix<double>::Ones(1, d.vae.genes())), ContainsText("group 1 of 1"));
}
