#include <latentcell/conformal/modality_encoder.hpp>

#include <numeric>

#include "support/catch.hpp"

using namespace latentcell;
using conformal::ModalityEncoder;

namespace {

// Counts whose logarithms follow one hidden number per cell.
Modality planted(Index cells, Index features, std::uint64_t seed) {
  Rng rng(seed);
  Modality out{"rna", Counts(features), std::vector<char>(to_size(cells), 1), {}};
  for (Index f = 0; f < features; ++f) out.features.push_back(text("g", f));
  for (Index i = 0; i < cells; ++i) {
    const double u = rng.normal(), depth = std::exp(0.3 * rng.normal());
    for (Index f = 0; f < features; ++f) {
      const double mean = 20 * depth * std::exp((f % 2 == 0 ? 0.8 : -0.8) * u);
      const float count = float(std::round(std::max(0.0, mean + std::sqrt(mean) * rng.normal())));
      if (count > 0) out.counts.push(std::int32_t(f), count);
    }
    out.counts.end_row();
  }
  return out;
}

ModalityEncoder fitted(const Modality& m, Index components) {
  ModalityEncoder out({.name = m.name, .features = m.features, .components = components});
  Rng rng(1);
  out.fit(m, rng);
  return out;
}

}  // namespace

TEST_CASE("ModalityEncoder: up to 64 features are centred and scaled, and come back as they were") {
  const Modality m = planted(200, 4, 1);
  const ModalityEncoder e = fitted(m, 99);
  CHECK(e.identity);
  CHECK(e.latent() == 4);
  const Matrix<float> z = e.encode(m);
  for (Index k = 0; k < 4; ++k) {
    CHECK(std::abs(z.col(k).mean()) < 1e-4f);
    CHECK(std::sqrt(z.col(k).array().square().mean()) == Approx(1).epsilon(1e-3));
    CHECK(e.component_weight(k) == 1);
  }
  CHECK((e.decode(z) - e.log_normalized(m)).cwiseAbs().maxCoeff() < 1e-4f);
  std::vector<double> totals;
  for (Index i = 0; i < m.cells(); ++i) totals.push_back(m.counts.view().row_sum(i));
  std::sort(totals.begin(), totals.end());
  CHECK(e.depth.value(0, 0) == float(totals[100]));  // the median
}

TEST_CASE("ModalityEncoder: many features are projected on the components that matter, of unit variance") {
  const Modality m = planted(200, 80, 1);
  const ModalityEncoder e = fitted(m, 5);
  CHECK_FALSE(e.identity);
  CHECK(e.depth.value(0, 0) == 1e4f);
  const Matrix<float> z = e.encode(m), x = e.log_normalized(m);
  CHECK(std::sqrt(z.col(0).array().square().mean()) == Approx(1).epsilon(1e-2));
  CHECK(std::sqrt(z.col(4).array().square().mean()) == Approx(1).epsilon(1e-2));
  CHECK((x - e.decode(z)).squaredNorm() < 0.4f * (x.rowwise() - x.colwise().mean()).squaredNorm());
  CHECK(e.component_weight(0) == 1);
  CHECK(e.component_weight(1) == Approx(std::sqrt(e.scale.value(0, 1) / e.scale.value(0, 0))));
  CHECK(e.component_weight(1) < 0.8f);
}

TEST_CASE("ModalityEncoder: a condition is the weighted latent, the standardised log total, and 1; zero if missing") {
  Modality m = planted(200, 80, 1);
  const ModalityEncoder e = fitted(m, 5);
  m.measured[5] = 0;
  const Matrix<float> c = e.condition_features(m), z = e.encode(m);
  REQUIRE(c.cols() == e.n_condition());
  REQUIRE(e.n_condition() == 7);
  CHECK(c.row(5).isZero());
  CHECK(z.row(5).isZero());
  CHECK(c(4, 1) == Approx(z(4, 1) * e.component_weight(1)));
  CHECK(c(4, 6) == 1);
  m.measured[5] = 1;
  const Matrix<float> all = e.condition_features(m);
  CHECK(std::abs(all.col(5).mean()) < 1e-4f);
  CHECK(std::sqrt(all.col(5).array().square().mean()) == Approx(1).epsilon(1e-3));
}

TEST_CASE("ModalityEncoder: counts that are scaled already are not scaled again; cells not measured do not count") {
  Modality m = planted(50, 3, 1);
  const ModalityEncoder plain = fitted(m, 1);
  Modality scaled = m;
  scaled.scaled = true;
  CHECK(plain.log_normalized(scaled)(7, 1) == Approx(std::log1p(dense_counts(m.counts.view())(7, 1))));
  CHECK(plain.log_normalized(m)(7, 1) != plain.log_normalized(scaled)(7, 1));
  Modality some = m;
  for (Index i = 25; i < 50; ++i) some.measured[to_size(i)] = 0;
  std::vector<Index> first(25);
  std::iota(first.begin(), first.end(), Index(0));
  CHECK(fitted(some, 1).mean.value == fitted(select_cells(m, first), 1).mean.value);
}

TEST_CASE("ModalityEncoder: what does not fit is named") {
  const Modality m = planted(20, 80, 1);
  CHECK_THROWS_WITH(fitted(m, 20), ContainsText("only 20 cells were measured, for a latent of 20"));
  CHECK_THROWS_WITH(ModalityEncoder({.name = "x"}), ContainsText("features must have at least 1 element"));
  CHECK_THROWS_WITH(fitted(m, 0), ContainsText("'rna' has 80 features, more than 64"));
  const ModalityEncoder e = fitted(m, 5);
  CHECK_THROWS_WITH(e.encode(planted(20, 4, 1)), ContainsText("4 features but the encoder has 80"));
  Modality other = m;
  std::swap(other.features[2], other.features[7]);
  CHECK_THROWS_WITH(e.encode(other), ContainsText("'rna': feature 3 is 'g7' but the encoder's is 'g2'"));
  CHECK_THROWS_WITH(e.condition_features(other), ContainsText("feature 3 is 'g7'"));
  other.features.resize(2);
  CHECK_THROWS_WITH(e.log_normalized(other), ContainsText("feature 3 is missing but the encoder's is 'g2'"));
  CHECK_THROWS_WITH(e.decode(Matrix<float>::Zero(2, 3)), ContainsText("latents of 3 numbers but a latent of 5"));
}
