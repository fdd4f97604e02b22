#include <latentcell/latent/decoded_expression.hpp>

#include "small_models.hpp"

using namespace latentcell;

TEST_CASE("decoded_expression: counts per ten thousand add up to ten thousand in every cell") {
  const auto vae = small_models::vae();
  const Matrix<float> x = decoded_expression(vae, small_models::latents(300).mean);
  for (Index i = 0; i < x.rows(); i += 23) {
    double sum = 0;
    for (Index g = 0; g < x.cols(); ++g) sum += std::expm1(double(x(i, g)));
    CHECK(sum == Approx(1e4).epsilon(1e-3));
  }
  REQUIRE_THROWS_WITH(decoded_expression(vae, Matrix<float>::Zero(2, 3)), ContainsText("latents of 3 dimensions"));
}
