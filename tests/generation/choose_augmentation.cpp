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
  CHECK_THAT(describe(one), ContainsText(std::string(enum_name(best.method))));
  CHECK(chosen(2).best == one.best);
}

TEST_CASE("choose_augmentation: bad settings are refused") {
  const auto& [cells, m] = generator::shared();
  ChooseAugmentationOptions o = quick();
  o.folds = 1;
  CHECK_THROWS_WITH(choose_augmentation(m.options, cells, o), ContainsText("folds"));
}

TEST_CASE("choose_simplest: the first candidate within one standard error of the best, whichever way that is") {
  AugmentationChoice choice;
  choice.candidates = {{AugmentMethod::none, 1}, {AugmentMethod::copies, 1}, {AugmentMethod::generated, 1}};
  const auto best = [&](double none, double copies, double generated, Index cells) {
    const double f1[] = {none, copies, generated};
    for (std::size_t i = 0; i < 3; ++i) choice.candidates[i].logistic = choice.candidates[i].forest = f1[i];
    choice.cells = cells;
    choose_simplest(choice);
    return choice.best;
  };
  CHECK(best(0.5, 0.6, 0.9, 100) == 2);
  CHECK(best(0.5, 0.88, 0.9, 100) == 1);   // one standard error of 100 cells is .03
  CHECK(best(0.5, 0.88, 0.9, 1000) == 2);  // of 1,000 cells .0095
  CHECK(best(0.9, 0.9, 0.9, 100) == 0);
  CHECK(best(0.3, 0.9, 0.5, 100) == 1);
}

TEST_CASE("choose_augmentation: where no label lacks cells nothing is trained, and nothing is added") {
  const auto& [cells, m] = generator::shared();
  ChooseAugmentationOptions o = quick();
  o.augment.min_cells = 1;
  const AugmentationChoice choice = choose_augmentation(m.options, cells, o);
  CHECK(choice.candidates[choice.best].method == AugmentMethod::none);
  CHECK(choice.cells == 0);
}
