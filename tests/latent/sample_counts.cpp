#include <latentcell/latent/sample_counts.hpp>

#include <latentcell/autoencoder/vae.hpp>
#include <latentcell/data/simulate.hpp>
#include <latentcell/latent/group_moments.hpp>

#include "support/catch.hpp"
#include "small_models.hpp"

using namespace latentcell;

TEST_CASE("draw: with strata the mean over cells is nearly exact and each cell keeps its law") {
  Rng rng(2);
  const CellTable cells = simulate({.cells = 128, .genes = 50, .types = 1, .library = 400}, rng);
  Vae<float, NegativeBinomial<float>> vae({.genes = 50, .hidden = {8}, .latent = 2}, rng);
  vae.initialize_from_data(cells.counts);
  LatentTable z;
  z.mean = Matrix<float>::Zero(128, 2);  // all cells alike: their mean is the likelihood's own
  z.library.assign(128, 400);
  for (Index i = 0; i < 128; ++i) z.cell_names.push_back(text("c", i));
  z.cell_columns = Annotation(128);
  const auto gene_means = [&](const CellTable& t) {
    std::vector<double> out(50, 0.0);
    for (std::size_t k = 0; k < t.counts.values().size(); ++k)
      out[std::size_t(t.counts.columns()[k])] += double(t.counts.values()[k]) / 128;
    return out;
  };
  const Matrix<double> truth = expected_counts(vae, z, std::vector<int>(128, 0), 1) / 128.0;
  const auto error = [&](const std::vector<double>& m) {
    double sum = 0;
    for (Index g = 0; g < 50; ++g) sum += (m[to_size(g)] - truth(0, g)) * (m[to_size(g)] - truth(0, g));
    return sum;
  };
  CountSampling shared;
  shared.strata.assign(128, 3);
  const CellTable a = draw(vae, z, rng, shared), b = draw(vae, z, rng);
  INFO("squared error of the means " << error(gene_means(a)) << " with strata, " << error(gene_means(b)) << " without");
  CHECK(error(gene_means(a)) < 0.1 * error(gene_means(b)));
  // One cell alone, many times over: its counts still have the variance of the likelihood.
  double mean = 0, square = 0;
  Index gene = 0;
  truth.row(0).maxCoeff(&gene);
  for (int i = 0; i < 400; ++i) {
    const CellTable c = draw(vae, z.select_cells(std::vector<Index>{0, 1}), rng, {.strata = {0, 0}});
    double x = 0;
    for (std::size_t k = 0; k < c.counts.view().row_columns(0).size(); ++k) {
      if (c.counts.view().row_columns(0)[k] == gene) x = double(c.counts.view().row_values(0)[k]);
    }
    mean += x / 400;
    square += x * x / 400;
  }
  CHECK(mean == Approx(truth(0, gene)).epsilon(0.15));
  CHECK(square - mean * mean > 0.5 * truth(0, gene));

  // Factors multiply; threads do not matter; what does not fit is refused.
  shared.strata.assign(128, 1);
  shared.correction.groups.assign(128, 1);
  shared.correction.gene_scale = Matrix<float>::Constant(2, 50, 2.0f);
  Rng c(9), d(9);
  const int before = threads();
  set_threads(1);
  const CellTable single = draw(vae, z, c, shared);
  set_threads(2);
  const CellTable both = draw(vae, z, d, shared);
  set_threads(before);
  CHECK(std::ranges::equal(single.counts.values(), both.counts.values()));
  double total = 0;
  for (const float v : single.counts.values()) total += double(v) / 128;
  CHECK(total == Approx(2 * truth.sum()).epsilon(0.02));
  // A cell of no group has no factor.
  shared.correction.groups.assign(128, -1);
  const CellTable plain = draw(vae, z, rng, shared);
  total = 0;
  for (const float v : plain.counts.values()) total += double(v) / 128;
  CHECK(total == Approx(truth.sum()).epsilon(0.02));
  shared.correction.groups.assign(128, 2);
  CHECK_THROWS_WITH(draw(vae, z, rng, shared), ContainsText("group 2 but gene_scale of 2 groups"));
  shared.correction.groups.clear();
  CHECK_THROWS_WITH(draw(vae, z, rng, shared), ContainsText("0 groups"));
}

namespace {

double mean_of(const CellTable& cells, Index gene) {
  double sum = 0;
  const CountsView counts = cells.counts.view();
  for (Index i = 0; i < counts.rows; ++i) {
    for (std::size_t k = 0; k < counts.row_columns(i).size(); ++k)
      if (counts.row_columns(i)[k] == gene) sum += double(counts.row_values(i)[k]);
  }
  return sum / double(counts.rows);
}

}  // namespace

TEST_CASE("draw: cells of one stratum share out the quantiles, which leaves next to no noise in their mean") {
  const auto vae = small_models::vae();
  LatentTable z = small_models::latents(200);
  z.mean.setZero();
  std::fill(z.library.begin(), z.library.end(), 150.0f);
  double apart[2] = {0, 0};
  for (const bool shared : {false, true}) {
    std::vector<double> means;
    for (std::uint64_t seed = 0; seed < 12; ++seed) {
      Rng rng(seed);
      means.push_back(
          mean_of(draw(vae, z, rng, {.strata = shared ? std::vector<int>(200, 0) : std::vector<int>{}}), 3));
    }
    double mean = 0;
    for (double m : means) mean += m / 12;
    for (double m : means) apart[shared] += (m - mean) * (m - mean) / 12;
  }
  CHECK(apart[1] < 0.2 * apart[0]);
}

TEST_CASE("draw: a gene's scale multiplies its mean in its group alone") {
  const auto vae = small_models::vae();
  LatentTable z = small_models::latents(400);
  z.mean.setZero();
  std::fill(z.library.begin(), z.library.end(), 300.0f);
  Matrix<float> scale = Matrix<float>::Ones(2, 12);
  scale(1, 3) = 3;
  const std::vector<int> stratum(400, 0);
  const auto at = [&](int group) {
    Rng rng(1);
    return mean_of(
        draw(vae, z, rng,
             {.strata = stratum, .correction = {.groups = std::vector<int>(400, group), .gene_scale = scale}}),
        3);
  };
  CHECK(at(1) == Approx(3 * at(0)).epsilon(0.05));
  CHECK(at(-1) == Approx(at(0)).epsilon(1e-6));
}

TEST_CASE("draw: a part that says its first number has the counts that it has in the whole") {
  Rng rng(3);
  Vae<float, NegativeBinomial<float>> vae({.genes = 30, .hidden = {8}, .latent = 2}, rng);
  LatentTable z;
  z.mean = Matrix<float>::Random(9, 2);
  z.library.assign(9, 200);
  z.cell_columns = Annotation(9);
  for (Index i = 0; i < 9; ++i) z.cell_names.push_back(text("c", i));
  Rng a(4), b(4);
  const CellTable whole = draw(vae, z, a);
  LatentTable part = z.select_cells(std::vector<Index>{5, 6, 7});
  const CellTable own = draw(vae, part, b, {.first = 5});
  for (Index i = 0; i < 3; ++i) {
    const auto x = own.counts.view().row_values(i), y = whole.counts.view().row_values(5 + i);
    CHECK(std::equal(x.begin(), x.end(), y.begin(), y.end()));
  }
}
