#include <latentcell/perturbation/fit.hpp>

#include <cmath>
#include <filesystem>

#include <latentcell/data/simulate.hpp>
#include <latentcell/perturbation/perturbation.hpp>

#include "support/catch.hpp"
#include "support/perturbation_options.hpp"

using namespace latentcell;
using namespace latentcell::perturbation;

namespace {

CellTable cells(Index count) {
  Rng rng(9);
  return simulate({.cells = count, .genes = 40, .types = 4, .library = 1500, .type_skew = 0, .perturbations = 1}, rng);
}

Model untrained(const CellTable& cells) {
  Rng rng(3);
  return {simulated_options(cells.genes()), one_perturbation("gene_1"), rng};
}

TrainingOptions quick() {
  return {.autoencoder_epochs = 2, .flow_epochs = 2, .cross_fit = 2, .prediction = {.steps = 2}};
}

std::vector<std::string> names(const Stages& stages) {
  std::vector<std::string> out;
  for (const StageReport& stage : stages.reports()) out.push_back(stage.name);
  return out;
}

}  // namespace

TEST_CASE("perturbation::fit: stages, cross-fit models and the correction in one call") {
  const CellTable all = cells(400);
  Model m = untrained(all);
  Stages stages;
  CHECK(fit(m, all, quick(), stages) == FitStatus::finished);
  CHECK(names(stages) == std::vector<std::string>{"autoencoder", "flow", "autoencoder_cross_fit_1", "flow_cross_fit_1",
                                                  "autoencoder_cross_fit_2", "flow_cross_fit_2"});
  for (const StageReport& stage : stages.reports()) CHECK(stage.history.epochs.size() == 2);
  CHECK(stages.reports()[2].options.seed == 100);
  CHECK(stages.reports()[5].options.seed == 201);
  CHECK((m.mean_correction.value.array() != 1).any());
  CHECK(m.vae.gene_names == all.gene_names);
  // Without folds the residuals are in-sample.
  TrainingOptions o = quick();
  o.cross_fit = 0;
  Model alone = untrained(all);
  Stages two;
  CHECK(fit(alone, all, o, two) == FitStatus::finished);
  CHECK(two.reports().size() == 2);
  CHECK((alone.mean_correction.value.array() != 1).any());
  CHECK(alone.mean_correction.value != m.mean_correction.value);
}

TEST_CASE("perturbation::fit: a training resumed from its folder gives the same bits") {
  const CellTable all = cells(300);
  const std::filesystem::path folder = std::filesystem::temp_directory_path() / "latentcell_perturbation_fit";
  std::filesystem::remove_all(folder);
  std::filesystem::create_directories(folder);
  const auto stages_in = [&](Resume resume) {
    StagesOptions o;
    o.folder = folder.string();
    o.resume = resume;
    o.progress = nullptr;
    return Stages(o);
  };
  Model whole = untrained(all), resumed = untrained(all);
  Stages first = stages_in(Resume::no), second = stages_in(Resume::yes);
  REQUIRE(fit(whole, all, quick(), first) == FitStatus::finished);
  std::filesystem::remove(folder / "flow_cross_fit_2.safetensors");
  REQUIRE(fit(resumed, all, quick(), second) == FitStatus::finished);
  std::filesystem::remove_all(folder);
  CHECK(whole.mean_correction.value == resumed.mean_correction.value);
  CHECK(whole.overdispersion_scale.value == resumed.overdispersion_scale.value);
  Rng one(5), two(5);
  const CellTable a = predict(whole, all, "gene_1", {.steps = 2}, one),
                  b = predict(resumed, all, "gene_1", {.steps = 2}, two);
  CHECK(std::ranges::equal(a.counts.values(), b.counts.values()));
}

TEST_CASE(
    "perturbation::fit: with one other group, cells are left out, and a shared response is predicted better than "
    "shifted") {
  Rng rng(4);
  const CellTable all =
      simulate({.cells = 600, .genes = 80, .types = 2, .library = 800, .type_skew = 0, .perturbations = 1}, rng);
  DatasetOptions columns{.holdout = {"type_1"}};
  columns.model = simulated_options(80);
  columns.model.vae.latent = columns.model.backbone.latent = 4;
  const Dataset data = make_dataset(all, columns);
  Model m(data.options, data.vocabulary, rng);
  Stages stages;
  fit(m, data.train, {.autoencoder_epochs = 20, .flow_epochs = 20, .cross_fit = 2, .prediction = {.steps = 4}}, stages);
  CHECK(stages.reports().size() == 6);
  const MixtureChoice choice = m.mixture_choice();
  CHECK(std::isfinite(choice.error));
  // Two folds: the flow may be kept where another mixture is hardly better.
  for (const double other : {choice.no_change, choice.common, choice.pooled, choice.flow})
    CHECK(choice.error < 1.05 * other);
  const CellTable control = select_condition(data.train, data.options, "control", {"type_1"});
  const CellTable predicted = predict(m, control, "gene_1", {.steps = 4}, rng);
  const latentcell::evaluate::ScoreTable scores =
      perturbation::evaluate(m, data.train, {data.truth.at({"type_1", "gene_1"}), "type_1", "gene_1"}, predicted, rng);
  INFO(scores.to_text());
  CHECK(scores.value("latentcell", "r") > scores.value("pooled shift", "r"));
  CHECK(scores.value("latentcell", "energy") < scores.value("pooled shift", "energy"));
  CHECK(scores.value("latentcell", "energy") < scores.value("control cells", "energy"));
}

TEST_CASE("training_for: epochs by the number of cells, and seeds, unless they are given") {
  const CellTable all = cells(400);
  const Options columns = simulated_options(40);
  const TrainingOptions chosen = training_for(all, columns, {.seed = 7});
  CHECK(chosen.autoencoder.epochs == 200);
  CHECK(chosen.flow.epochs == 1600);
  CHECK(chosen.autoencoder.seed == 7);
  CHECK(chosen.flow.seed == 8);
  const TrainingOptions given = training_for(all, columns, quick());
  CHECK(given.autoencoder.epochs == 2);
  CHECK(given.flow.epochs == 2);
}
