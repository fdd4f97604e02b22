#include <latentcell/evaluate/gene_set_scores.hpp>

#include "evaluate/cells.hpp"
#include "support/catch.hpp"

using namespace latentcell;
using namespace latentcell::evaluate;
using namespace evaluate_cells;

TEST_CASE("GeneSetEvaluator: cells of the same law agree as held-out ones do, permuted labels do not") {
  Cells cells = draw(300, 31);
  const std::vector<NamedGenes> sets = marker_sets(cells.train, cells.train.obs("cell_type"), 20);
  const GeneSetEvaluator evaluator(cells.train, cells.held_out, "cell_type", sets);
  REQUIRE(evaluator.names().size() == 3);
  const GeneSetAgreement ceiling = evaluator.ceiling(), good = evaluator.of(cells.generated);
  CHECK(ceiling.of_labels > 0.98);
  CHECK(good.of_labels > 0.98);
  CHECK(good.mean_ks == Approx(ceiling.mean_ks).margin(0.08));
  Categorical labels = cells.generated.obs("cell_type");
  Rng rng(1);
  shuffle(std::span<int>(labels.codes), rng);
  set_labels(cells.generated, labels);
  const GeneSetAgreement permuted = evaluator.of(cells.generated);
  CHECK(permuted.mean_ks == good.mean_ks);  // the labels are in no score
  CHECK(permuted.of_labels < 0.9);
}

TEST_CASE("GeneSetEvaluator: cells of one type differ in the distributions of its markers") {
  const Cells cells = draw(300, 32);
  const std::vector<NamedGenes> sets = marker_sets(cells.train, cells.train.obs("cell_type"), 20);
  const GeneSetEvaluator evaluator(cells.train, cells.held_out, "cell_type", sets);
  const Categorical labels = cells.generated.obs("cell_type");
  std::vector<Index> first;
  for (std::size_t i = 0; i < labels.codes.size(); ++i) {
    if (labels.codes[i] == 0) first.push_back(Index(i));
  }
  CHECK(evaluator.of(cells.generated.select_cells(first)).mean_ks > evaluator.ceiling().mean_ks + 0.15);
}

TEST_CASE("GeneSetEvaluator: sets with too few genes of the training cells are left out; without any it throws") {
  const Cells cells = draw(60, 33);
  const auto& genes = cells.train.gene_names;
  const NamedGenes good{"good", {genes[0], genes[1], genes[2], "x"}}, twice{"twice", {genes[0], genes[0], genes[1]}},
      other{"other", {"x", "y", "z"}};
  CHECK(GeneSetEvaluator(cells.train, cells.held_out, "cell_type", {other, good, twice}).names() ==
        std::vector<std::string>{"good"});
  CHECK(GeneSetEvaluator(cells.train, cells.held_out, "cell_type", {good, twice}, {.min_genes = 2}).names().size() ==
        2);
  CHECK_THROWS_WITH(GeneSetEvaluator(cells.train, cells.held_out, "cell_type", {other}),
                    ContainsText("none of 1 sets has 3 genes or more among the 150"));
}
