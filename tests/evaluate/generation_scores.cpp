#include <latentcell/evaluate/generation_scores.hpp>
#include <latentcell/evaluate/verdict.hpp>

#include "support/catch.hpp"

using namespace latentcell::evaluate;

TEST_CASE("generation_metrics: a column for each entry, in the same order") {
  GenerationScores ceiling;
  ceiling.silhouette = 0.2;
  ceiling.label_accuracy = 0.9;
  const std::vector<Metric> metrics = generation_metrics(ceiling);
  const auto names = entries(GenerationScores{});
  REQUIRE(metrics.size() == names.size());
  for (std::size_t m = 0; m < names.size(); ++m) CHECK(metrics[m].name == names[m].first);
}

TEST_CASE("generation_metrics: perfect cells are the best in every metric, worse ones in none") {
  GenerationScores perfect, worse;
  perfect.w2 = perfect.sliced_w2 = perfect.mmd = perfect.energy = perfect.zeros = perfect.gene_wasserstein = 0;
  perfect.nearest_neighbor = perfect.auc = 0.5;
  perfect.coverage = perfect.density = perfect.mean_r = perfect.variance_r = perfect.correlation = 1;
  perfect.types_covered = 1;
  perfect.silhouette = 0.3, perfect.label_accuracy = 0.8;
  worse.w2 = worse.sliced_w2 = worse.mmd = worse.energy = worse.gene_wasserstein = 1;
  worse.zeros = -0.1;
  worse.nearest_neighbor = 0.9, worse.auc = 0.3;
  worse.coverage = worse.mean_r = worse.variance_r = worse.correlation = worse.types_covered = 0.5;
  worse.density = 1.7;
  worse.silhouette = 0.5, worse.label_accuracy = 1.0;  // too clean
  ScoreTable table(generation_metrics(perfect));
  table.add("worse", Role::baseline, values_of(worse));
  table.add("perfect", Role::model, values_of(perfect));
  GenerationScores other = worse;  // on the other side of chance
  other.nearest_neighbor = 0.1, other.auc = 0.9;
  table.add("other", Role::baseline, values_of(other));
  for (const Metric& metric : table.metrics()) {
    INFO(metric.name);
    CHECK(table.best(metric.name) == 1);
  }
  CHECK(verdict(table) == "perfect: better than every baseline in 16 of 16 metrics");
}
