#include <latentcell/evaluate/baseline/knn_labels.hpp>
#include <latentcell/metric/label_scores.hpp>

#include "evaluate/cells.hpp"
#include "support/catch.hpp"

using namespace latentcell;
using namespace latentcell::evaluate::baseline;

TEST_CASE("knn_labels: finds types that lie apart, in components of either") {
  const evaluate_cells::Cells cells = evaluate_cells::draw(300, 41);
  const Categorical reference = cells.train.obs("cell_type");
  const std::vector<int> truth = cells.held_out.cell_columns.codes("cell_type", reference.levels);
  for (const ComponentsOf of : {ComponentsOf::reference, ComponentsOf::both}) {
    Rng rng(1);
    const std::vector<int> label =
        knn_labels({cells.train, reference.codes, 3}, cells.held_out, {.components = 10, .of = of}, rng);
    CHECK(metric::label_scores(truth, label, 3).accuracy > 0.85);
  }
}

TEST_CASE("knn_labels: permuted labels of the reference score no better than the largest class") {
  const evaluate_cells::Cells cells = evaluate_cells::draw(300, 42);
  Categorical reference = cells.train.obs("cell_type");
  const std::vector<int> truth = cells.held_out.cell_columns.codes("cell_type", reference.levels);
  Rng rng(1);
  shuffle(std::span<int>(reference.codes), rng);
  const std::vector<int> label = knn_labels({cells.train, reference.codes, 3}, cells.held_out, {.components = 10}, rng);
  double largest = 0;
  for (int l = 0; l < 3; ++l)
    largest = std::max(largest, double(std::count(truth.begin(), truth.end(), l)) / double(truth.size()));
  CHECK(metric::label_scores(truth, label, 3).accuracy < largest + 4 * std::sqrt(0.25 / 300));
}

TEST_CASE("knn_labels: cells without a label do not vote, whatever the order of genes") {
  const evaluate_cells::Cells cells = evaluate_cells::draw(120, 43);
  Categorical reference = cells.train.obs("cell_type");
  for (int& code : reference.codes) {
    if (code == 0) code = Categorical::missing;
  }
  Rng rng(1), same(1);
  const std::vector<int> label = knn_labels({cells.train, reference.codes, 3}, cells.held_out, {.components = 10}, rng);
  CHECK(std::count(label.begin(), label.end(), 0) == 0);
  const std::vector<std::string> reversed(cells.held_out.gene_names.rbegin(), cells.held_out.gene_names.rend());
  CHECK(knn_labels({cells.train, reference.codes, 3}, align_genes(cells.held_out, reversed).cells, {.components = 10},
                   same) == label);
  const std::vector<int> none(reference.codes.size(), Categorical::missing);
  CHECK_THROWS_WITH(knn_labels({cells.train, none, 3}, cells.held_out, {}, rng),
                    "knn_labels: 0 reference cells have a label, fewer than 16");
}
