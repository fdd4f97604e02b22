#include <latentcell/autoencoder/vae.hpp>
#include <latentcell/data/simulate.hpp>
#include <latentcell/latent/interpret.hpp>
#include <latentcell/train/fit_cells.hpp>

#include "support/catch.hpp"

using namespace latentcell;

namespace {

using Model = Vae<float, NegativeBinomial<float>>;

struct Fitted {
  CellTable cells;
  Model model;
  LatentTable latents;
};

const Fitted& fitted(bool linear) {
  static const auto make = [](bool lin) {
    const int before = threads();
    set_threads(1);
    Rng rng(7);
    Fitted out{
        simulate({.cells = 400, .genes = 50, .types = 3, .library = 400, .marker_share = 0.3, .marker_strength = 2},
                 rng),
        Model({.genes = 50, .hidden = {24}, .latent = 3, .linear_decoder = lin, .dropout = 0.0f, .kl_weight = 0.2f},
              rng),
        {}};
    fit(out.model, out.cells, {.epochs = 60, .batch = 64, .learning_rate = 3e-3f});
    out.latents = encode(out.model, out.cells);
    set_threads(before);
    return out;
  };
  static const Fitted plain = make(false), straight = make(true);
  return linear ? straight : plain;
}

}  // namespace

TEST_CASE("interpret: loadings of a linear decoder tell how expression moves along a dimension") {
  const Fitted& f = fitted(true);
  const Matrix<double> loading = gene_loadings(f.model);
  const Matrix<float> path = traverse(f.model, f.latents, 1, {0.0, 0.01});
  const RowVector<float> centre = f.latents.mean.colwise().mean();
  const double spread = std::sqrt(double((f.latents.mean.col(1).array() - centre(1)).square().mean()));
  // d log share = loading - sum of share * loading.
  RowVector<double> share = (path.row(0).cast<double>().array().exp() - 1) / 1e4;
  const double common = (share.array() * loading.col(1).transpose().array()).sum();
  for (Index g = 0; g < 50; ++g) {
    const double before = std::expm1(double(path(0, g))), after = std::expm1(double(path(1, g)));
    CHECK(std::log(after / before) == Approx((loading(g, 1) - common) * 0.01 * spread).margin(2e-4));
  }
  const std::vector<GeneLoading> top = top_genes(f.model, 1, 5);
  REQUIRE(top.size() == 5);
  for (std::size_t i = 1; i < top.size(); ++i) CHECK(std::abs(top[i - 1].loading) >= std::abs(top[i].loading));
  CHECK(std::abs(top[0].loading) == Approx(loading.col(1).cwiseAbs().maxCoeff()));
  REQUIRE_THROWS_WITH(gene_loadings(fitted(false).model), ContainsText("not linear"));
  REQUIRE_THROWS_WITH(top_genes(f.model, 3, 5), ContainsText("dimension 3 of a latent of 3"));
}

TEST_CASE("interpret: shares of variance lie where the model has put it, shares of labels where the labels are") {
  for (const bool linear : {false, true}) {
    const Fitted& f = fitted(linear);
    const std::vector<double> variance = explained_variance(f.model, f.latents);
    double sum = 0;
    for (double v : variance) {
      CHECK(v > -0.2);
      CHECK(v < 1);
      sum += v;
    }
    CHECK(sum > 0.4);
    double best = 0;
    for (double e : explained_by_label(f.latents, "cell_type")) {
      CHECK(e >= 0);
      CHECK(e <= 1);
      best = std::max(best, e);
    }
    CHECK(best > 0.5);  // three types that differ strongly
  }
  // Closed form: a dimension that is the label, and one that has nothing to do with it.
  LatentTable made;
  made.mean.resize(8, 2);
  made.mean << 0, 1, 0, -1, 0, 1, 0, -1, 3, 1, 3, -1, 3, 1, 3, -1;
  made.cell_columns = labelled("l", {{"a", "b"}, {0, 0, 0, 0, 1, 1, 1, 1}});
  const std::vector<double> eta = explained_by_label(made, "l");
  CHECK(eta[0] == Approx(1));
  CHECK(eta[1] == Approx(0).margin(1e-12));
}
