#include <latentcell/generation/choose_augmentation.hpp>

#include <algorithm>

#include "support/catch.hpp"
#include "support/generator.hpp"

using namespace latentcell;
using namespace latentcell::generation;

namespace {

ChooseAugmentationOptions quick() {
  return {.folds = 2,
          .augment = {.steps = 2},
          .training = {.autoencoder_epochs = 2, .flow_epochs = 2},
          .trees = 10,
          .seed = 1};
}

}  // namespace

TEST_CASE(
    "choose_augmentation: the simplest of the best candidates of left-out folds is chosen, the same in any number of "
    "threads") {
  const auto& [cells, m] = generator::shared();
  const auto chosen = [&, &cells = cells, &m = m](int n) {
    const int before = threads();
    set_threads(n);
    const AugmentationChoice out = choose_augmentation(m.options, cells, quick());
    set_threads(before);
    return out;
  };
  const AugmentationChoice one = chosen(1);
  REQUIRE(one.candidates.size() == 5);
  CHECK(one.candidates[0].method == AugmentMethod::none);
  const AugmentationCandidate& best = one.candidates[one.best];
  for (const AugmentationCandidate& c : one.candidates) {
    CHECK((best.logistic + best.forest) / 2 >= (c.logistic + c.forest) / 2 - one.standard_error);
    if (&c < &best) CHECK(c.logistic + c.forest < best.logistic + best.forest);  // nothing simpler is as good
    CHECK(c.logistic >= 0);
    CHECK(c.logistic <= 1);
  }
  Index rare = 0;
  const LabelDeficit lacks = label_deficit(cells.obs("cell_type").codes, 3);
  for (std::size_t l = 0; l < 3; ++l) rare += lacks.deficit[l] > 0 ? lacks.cells[l] : 0;
  CHECK(one.cells == rare);
  CHECK_THAT(describe(one), ContainsText(name_of(best.method)));
  CHECK(chosen(2).best == one.best);
}

TEST_CASE("choose_augmentation: bad settings are refused") {
  const auto& [cells, m] = generator::shared();
  ChooseAugmentationOptions o = quick();
  o.folds = 1;
  CHECK_THROWS_WITH(choose_augmentation(m.options, cells, o), ContainsText("folds"));
}
