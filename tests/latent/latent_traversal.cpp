#include <latentcell/latent/latent_traversal.hpp>

#include "interpretable_model.hpp"

using namespace latentcell;
using namespace interpretable_model;

TEST_CASE("latent_traversal: no step is the mean cell, and opposite steps move a linear decoder's logits apart alike") {
  const Fitted& f = fitted(true);
  const Matrix<float> path = latent_traversal(f.model, f.latents, 0, {-1, 0, 1});
  const Matrix<float> middle = decoded_expression(f.model, Matrix<float>(f.latents.mean.colwise().mean()));
  CHECK((path.row(1) - middle.row(0)).cwiseAbs().maxCoeff() < 1e-4f);
  const auto log_share = [&](Index row, Index g) { return std::log(std::expm1(double(path(row, g)))); };
  // Logits are linear, so log shares are, up to a number that all genes have in common.
  const auto bent = [&](Index g) { return log_share(0, g) + log_share(2, g) - 2 * log_share(1, g); };
  for (Index g = 1; g < 50; ++g) CHECK(bent(g) == Approx(bent(0)).margin(1e-2));
  REQUIRE_THROWS_WITH(latent_traversal(f.model, f.latents, 3, {0}), ContainsText("dimension 3 of a latent of 3"));
}
