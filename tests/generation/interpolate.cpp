#include <latentcell/evaluate/gene_set_scores.hpp>
#include <latentcell/generation/interpolate.hpp>

#include <latentcell/generation/correct_batches.hpp>
#include <latentcell/metric/batch_mixing.hpp>
#include <latentcell/generation/evaluate_interpolation.hpp>

#include "support/generator.hpp"
#include "support/catch.hpp"

using namespace latentcell;
using namespace latentcell::generation;

TEST_CASE("interpolate: the ends are cells of the two kinds, and markers change over on the way") {
  Rng rng(1);
  const CellTable cells = generator::cells(400, rng);
  const Model m = generator::trained(cells);
  const std::string a = "type_1", b = "type_2";
  const InterpolateOptions o{.points = 5, .paths = 60, .steps = 8};
  Rng one(4);
  const LatentTable z = interpolate(m.flow, {{"cell_type", a}}, {{"cell_type", b}}, o, one);
  REQUIRE(z.cells() == 300);
  const Categorical type = z.cell_columns.labels("cell_type");
  CHECK(type.codes[0] == 0);
  CHECK(type.codes[1] == Categorical::missing);
  CHECK(type.codes[4] == 1);
  CHECK(std::get<std::vector<double>>(z.cell_columns.get("share"))[3] == Approx(0.75));
  const CellTable made = draw(m.vae, z, one);
  const InterpolationScores s = evaluate_interpolation(cells, m, made, z, a, b, o);
  REQUIRE(s.share.size() == 5);
  CHECK(s.of_a.front() > s.of_a[2]);
  CHECK(s.of_a[2] > s.of_a.back());
  CHECK(s.of_b.front() < s.of_b.back());
  CHECK(s.distance.front() < 2);
  // The same seed gives the same path; the ends alone are what generate makes of that noise.
  Rng two(4);
  CHECK(interpolate(m.flow, {{"cell_type", a}}, {{"cell_type", b}}, o, two).mean == z.mean);
  CHECK_THROWS_WITH(interpolate(m.flow, {{"cell_type", "no"}}, {{"cell_type", b}}, o, two),
                    ContainsText("no level 'no'"));
  CHECK_THROWS_WITH(interpolate(m.flow, {{"cell_type", a}}, {{"cell_type", b}}, {.points = 1}, two),
                    ContainsText("points 1"));
}

TEST_CASE("transform_batch: batches are mixed and types kept apart") {
  Rng rng(2);
  const CellTable cells =
      simulate({.cells = 500, .genes = 150, .types = 3, .batches = 2, .library = 500, .batch_strength = 0.8}, rng);
  const Model m = generator::trained(cells);
  const CellTable same = transform_batch(m.vae, cells, 0, rng);
  CHECK(same.cell_names == cells.cell_names);
  const std::vector<int> batch = cells.obs("batch").codes, type = cells.obs("cell_type").codes;
  const auto mixed = [&](const CellTable& x) {
    const Matrix<float> pcs = log_pca(x, 10, rng);
    return metric::batch_mixing(view(pcs), batch, type);
  };
  const metric::BatchMixing before = mixed(cells), after = mixed(same);
  INFO(before.batches << " " << after.batches << ", " << before.labels << " " << after.labels);
  CHECK(before.batches < 0.5);
  CHECK(after.batches > 0.85);
  CHECK(after.labels > 0.5);
  const metric::BatchMixing latents = metric::batch_mixing(view(same.embeddings.at("X_latent")), batch, type);
  CHECK(latents.batches > 0.5);
  CHECK(latents.labels > 0.7);
  Matrix<float> x(4, 1);
  x << 1, 3, 10, 20;
  centre_rows(x, {0, 0, 1, -1}, 0);
  CHECK(x(0, 0) == -1);
  CHECK(x(1, 0) == 1);
  CHECK(x(2, 0) == 10);
  CHECK_THROWS_WITH(transform_batch(m.vae, cells, 2, rng), ContainsText("batch 2 of 2"));
}

TEST_CASE("marker_sets and GeneSetEvaluator: markers tell labels, and shuffled genes show") {
  Rng rng(3);
  SimulatedTissue tissue({.genes = 150, .types = 3, .library = 500}, rng);
  const CellTable train = tissue.draw(400, rng), judged = tissue.draw(400, rng);
  const std::vector<NamedGenes> sets = evaluate::marker_sets(train, train.obs("cell_type"), 10);
  REQUIRE(sets.size() == 3);
  CHECK(sets[0].name == train.obs("cell_type").levels[0]);
  CHECK(sets[0].genes.size() <= 10);
  const evaluate::GeneSetEvaluator judge(train, judged, "cell_type", sets);
  const evaluate::GeneSetAgreement fresh = judge.ceiling(), real = judge.of(tissue.draw(400, rng));
  CHECK(fresh.mean_ks < 0.15);
  CHECK(real.mean_ks < 0.15);
  CHECK(real.of_labels > 0.97);
  CellTable other = judged;
  std::rotate(other.gene_names.begin(), other.gene_names.begin() + 7, other.gene_names.end());
  CHECK(judge.of(other).mean_ks > 0.3);
  CHECK_THROWS_WITH(evaluate::GeneSetEvaluator(train, judged, "cell_type", {{"A", {"no", "such", "genes"}}}),
                    ContainsText("none of 1 sets has 3 genes"));
}
