#include <latentcell/latent/expected_counts.hpp>

#include "small_models.hpp"

using namespace latentcell;

TEST_CASE("expected_counts: a group's total is the sum of its cells' library sizes") {
  const auto vae = small_models::vae();
  const LatentTable z = small_models::latents(40);
  std::vector<int> codes(40, 0);
  codes[3] = 2;
  const Matrix<double> sums = expected_counts(vae, z, codes, 3);
  CHECK(sums.row(2).sum() == Approx(103).epsilon(1e-4));
  CHECK(sums.row(1).sum() == 0);
  CHECK(sums.row(0).sum() == Approx(40 * 100 + 780 - 103).epsilon(1e-4));
  codes[0] = 3;
  REQUIRE_THROWS_WITH(expected_counts(vae, z, codes, 3), ContainsText("group 3 of 3"));
}
