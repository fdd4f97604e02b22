#include <latentcell/latent/expected_counts.hpp>
#include <latentcell/latent/for_each_decoded.hpp>

#include "small_models.hpp"

using namespace latentcell;

TEST_CASE("for_each_decoded: every cell in order, its means add up to its library size") {
  const auto vae = small_models::vae();
  LatentTable z = small_models::latents(300);
  Index next = 0;
  for_each_decoded(vae, z, [&](Index cell, const float* mean, const float* log_dispersion) {
    CHECK(cell == next++);
    double sum = 0;
    for (Index g = 0; g < 12; ++g) sum += double(mean[g]);
    CHECK(sum == Approx(z.library[to_size(cell)]).epsilon(1e-4));
    CHECK(log_dispersion != nullptr);
  });
  CHECK(next == 300);
  z.library.pop_back();
  REQUIRE_THROWS_WITH(for_each_decoded(vae, z, [](auto&&...) {}), ContainsText("299 library sizes for 300 cells"));
}
