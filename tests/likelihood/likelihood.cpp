#include <latentcell/likelihood/likelihood.hpp>

#include "support/catch.hpp"

using namespace latentcell;

namespace {

// Counts of genes with mean level * library and dispersion theta each.
Counts made_counts(const std::vector<double>& level, const std::vector<double>& theta, Index cells, Rng& rng) {
  Counts out(Index(level.size()));
  for (Index b = 0; b < cells; ++b) {
    const double library = 200 + 600 * rng.uniform_double();
    for (std::size_t g = 0; g < level.size(); ++g) {
      const double x = draw_negative_binomial(level[g] * library, theta[g], rng);
      if (x > 0) out.push(std::int32_t(g), float(x));
    }
    out.end_row();
  }
  return out;
}

}  // namespace

TEMPLATE_TEST_CASE("likelihood: draws have the mean and the variance it states", "", Poisson<double>,
                   NegativeBinomial<double>, ZeroInflatedNegativeBinomial<double>, Gaussian<double>) {
  const TestType likelihood(1);
  Rng rng(3);
  for (const double mu : {0.4, 6.0, 40.0}) {
    const double log_dispersion = TestType::family == Family::gaussian ? 0.3 : 0.7, logit = -0.5;
    const int n = 40000;
    double sum = 0, square = 0;
    bool whole = true;
    for (int i = 0; i < n; ++i) {
      const double x = likelihood.draw(mu, log_dispersion, logit, rng);
      sum += x;
      square += x * x;
      whole = whole && x == std::floor(x) && x >= 0;
    }
    const double mean = likelihood.mean(mu, logit), variance = likelihood.variance(mu, log_dispersion, logit);
    CHECK(sum / n == Approx(mean).margin(5 * std::sqrt(variance / n)));
    CHECK(square / n - sum / n * sum / n == Approx(variance).epsilon(0.1));
    CHECK(whole == TestType::draws_counts);
  }
}

TEST_CASE("likelihood: heads and Params are as many as the family has parameters") {
  CHECK(Poisson<float>(5).heads() == 1);
  CHECK(NegativeBinomial<float>(5).heads() == 1);
  CHECK(NegativeBinomial<float>(5, {.dispersion = Dispersion::gene_cell}).heads() == 2);
  CHECK(ZeroInflatedNegativeBinomial<float>(5).heads() == 2);
  CHECK(ZeroInflatedNegativeBinomial<float>(5, {.dispersion = Dispersion::gene_cell}).heads() == 3);
  CHECK(Gaussian<float>(5).log_theta.value.cols() == 5);
  CHECK(Poisson<float>(5).log_theta.value.size() == 0);
  CHECK(NegativeBinomial<float>(5, {.dispersion = Dispersion::gene_cell}).log_theta.value.size() == 0);
  REQUIRE_THROWS_WITH(Poisson<float>(5, {.dispersion = Dispersion::gene_cell}),
                      ContainsText("has no dispersion to put per cell"));
  const NegativeBinomial<float> nb(5);
  Tape<float> tape;
  REQUIRE_THROWS_WITH(nb.predictors(tape, {}), ContainsText("0 outputs but 1 heads"));
}

TEST_CASE("gene_moments: finds the levels and dispersions that the counts were drawn from") {
  std::vector<double> level, theta;
  for (int g = 0; g < 60; ++g) {
    level.push_back(0.01 + 0.0003 * g);
    theta.push_back(g % 2 == 0 ? 0.8 : 5.0);
  }
  Rng rng(5);
  const Counts counts = made_counts(level, theta, 3000, rng);
  const GeneMoments m = gene_moments(counts, Family::negative_binomial, 1e4);
  double library_sum = 0;
  for (double l : m.level) library_sum += l;
  CHECK(library_sum == Approx(1).epsilon(1e-3));
  double level_sum = 0;
  for (double l : level) level_sum += l;
  for (std::size_t g = 0; g < 60; ++g) {
    INFO("gene " << g);
    CHECK(m.level[g] == Approx(level[g] / level_sum).epsilon(0.15));
    // On the scale of 1 / theta: 1.25 and 0.2. Library here is a sum of random counts, so a little less is left over.
    CHECK(std::exp(-m.log_dispersion[g]) == Approx(1 / theta[g]).epsilon(0.35));
  }
}

TEST_CASE("gene_moments: a Gaussian's are those of log-normalised values") {
  Rng rng(5);
  const Counts counts = made_counts({0.02, 0.05}, {2, 2}, 500, rng);
  const GeneMoments m = gene_moments(counts, Family::gaussian, 1000);
  for (Index g = 0; g < 2; ++g) {
    double sum = 0, square = 0;
    for (Index b = 0; b < 500; ++b) {
      const auto c = counts.view().row_columns(b);
      for (std::size_t k = 0; k < c.size(); ++k) {
        if (c[k] != g) continue;
        const double x =
            std::log1p(double(counts.view().row_values(b)[k]) * 1000 / std::max(1.0, counts.view().row_sum(b)));
        sum += x;
        square += x * x;
      }
    }
    CHECK(m.level[to_size(g)] == Approx(sum / 500));
    CHECK(m.log_dispersion[to_size(g)] == Approx(0.5 * std::log(square / 500 - sum / 500 * sum / 500)));
  }
}

TEST_CASE("likelihood: start puts the moments into biases and dispersions, finite for genes without counts") {
  Rng rng(5);
  Counts counts = made_counts({0.02, 0.05, 0}, {2, 2, 2}, 400, rng);
  for (const Dispersion dispersion : {Dispersion::gene, Dispersion::gene_cell}) {
    ZeroInflatedNegativeBinomial<float> likelihood(3, {.dispersion = dispersion});
    std::vector<Linear<float>> heads(to_size(likelihood.heads()), Linear<float>::zero(4, 3));
    likelihood.start(counts, heads, 1e4);
    const GeneMoments m = gene_moments(counts, Family::zero_inflated_negative_binomial, 1e4);
    CHECK(heads[0].bias.value(0, 1) == Approx(std::log(m.level[1])));
    const Matrix<float>& where = dispersion == Dispersion::gene ? likelihood.log_theta.value : heads[1].bias.value;
    CHECK(where(0, 1) == Approx(m.log_dispersion[1]));
    CHECK(heads.back().bias.value(0, 0) == -3);
    CHECK(heads[0].bias.value.allFinite());
    CHECK(where.allFinite());
  }
  // No cells at all.
  NegativeBinomial<float> likelihood(3);
  std::vector<Linear<float>> heads(1, Linear<float>::zero(4, 3));
  likelihood.start(Counts(3), heads, 1e4);
  CHECK(heads[0].bias.value.allFinite());
  CHECK(likelihood.log_theta.value.allFinite());
}
