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
  CHECK(permuted.mean_ks == Approx(good.mean_ks).margin(0.05));  // the labels are in no score, only in the mix
  CHECK(permuted.of_labels < 0.9);
}

TEST_CASE("GeneSetEvaluator: distributions are compared in the labels that both have, at one mix") {
  const Cells cells = draw(300, 32);
  const std::vector<NamedGenes> sets = marker_sets(cells.train, cells.train.obs("cell_type"), 20);
  const GeneSetEvaluator evaluator(cells.train, cells.held_out, "cell_type", sets);
  const Categorical labels = cells.generated.obs("cell_type");
  std::vector<Index> first;
  for (std::size_t i = 0; i < labels.codes.size(); ++i) {
    if (labels.codes[i] == 0) first.push_back(Index(i));
  }
  const double ceiling = evaluator.ceiling().mean_ks;
  const CellTable one_type = cells.generated.select_cells(first);
  CHECK(evaluator.of(one_type).mean_ks < ceiling + 0.1);
  CHECK(evaluator.of(cells.generated.select_cells(rows_but(cells.generated, labels.levels[0], 10))).mean_ks <
        ceiling + 0.1);
  // Cells of that type under all labels do differ, and those of an unknown label are not compared.
  CellTable mislabelled = one_type;
  std::vector<int> codes;
  for (std::size_t i = 0; i < first.size(); ++i) codes.push_back(int(i % 3));
  set_labels(mislabelled, {labels.levels, codes});
  CHECK(evaluator.of(mislabelled).mean_ks > ceiling + 0.15);
  set_labels(mislabelled, {{"other"}, std::vector<int>(first.size(), 0)});
  CHECK(std::isnan(evaluator.of(mislabelled).mean_ks));
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
