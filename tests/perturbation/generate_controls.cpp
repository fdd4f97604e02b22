#include <latentcell/generation/calibrate_gene_means.hpp>
#include <latentcell/latent/encode.hpp>
#include <latentcell/latent/fit_flow.hpp>
#include <latentcell/perturbation/generate_controls.hpp>
#include <latentcell/perturbation/predict.hpp>

#include <algorithm>

#include <latentcell/data/normalize.hpp>
#include <latentcell/data/simulate.hpp>
#include <latentcell/metric/moments.hpp>
#include <latentcell/metric/pearson.hpp>
#include <latentcell/train/fit_cells.hpp>

#include "support/catch.hpp"

using namespace latentcell;
using namespace latentcell::perturbation;

namespace {

struct Trained {
  Model model;
  CellTable controls;
  generation::Model generator;
};

Options options(const CellTable& cells) {
  Options o;
  o.vae = {.genes = cells.genes(), .hidden = {32}, .latent = 6};
  o.backbone = {.latent = 6, .width = 32};
  o.condition = "condition";
  o.control = "none";
  o.group = "cell_type";
  return o;
}

Trained train(const CellTable& cells) {
  Rng rng(1);
  const Options o = options(cells);
  Model model(o, {{"drug"}, {"drug"}}, rng);
  latentcell::fit(model.vae, cells, {.epochs = 30, .batch = 64, .learning_rate = 3e-3f});
  model.vae.gene_names = cells.gene_names;
  generation::Model generator = control_generator(model, cells, rng);
  latentcell::fit(generator.flow, encode(generator.vae, cells),
                  {.epochs = 60, .batch = 64, .learning_rate = 2e-3f, .ema = 0.98f});
  generation::calibrate_gene_means(generator, cells, rng);
  return {std::move(model), cells, std::move(generator)};
}

CellTable simulated() {
  Rng rng(3);
  CellTable cells = simulate({.cells = 600, .genes = 150, .types = 3}, rng);
  cells.cell_columns.set("condition", Categorical{{"none"}, std::vector<int>(600, 0)});
  return cells;
}

// Mean log1p(CP10K) of the cells of a level.
std::vector<double> profile(const CellTable& cells, const std::string& level) {
  const Categorical type = cells.obs("cell_type");
  std::vector<Index> rows;
  for (Index i = 0; i < cells.cells(); ++i) {
    if (type.levels[std::size_t(type.codes[to_size(i)])] == level) rows.push_back(i);
  }
  return metric::gene_moments(log_normalize(select_rows(cells.counts, rows))).mean;
}

}  // namespace

TEST_CASE("generate_controls: new control cells of a group are like its own and not like another's") {
  const CellTable cells = simulated();
  const Trained t = train(cells);
  CHECK(t.generator.vae.to_mean.weight.value == t.model.vae.to_mean.weight.value);
  Rng rng(5);
  const CellTable generated = generate_controls(t.generator, t.model.options, {"type_3", "type_1"}, 150, rng);
  REQUIRE(generated.cells() == 300);
  CHECK(generated.gene_names == cells.gene_names);
  CHECK(generated.obs("condition").levels == std::vector<std::string>{"none"});
  CHECK(generated.obs("cell_type").codes.front() == generated.obs("cell_type").code_of("type_3"));
  CHECK(generated.obs("cell_type").count(generated.obs("cell_type").code_of("type_1")) == 150);
  for (const std::string own : {"type_1", "type_3"}) {
    const double like_own = metric::pearson(profile(generated, own), profile(cells, own));
    CHECK(like_own > 0.95);
    CHECK(like_own >
          metric::pearson(profile(generated, own), profile(cells, own == "type_1" ? "type_3" : "type_1")) + 0.05);
  }
  // They are control cells to predict(), like any others.
  Rng again(5), drawn(6);
  const CellTable same = generate_controls(t.generator, t.model.options, {"type_3", "type_1"}, 150, again);
  CHECK(std::ranges::equal(same.counts.values(), generated.counts.values()));
  const CellTable after = predict(t.model, generated, "drug", {.steps = 3}, drawn);
  CHECK(after.cells() == generated.cells());
  CHECK(std::get<std::vector<std::string>>(after.cell_columns.get("control_cell")) == generated.cell_names);
}

TEST_CASE("generate_controls: refuses what it cannot make") {
  const CellTable cells = simulated();
  Rng rng(1);
  Options o = options(cells);
  const Model model(o, {{"drug"}, {"drug"}}, rng);
  const generation::Model generator = control_generator(model, cells, rng);
  REQUIRE_THROWS_WITH(generate_controls(generator, o, {"type_9"}, 5, rng), ContainsText("no level 'type_9'"));
  REQUIRE_THROWS_WITH(generate_controls(generator, o, {"type_1"}, 0, rng), ContainsText("count must be at least 1"));
  o.group = "";
  const Model ungrouped(o, {{"drug"}, {"drug"}}, rng);
  REQUIRE_THROWS_WITH(control_generator(ungrouped, cells, rng), ContainsText("no group column"));
}
