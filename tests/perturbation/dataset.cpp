#include <latentcell/perturbation/dataset.hpp>

#include <algorithm>

#include <latentcell/data/simulate.hpp>

#include "support/catch.hpp"
#include "support/perturbation_options.hpp"

using namespace latentcell;
using namespace latentcell::perturbation;

namespace {

CellTable cells() {
  Rng rng(4);
  return simulate(
      {.cells = 600, .genes = 60, .types = 3, .type_skew = 0, .perturbations = 3, .combinations = true, .doses = true},
      rng);
}

DatasetOptions options() { return {.model = simulated_options(0), .holdout = {"type_2"}}; }

// Without the perturbed cells of a group.
CellTable deleted(const CellTable& all, const std::string& group) {
  return all.select_cells(hold_out_perturbed(all.cell_columns, simulated_options(0), {group}).train);
}

}  // namespace

TEST_CASE("make_dataset: cells held out and cells deleted give the same training cells, gene selection included") {
  const CellTable all = cells();
  DatasetOptions o = options(), without = options();
  o.genes = without.genes = 30;
  without.holdout = {};
  const Dataset held_out = make_dataset(all, o), absent = make_dataset(deleted(all, "type_2"), without);
  CHECK(held_out.train.gene_names == absent.train.gene_names);
  CHECK(held_out.train.genes() == 30);
  CHECK(held_out.train.cell_names == absent.train.cell_names);
  CHECK(std::ranges::equal(held_out.train.counts.values(), absent.train.counts.values()));
  CHECK(held_out.targets == absent.targets);
  CHECK(absent.truth.empty());
  for (const auto& [key, truth] : held_out.truth) {
    CHECK(key.first == "type_2");
    CHECK(truth.cells() == Index(rows_of(truth, key.second).size()));
  }
}

TEST_CASE("make_dataset: the vocabulary has the trained conditions and what they combine") {
  const Dataset d = make_dataset(cells(), options());
  CHECK(d.vocabulary.single_perturbations == std::vector<std::string>{"gene_1", "gene_2", "gene_3"});
  CHECK(d.vocabulary.trained_conditions.size() == 6);
  CHECK(d.conditions == d.vocabulary.trained_conditions);
  CHECK(d.options.vae.genes == d.train.genes());
  CHECK(d.embeddings.size() == 0);
  DatasetOptions o = options();
  o.conditions = {"gene_3+gene_1", "gene_2+control"};
  CHECK(make_dataset(cells(), o).conditions == std::vector<std::string>{"gene_1+gene_3", "gene_2"});
  o.conditions = {"gene_9"};
  CHECK_THROWS_WITH(make_dataset(cells(), o), ContainsText("none of the 3 single perturbations"));
}

TEST_CASE("make_dataset: conditions are named by their genes, and back") {
  CellTable all = cells();
  Categorical condition = all.obs("condition"), genes = condition;
  for (std::string& level : condition.levels) level = level == "control" ? level : "treated with " + level;
  all.cell_columns.set("condition", condition);
  all.cell_columns.set("genes", genes);
  DatasetOptions o = options();
  o.perturbation_genes = "genes";
  const Dataset d = make_dataset(all, o);
  CHECK(d.vocabulary.single_perturbations == std::vector<std::string>{"gene_1", "gene_2", "gene_3"});
  CHECK(d.name_in_data("gene_1") == "treated with gene_1");
  CHECK(d.name_in_data("gene_7") == "gene_7");
}

TEST_CASE("make_dataset: given embeddings have mean square 1 and widen the vocabulary") {
  DatasetOptions o = options();
  o.embeddings.names = {"gene_1", "gene_2", "gene_3", "gene_4"};
  o.embeddings.values = Matrix<float>::Constant(4, 2, 3.0f);
  const Dataset d = make_dataset(cells(), o);
  CHECK(d.vocabulary.single_perturbations == o.embeddings.names);
  CHECK(double(d.embeddings.array().square().mean()) == Approx(1));
  o.embeddings.values.setZero();
  CHECK_THROWS_WITH(make_dataset(cells(), o), ContainsText("must be positive, got 0"));
  o.embeddings.names = {"gene_1", "gene_2", "gene_7", "gene_4"};
  CHECK_THROWS_WITH(make_dataset(cells(), o), ContainsText("no row for 'gene_3', which is perturbed"));
}

TEST_CASE("make_dataset: the scale of doses is the largest in the training cells") {
  DatasetOptions o = options();
  o.model.dose = "dose";
  CHECK(make_dataset(cells(), o).options.dose_scale == 1.0f);
  o.model.dose = "batch";
  CHECK_THROWS_WITH(make_dataset(cells(), o), ContainsText("column 'batch': 'batch_1' is no number"));
  CellTable none = cells();
  none.cell_columns.set("dose", std::vector<double>(600, 0.0));
  o.model.dose = "dose";
  CHECK_THROWS_WITH(make_dataset(none, o), ContainsText("largest dose 0, it must be above 0"));
}

TEST_CASE("make_dataset: without a group column all cells are one group, and the one to predict") {
  DatasetOptions o = options();
  o.model.group = "";
  o.holdout = {};
  const CellTable all = cells();
  const Dataset d = make_dataset(all, o);
  CHECK(d.train.cells() == all.cells());
  CHECK(d.targets == std::vector<std::string>{"all"});
}

TEST_CASE("make_dataset: numbers out of range are refused by name and value") {
  DatasetOptions o = options();
  o.genes = -5;
  CHECK_THROWS_WITH(make_dataset(cells(), o), ContainsText("make_dataset: genes must be at least 0, got -5"));
  o = options();
  o.min_cells = -1;
  CHECK_THROWS_WITH(make_dataset(cells(), o), ContainsText("make_dataset: min_cells must be at least 0, got -1"));
}

TEST_CASE("make_dataset: wrong columns, levels and groups are refused by name") {
  DatasetOptions o = options();
  o.model.control = "no_such";
  CHECK_THROWS_WITH(make_dataset(cells(), o), ContainsText("no cell is 'no_such'"));
  o = options();
  o.holdout = {};
  CHECK_THROWS_WITH(make_dataset(cells(), o), ContainsText("name groups to predict"));
  o.targets = {"no_such"};
  CHECK_THROWS_WITH(make_dataset(cells(), o), ContainsText("no level 'no_such'"));
}
