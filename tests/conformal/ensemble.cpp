#include <latentcell/conformal/ensemble.hpp>

#include "conformal/fixtures.hpp"
#include "support/catch.hpp"

using namespace conformal_fixtures;

TEST_CASE("ConditionalEnsemble: members differ, scales begin at one, the nets take the target's latent") {
  Rng rng(1);
  const ConditionalEnsemble model(4, 3, 7, small(3), rng);
  REQUIRE(model.members.size() == 3);
  CHECK(model.options.velocity_net.latent == 3);
  CHECK(model.interval_scale.value.rows() == 2);
  CHECK(model.interval_scale.value.cols() == 7);
  CHECK((model.interval_scale.value.array() == 1.0f).all());
  CHECK(model.members[0].direct.weight.value != model.members[1].direct.weight.value);
  CHECK(model.members[1].direct.weight.value != model.members[2].direct.weight.value);
}

TEST_CASE("ConditionalEnsemble: folds are of one size, one per member, a function of fold_seed") {
  Rng rng(1);
  ConditionalEnsemble model(4, 3, 7, small(3), rng);
  const std::vector<Index> fold = model.folds(100);
  std::vector<Index> cells(3, 0);
  for (const Index f : fold) ++cells.at(to_size(f));
  std::sort(cells.begin(), cells.end());
  CHECK(cells == std::vector<Index>{33, 33, 34});
  CHECK(fold == model.folds(100));
  model.options.fold_seed = 4;
  CHECK(fold != model.folds(100));
}

TEST_CASE("ConditionalEnsemble: what is out of range is named") {
  Rng rng(1);
  CHECK_THROWS_WITH(ConditionalEnsemble(4, 3, 7, small(1), rng), ContainsText("members must be at least 2, got 1"));
  CHECK_THROWS_WITH(ConditionalEnsemble(4, 0, 7, small(2), rng), ContainsText("velocity_net.latent"));
}
