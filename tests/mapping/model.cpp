#include <latentcell/mapping/model.hpp>

#include "support/generator.hpp"
#include "support/catch.hpp"

using namespace latentcell;

TEST_CASE("mapping::Model: narrowing keeps the weights of the shared genes, and the query's level starts as the mean") {
  const auto& [cells, reference] = generator::shared();
  std::vector<std::string> genes = {"not in the reference"};
  for (std::size_t g = 120; g-- > 0;) {
    if (g % 2 == 0) genes.push_back(cells.gene_names[g]);  // in another order
  }
  generation::Model scaled = reference;
  scaled.gene_scale.value(1, 6) = 3;
  const mapping::Model m(scaled, genes, "new");
  const generation::Model& narrow = m.generator;
  REQUIRE(narrow.vae.genes() == 60);
  CHECK(narrow.vae.gene_names[3] == cells.gene_names[6]);
  CHECK(narrow.gene_scale.value(1, 3) == 3);
  CHECK(narrow.options.batch_covariate_levels == std::vector<std::string>{"batch_1", "batch_2", "new"});
  CHECK(narrow.vae.first.weight.value.row(3) == reference.vae.first.weight.value.row(6));
  const Matrix<float>&old = reference.vae.heads.front().weight.value, &now = narrow.vae.heads.front().weight.value;
  CHECK(now.rows() == 60);
  CHECK(now.cols() == old.cols() + 1);
  CHECK(now(3, 5) == old(6, 5));
  CHECK(now(3, now.cols() - 1) == Approx(0.5 * (old(6, old.cols() - 1) + old(6, old.cols() - 2))).margin(1e-6));
  CHECK(narrow.vae.options.dropout == mapping::Options{}.dropout);
}

TEST_CASE("mapping::Model: a reference without one gets a batch covariate of two levels") {
  Rng rng(1);
  generation::Options o = generator::small(generator::shared().cells);
  o.batch_covariate = "";
  o.batch_covariate_levels.clear();
  o.vae.batch_covariate_levels = 0;
  generation::Model reference(o, rng);
  reference.vae.gene_names = generator::shared().cells.gene_names;
  const mapping::Model m(reference, reference.vae.gene_names, "new");
  CHECK(m.generator.options.batch_covariate_levels == std::vector<std::string>{"reference", "new"});
  CHECK(m.generator.vae.options.batch_covariate_levels == 2);
}

TEST_CASE("mapping::Model: no shared gene, a level that is there already and options out of range are refused") {
  const generation::Model& reference = generator::shared().model;
  const std::vector<std::string>& genes = reference.vae.gene_names;
  CHECK_THROWS_WITH(mapping::Model(reference, {"x", "y"}, "new"), ContainsText("none of the query's 2 genes"));
  CHECK_THROWS_WITH(mapping::Model(reference, genes, "batch_2"),
                    ContainsText("has a level 'batch_2' of the batch covariate already"));
  CHECK_THROWS_WITH(mapping::Model(reference, genes, "new", {.components = 0}),
                    ContainsText("components must be at least 1, got 0"));
  CHECK_THROWS_WITH(mapping::Model(reference, genes, "new", {.rounds = -1}),
                    ContainsText("rounds must be at least 0, got -1"));
  Rng rng(1);
  generation::Options o = generator::small(generator::shared().cells);
  o.likelihood.dispersion = Dispersion::gene_batch;
  generation::Model per_batch_covariate(o, rng);
  per_batch_covariate.vae.gene_names = genes;
  CHECK_THROWS_WITH(mapping::Model(per_batch_covariate, genes, "new"), ContainsText("Dispersion::gene_cell"));
}
