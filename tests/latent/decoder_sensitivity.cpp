#include <latentcell/latent/decoder_sensitivity.hpp>
#include <latentcell/latent/latent_traversal.hpp>

#include "interpretable_model.hpp"

using namespace latentcell;
using namespace interpretable_model;

TEST_CASE("gene_loadings: the slope of a linear decoder along a dimension, the largest first") {
  const Fitted& f = fitted(true);
  const Matrix<double> loading = gene_loadings(f.model);
  const Matrix<float> path = latent_traversal(f.model, f.latents, 1, {0.0, 0.01});
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
