#include <latentcell/mapping/fit.hpp>

#include <algorithm>
#include <filesystem>

#include <latentcell/metric/label_scores.hpp>

#include "support/mapping_task.hpp"
#include "support/catch.hpp"

using namespace latentcell;
using mapping_task::quick;
using mapping_task::task;

TEST_CASE("mapping::fit: the generator learns the query as a level, keeps its composition and generates cells of it") {
  const mapping::Model& m = mapping_task::mapped();
  CHECK(m.generator.vae.genes() == 108);
  CHECK(m.generator.composition.value.sum() == 800);
  CHECK(m.generator.composition.value.col(2).sum() == 300);
  const std::vector<int> label = m.generator.training_labels().first,
                         of_reference = task().generator.training_labels().first;
  for (int l = 0; l < 3; ++l)
    CHECK(std::count(label.begin(), label.end(), l) >= std::count(of_reference.begin(), of_reference.end(), l));
  Rng rng(3);
  const CellTable made = generation::generate(m.generator, {{0, 1, 2}, {2, 2, 2}}, {.steps = 3}, rng);
  CHECK(made.genes() == 108);
  CHECK(made.obs("batch").levels.back() == "new");
}

TEST_CASE("mapping::fit: the same again; a resumed training gives the same bits") {
  const auto& t = task();
  const std::string folder = "latentcell_mapping_fit_test";
  std::filesystem::remove_all(folder);
  std::filesystem::create_directories(folder);
  const auto latents = [&](Stages stages) {
    mapping::Model m(t.generator, t.query.gene_names, "new", quick);
    REQUIRE(mapping::fit(m, t.generator, t.query, stages) == FitStatus::finished);
    CHECK(stages.reports().size() == 2);
    return mapping::predict(m, t.query).latents.mean;
  };
  const Matrix<float> once = mapping::predict(mapping_task::mapped(), t.query).latents.mean;
  CHECK(latents(Stages({.folder = folder, .progress = nullptr})) == once);
  std::filesystem::remove(folder + "/mapping_2.safetensors");
  CHECK(latents(Stages({.folder = folder, .resume = Resume::yes, .progress = nullptr})) == once);
  std::filesystem::remove_all(folder);
}

TEST_CASE("mapping::fit: a type that is rare in the reference and frequent in the query is found") {
  Rng rng(7);
  SimulatedTissue tissue({.genes = 120, .types = 3, .batch_covariate_levels = 2, .library = 400, .marker_share = 0.15},
                         rng);
  const CellTable drawn = tissue.draw(700, rng), query = tissue.draw(300, rng);
  const std::vector<int> types = drawn.obs("cell_type").codes;
  std::vector<Index> rows;
  int rare = 0;
  for (Index i = 0; i < drawn.cells(); ++i) {
    if (types[to_size(i)] != 0 || ++rare <= 25) rows.push_back(i);
  }
  const generation::Model reference = generator::trained(drawn.select_cells(rows));
  mapping::Model m(reference, query.gene_names, "new", quick);
  mapping::fit(m, reference, query);
  const std::vector<int> label = mapping::predict(m, query).label, truth = query.obs("cell_type").codes;
  CHECK(metric::label_scores(truth, label, 3).f1[0] > 0.8);
}

TEST_CASE("choose_replay: cells in the reference's composition, some of each label, of levels that had it") {
  Rng rng(5);
  const generation::Composition training{{0, 0, 0, 0, 0, 0, 0, 0, 0, 2, -1}, {0, 0, 1, 1, 0, 1, 0, 0, 1, 1, 0}};
  const generation::Composition r = mapping::detail::choose_replay(training, 100, 30, rng);
  CHECK(std::count(r.label.begin(), r.label.end(), 0) == 90);
  CHECK(std::count(r.label.begin(), r.label.end(), 2) == 30);
  for (std::size_t i = 0; i < r.label.size(); ++i) CHECK((r.label[i] == 0 || r.batch_covariate[i] == 1));
  const auto first =
      std::count_if(r.batch_covariate.begin(), r.batch_covariate.begin() + 90, [](int b) { return b == 0; });
  CHECK(double(first) / 90 == Approx(5.0 / 9).margin(4 * std::sqrt(20.0 / 81 / 90)));
  CHECK_THROWS_WITH(mapping::detail::choose_replay({{-1, -1}, {0, 0}}, 10, 1, rng), ContainsText("no labels"));
}

TEST_CASE("impute_missing_genes: an encoder that lacks genes encodes cells more like the one that has them") {
  const auto& [cells, reference] = generator::shared();
  std::vector<Index> kept;
  std::vector<std::string> genes;
  for (Index g = 0; g < 120; ++g) {
    if (g % 4 != 0) kept.push_back(g), genes.push_back(cells.gene_names[to_size(g)]);
  }
  const generation::Model plain = mapping::Model(reference, genes, "new").generator;
  generation::Model imputed = plain;
  mapping::detail::impute_missing_genes(reference.vae, imputed.vae, cells, kept);
  const Matrix<float> all = encode(reference.vae, cells).mean;
  const CellTable some = cells.select_genes(kept);
  const auto error = [&](const generation::Model& m) { return double((encode(m.vae, some).mean - all).squaredNorm()); };
  CHECK(error(imputed) < 0.9 * error(plain));
}

TEST_CASE("mapping::fit: a query without cells is refused") {
  const auto& t = task();
  mapping::Model m(t.generator, t.query.gene_names, "new", quick);
  CHECK_THROWS_WITH(mapping::fit(m, t.generator, t.query.select_cells({})), ContainsText("there are no cells"));
}

TEST_CASE("mapping::fit: a model is fitted once") {
  const auto& t = task();
  mapping::Model m = mapping_task::mapped();
  CHECK_THROWS_WITH(mapping::fit(m, t.generator, t.query), ContainsText("was fitted before"));
}

TEST_CASE("mapping::fit: the reference's own cells label by their components where they are given") {
  const auto& t = task();
  mapping::Model m(t.generator, t.query.gene_names, "new", {.replay = 200, .rounds = 0});
  mapping::fit(m, t.generator, t.query, &t.reference);
  CHECK(m.labelled_components.value.rows() == t.reference.cells());
  CHECK(m.replay_latent.value.rows() < t.reference.cells());
  const std::vector<int> label = mapping::predict(m, t.query).label;
  CHECK(mapping_task::accuracy(t.truth, label) > 0.9);

  CellTable permuted = t.reference;
  Categorical types = permuted.obs("cell_type");
  Rng rng(4);
  shuffle(std::span<int>(types.codes), rng);
  permuted.cell_columns.set("cell_type", types);
  mapping::Model chance(t.generator, t.query.gene_names, "new", {.replay = 200, .rounds = 0});
  mapping::fit(chance, t.generator, t.query, &permuted);
  chance.part_weight.value << 0, 1, 1;
  CHECK(mapping_task::accuracy(t.truth, mapping::predict(chance, t.query).label) < 0.75);

  permuted.cell_columns.set("cell_type", Categorical{types.levels, std::vector<int>(types.codes.size(), -1)});
  mapping::Model none(t.generator, t.query.gene_names, "new", {.replay = 200, .rounds = 0});
  CHECK_THROWS_WITH(mapping::fit(none, t.generator, t.query, &permuted), ContainsText("own cells have a label"));
}
