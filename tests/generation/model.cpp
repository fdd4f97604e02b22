#include <latentcell/generation/model.hpp>

#include "support/generator.hpp"
#include "support/catch.hpp"

using namespace latentcell;

TEST_CASE("generation::Options: the defaults are the values measured in docs/results.md") {
  const generation::Options o;
  CHECK(o.vae.latent == 10);
  CHECK(o.backbone.latent == 10);
  CHECK(o.vae.dropout == 0.3f);
  CHECK(o.vae.kl_weight == 0.5f);
  CHECK(o.vae.count_thinning == 0.7f);
  CHECK(o.backbone.width == 192);
  CHECK(o.backbone.depth == 2);
  CHECK(o.likelihood.dispersion == Dispersion::gene_cell);
}

TEST_CASE("generation::Model: the composition of the training cells is kept, unknown codes too") {
  Rng rng(1);
  generation::Model model(generator::small(generator::shared().cells), rng);
  model.record_composition({0, 2, 2, -1, 1, 2}, {0, 1, -1, 0, 1, 1});
  const auto [label, batch_covariate] = model.training_labels();
  CHECK(label == std::vector<int>{0, 1, 2, 2, 2, -1});
  CHECK(batch_covariate == std::vector<int>{0, 1, 1, 1, -1, 0});
  model.record_composition({1, 1});
  CHECK(model.training_labels().first == std::vector<int>{1, 1});
  CHECK(model.training_labels().second == std::vector<int>{-1, -1});
  REQUIRE_THROWS_WITH(model.record_composition({7}), ContainsText("label 7"));
  REQUIRE_THROWS_WITH(model.record_composition({0, 1}, {0}),
                      ContainsText("2 labels but 1 codes of the batch covariate"));
}

TEST_CASE("generation::Model: parts that do not fit each other are refused by name and number") {
  Rng rng(1);
  generation::Options o = generator::small(generator::shared().cells);
  o.backbone.latent = 5;
  REQUIRE_THROWS_WITH(generation::Model(o, rng), ContainsText("latent has 6 dimensions but the flow's 5"));
  o.backbone.latent = 6;
  o.vae.batch_covariate_levels = 3;
  REQUIRE_THROWS_WITH(generation::Model(o, rng), ContainsText("2 names for 3 levels of the batch covariate"));
}
