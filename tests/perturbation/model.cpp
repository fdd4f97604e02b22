#include <latentcell/perturbation/model.hpp>

#include <set>

#include "support/catch.hpp"
#include "support/perturbation_options.hpp"

using namespace latentcell;
using namespace latentcell::perturbation;

TEST_CASE("perturbation::Model: learned embeddings are trained and given ones frozen") {
  Rng rng(1);
  Options o = small_options(10);
  o.embedding = 5;
  const Model learned(o, {{"a", "b"}, {"a"}}, rng);
  CHECK(learned.embeddings().value.rows() == 2);
  CHECK(learned.embeddings().value.cols() == 5);
  CHECK_FALSE(learned.embeddings().frozen);
  Matrix<float> table(2, 3);
  table << 1, 2, 3, 4, 5, 6;
  const Model given(o, {{"a", "b"}, {"a"}}, table, rng);
  CHECK(given.embeddings().frozen);
  CHECK(given.embeddings().value == table);
}

TEST_CASE("perturbation::Model: an untrained model corrects nothing") {
  Rng rng(1);
  const Model m(small_options(10), {{"a", "b"}, {"a", "b", "a+b"}}, rng);
  CHECK(m.mean_correction.value == Matrix<float>::Ones(3, 10));
  CHECK(m.overdispersion_scale.value == Matrix<float>::Ones(3, 10));
}

TEST_CASE("perturbation::Model: contradictory options are refused by name and number") {
  Rng rng(1);
  Options o = small_options(10);
  CHECK_THROWS_WITH(Model(o, Vocabulary{{}, {}}, rng), ContainsText("no single perturbation"));
  CHECK_THROWS_WITH(Model(o, one_perturbation(), Matrix<float>::Ones(2, 3), rng),
                    ContainsText("2 embeddings for 1 single perturbations"));
  o.backbone.latent = 3;
  CHECK_THROWS_WITH(Model(o, one_perturbation(), rng), ContainsText("latent has 2 dimensions but the flow's 3"));
  o.backbone.latent = 2;
  o.dose_scale = 0;
  CHECK_THROWS_WITH(Model(o, one_perturbation(), rng), ContainsText("dose_scale must be above 0, got 0"));
}
