#include <latentcell/mapping/predict.hpp>

#include <cmath>

#include <latentcell/metric/roc_auc.hpp>

#include "support/mapping_task.hpp"
#include "support/catch.hpp"

using namespace latentcell;
using mapping_task::task;

TEST_CASE("mapping::predict: labels are right; without the query's own names and order of genes they are the same") {
  const auto& t = task();
  const mapping::MappedCells m = mapping::predict(mapping_task::mapped(), t.query);
  CHECK(m.latents.cells() == 300);
  CHECK(mapping_task::accuracy(t.truth, m.label) > 0.9);
  for (const double c : m.confidence) CHECK((c > 0 && c <= 1));
  const CellTable aligned = align_genes(t.query, mapping_task::mapped().generator.vae.gene_names).cells;
  CHECK(mapping::predict(mapping_task::mapped(), aligned).label == m.label);
}

TEST_CASE("mapping::predict: a label is the pool of what the parts say, by their weights; the shares add up to 1") {
  mapping::Model model = mapping_task::mapped();
  const std::vector<double> shares = mapping::part_shares(model);
  REQUIRE(shares.size() == mapping::label_parts.size());
  CHECK(shares[0] + shares[1] + shares[2] == Approx(1));
  const mapping::MappedCells pooled = mapping::predict(model, task().query);
  const CellTable query = align_genes(task().query, model.generator.vae.gene_names).cells;
  const std::vector<Matrix<double>> parts = mapping::detail::probabilities_of_parts(
      model, {pooled.latents.mean, mapping::detail::components_of(model, query.counts.view())});
  for (Index p = 0; p < 3; ++p) {
    model.part_weight.value.setZero();
    model.part_weight.value(0, p) = 1;
    const mapping::MappedCells alone = mapping::predict(model, task().query);
    const metric::NeighborVotes votes = metric::most_votes(parts[to_size(p)]);
    CHECK(alone.label == votes.label);
    CHECK(mapping_task::accuracy(task().truth, alone.label) > 0.85);
    CHECK(alone.confidence != pooled.confidence);
  }
}

TEST_CASE("mapping::predict: distances are about 1 for types of the reference, larger for one that it does not have") {
  Rng rng(9);
  SimulatedTissue tissue({.genes = 120, .types = 4, .batch_covariate_levels = 2, .library = 400, .marker_share = 0.15},
                         rng);
  const CellTable all = tissue.draw(600, rng), query = tissue.draw(200, rng);
  std::vector<Index> rows;
  for (Index i = 0; i < all.cells(); ++i) {
    if (all.obs("cell_type").codes[to_size(i)] != 3) rows.push_back(i);
  }
  const generation::Model reference = generator::trained(all.select_cells(rows));
  mapping::Model m(reference, query.gene_names, "new", {.replay = 400, .rounds = 0});
  mapping::fit(m, reference, query);
  const std::vector<double> distance = mapping::predict(m, query).distance;
  std::vector<double> known, unknown;
  for (Index i = 0; i < query.cells(); ++i)
    (query.obs("cell_type").codes[to_size(i)] == 3 ? unknown : known).push_back(distance[to_size(i)]);
  CHECK(median(known) == Approx(1).margin(0.6));
  CHECK(metric::roc_auc(known, unknown) > 0.6);
}

TEST_CASE("mapping::predict: a model that is not trained is refused") {
  const auto& t = task();
  const mapping::Model m(t.generator, t.query.gene_names, "new");
  CHECK_THROWS_WITH(mapping::predict(m, t.query), ContainsText("0 replay cells"));
}
