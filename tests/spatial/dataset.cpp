#include <latentcell/spatial/dataset.hpp>

#include "spatial/planted_tissue.hpp"
#include "support/catch.hpp"

using namespace latentcell;
using spatial::Dataset;
using spatial::DatasetGenes;
using spatial::ImputationTask;

namespace {

ImputationTask task_of(const std::string& words) {
  Rng rng(1);
  return spatial::hold_out(planted::tissue({.spots = 200, .genes = 8}, 1), spatial::parse_holdout(words), rng);
}

// A task whose gene 1 is expressed in so many reference cells.
ImputationTask with_rare_gene(Index cells) {
  ImputationTask task = task_of("spots:0.5");
  const CountsView c = task.reference.cells.counts;
  Counts rare(c.cols);
  for (Index i = 0; i < c.rows; ++i) {
    if (i < cells) rare.push(0, 1);
    for (std::size_t k = 0; k < c.row_columns(i).size(); ++k) {
      if (c.row_columns(i)[k] > 0) rare.push(c.row_columns(i)[k], c.row_values(i)[k]);
    }
    rare.end_row();
  }
  task.reference.cells.counts = rare;
  return task;
}

}  // namespace

TEST_CASE(
    "choose_genes: genes in 3 % of the reference cells, three at least; missing genes are the target of a panel") {
  CHECK(spatial::choose_genes(with_rare_gene(3)).target.size() == 8);
  CHECK(spatial::choose_genes(with_rare_gene(2)).target.size() == 7);
  CHECK(spatial::choose_genes(task_of("spots:0.5"), 4).target.size() == 4);
  const ImputationTask task = task_of("genes:3");
  const DatasetGenes genes = spatial::choose_genes(task);
  CHECK(genes.target == task.missing_genes);
  CHECK(genes.panel.size() == 5);
  ImputationTask none = task;
  none.missing_genes = {"unknown"};
  CHECK_THROWS_WITH(spatial::choose_genes(none), ContainsText("0 are to predict and 8 in the panel"));
}

TEST_CASE("make_dataset: counts and locations of either side; the truth where it is known") {
  const ImputationTask task = task_of("spots:0.5");
  const Dataset data = spatial::make_dataset(task, spatial::choose_genes(task));
  CHECK(data.target.counts.view().row_sum(3) == task.reference.cells.counts.view().row_sum(3));
  CHECK(data.truth.counts.view().row_sum(5) == task.query.cells.counts.view().row_sum(5));
  CHECK(data.has_truth());
  CHECK(!data.has_panel());
  CHECK(!data.has_missing_slice());
  CHECK(!data.target.scaled);
  ImputationTask untold = task;
  untold.truth.reset();
  CHECK(!spatial::make_dataset(untold, spatial::choose_genes(task)).has_truth());
  CHECK_THROWS_WITH(spatial::make_dataset(task, {{"gene_1", "unknown"}}),
                    ContainsText("the reference cells lack 1 of the 2 genes"));
}

TEST_CASE("make_dataset: beside a panel, genes are scaled to one total of the panel, on either side") {
  const ImputationTask task = task_of("genes:3");
  const DatasetGenes genes = spatial::choose_genes(task);
  const Dataset data = spatial::make_dataset(task, genes);
  CHECK(data.target.scaled);
  CHECK(data.panel.features == genes.panel);
  CHECK(data.query_panel.cells() == data.query.size());
  std::vector<double> totals;
  for (Index i = 0; i < data.panel.cells(); ++i) totals.push_back(data.panel.counts.view().row_sum(i));
  std::sort(totals.begin(), totals.end());
  CHECK(data.depth == totals[totals.size() / 2]);
  const auto scale = [&](const CellTable& cells, const Counts& panel, Index i) {
    double target = 0;
    const CellTable aligned = align_genes(cells, genes.target).cells;
    for (const float v : aligned.counts.view().row_values(i)) target += double(v);
    return target * data.depth / panel.view().row_sum(i);
  };
  for (Index i : {0, 7, 31}) {
    CHECK(data.target.counts.view().row_sum(i) == Approx(scale(task.reference.cells, data.panel.counts, i)));
    CHECK(data.truth.counts.view().row_sum(i) == Approx(scale(*task.truth, data.query_panel.counts, i)));
  }
  DatasetGenes deeper = genes;
  deeper.depth = 2 * data.depth;
  CHECK(spatial::make_dataset(task, deeper).target.counts.view().row_sum(0) ==
        Approx(2 * data.target.counts.view().row_sum(0)));
}

TEST_CASE("Dataset: a slice of queries without reference cells is missing") {
  ImputationTask task = task_of("spots:0.5");
  task.query.locations.slice[3] = 1;
  Dataset data = spatial::make_dataset(task, spatial::choose_genes(task));
  CHECK(data.has_missing_slice());
  data.reference.slice[0] = 1;
  CHECK(!data.has_missing_slice());
}
