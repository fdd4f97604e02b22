#include <latentcell/spatial/gene_stacking.hpp>

#include <latentcell/core/threads.hpp>

#include "spatial/planted_tissue.hpp"
#include "support/catch.hpp"

using namespace latentcell;

namespace {

// Expression of 300 cells and 12 genes; `predicted` and `around` are it with noise.
struct Planted {
  Matrix<float> truth, predicted;
  spatial::GeneMeans around;
  std::vector<char> used = std::vector<char>(300, 1);
};

Matrix<float> noisy(const Matrix<float>& x, double noise, Rng& rng) {
  Matrix<float> out = x;
  for (Index k = 0; k < out.size(); ++k) out.data()[k] += float(noise * rng.normal());
  return out;
}

Planted planted_genes(double of_model, double of_kriging, double of_smoothing) {
  Rng rng(1);
  Planted out{.truth = Matrix<float>(300, 12), .predicted = {}, .around = {}};
  for (Index k = 0; k < out.truth.size(); ++k) out.truth.data()[k] = float(2 + rng.normal());
  out.predicted = noisy(out.truth, of_model, rng);
  out.around = {noisy(out.truth, of_kriging, rng), noisy(out.truth, of_smoothing, rng)};
  return out;
}

spatial::GeneWeights fitted(const Planted& p) {
  return spatial::fit_gene_weights({p.truth, p.predicted, p.around, p.used});
}

double error(const Planted& p, const spatial::GeneWeights& w) {
  return double((p.predicted + spatial::gene_stacking_shift(w, p.around, p.predicted) - p.truth).squaredNorm());
}

}  // namespace

TEST_CASE("fit_gene_weights: the weight goes to what is right: the model, kriging or smoothing") {
  CHECK(fitted(planted_genes(0.1, 1, 1)).around.maxCoeff() < 0.1f);
  const spatial::GeneWeights kriging = fitted(planted_genes(1, 0.1, 1));
  CHECK(kriging.around.minCoeff() > 0.9f);
  CHECK(kriging.smoothing < 0.3);
  const spatial::GeneWeights smoothing = fitted(planted_genes(1, 1, 0.1));
  CHECK(smoothing.around.minCoeff() > 0.9f);
  CHECK(smoothing.smoothing > 0.7);
}

TEST_CASE("fit_gene_weights: of two that err apart the stack has a lower error than either") {
  const Planted p = planted_genes(0.5, 0.5, 2);
  const spatial::GeneWeights w = fitted(p);
  CHECK(double(w.around.mean()) == Approx(0.5).margin(0.1));
  spatial::GeneWeights alone = w;
  for (const float weight : {0.0f, 1.0f}) {
    alone.around.setConstant(weight);
    CHECK(error(p, w) < 0.8 * error(p, alone));
  }
}

TEST_CASE("fit_gene_weights: a model that adds nothing leaves what lies around, whatever the genes' slopes") {
  Planted p = planted_genes(0.5, 0.5, 50);
  p.predicted = p.around.kriged;
  Rng rng(3);
  p.predicted = noisy(p.predicted, 0.5, rng);
  const spatial::GeneWeights w = fitted(p);
  CHECK((w.around.array() == 1.0f).all());
}

TEST_CASE("fit_gene_weights: genes differ where they are known to") {
  Planted p = planted_genes(0.2, 1, 2);
  Rng rng(5);
  p.predicted.leftCols(6) = noisy(p.truth.leftCols(6), 1, rng);
  p.around.kriged.leftCols(6) = noisy(p.truth.leftCols(6), 0.2, rng);
  const spatial::GeneWeights w = fitted(p);
  CHECK(w.around.head(6).minCoeff() > 0.8f);
  CHECK(w.around.tail(6).maxCoeff() < 0.2f);
}

TEST_CASE("fit_gene_weights: cells without truth and genes that do not vary have no say") {
  Planted p = planted_genes(0.1, 1, 1), q = p;
  q.truth.topRows(50).setConstant(99);
  std::fill(q.used.begin(), q.used.begin() + 50, char(0));
  CHECK(fitted(q).around.maxCoeff() < 0.15f);
  p.truth.col(3).setConstant(1);
  p.predicted.col(3).setConstant(5);
  CHECK(fitted(p).around(3) < 0.1f);
  const Matrix<float> narrow = p.truth.leftCols(2);
  CHECK_THROWS_WITH(spatial::fit_gene_weights({p.truth, narrow, p.around, p.used}),
                    ContainsText("a prediction (300, 2)"));
}

TEST_CASE("gene_means: kriging and smoothing of each gene; a reference cell is not its own neighbour; any threads") {
  const spatial::Tissue tissue = planted::tissue({.spots = 150, .genes = 5}, 1);
  const spatial::SpatialReference reference{{tissue.locations}, Matrix<float>::Random(150, 5)};
  const spatial::VariogramOptions o;
  const spatial::GeneMeans at = spatial::gene_means(reference, {tissue.locations, {}}, o, {3, 0.1}, 1e-3);
  CHECK(at.smoothed.isApprox(reference.values, 1e-4f));  // the nearest cell is the cell itself
  const int before = threads();
  set_threads(1);
  const spatial::GeneMeans others = spatial::gene_means(reference, {tissue.locations, {}, true}, o, {3, 0.1}, 1e-3);
  set_threads(2);
  const spatial::GeneMeans again = spatial::gene_means(reference, {tissue.locations, {}, true}, o, {3, 0.1}, 1e-3);
  set_threads(before);
  CHECK_FALSE(others.smoothed.isApprox(reference.values, 0.1f));
  CHECK(others.kriged == again.kriged);
  spatial::Location second = tissue.locations[1];
  second.row = 1;
  const spatial::NeighborQuery near(reference, second, {}, o.slice_gap, 100);
  CHECK(others.kriged.row(1).isApprox(spatial::krige(reference, near, {3, 0.1}, o.slice_gap, 40).cast<float>(), 1e-5f));
  CHECK(others.mixed(0.25).isApprox(0.75f * others.kriged + 0.25f * others.smoothed));
  const std::vector<spatial::SpatialMask> one(1);
  CHECK_THROWS_WITH(spatial::gene_means(reference, {tissue.locations, one}, o, {3, 0.1}, 1), ContainsText("1 masks"));
}
