#include <latentcell/generation/fit.hpp>

#include <algorithm>
#include <cmath>
#include <filesystem>

#include <latentcell/generation/predict.hpp>
#include <latentcell/kernel/log_pca.hpp>
#include <latentcell/metric/logistic_regression.hpp>

#include "support/generator.hpp"
#include "support/catch.hpp"

using namespace latentcell;

namespace {

generation::TrainingOptions brief() {
  generation::TrainingOptions o{.autoencoder_epochs = 20, .flow_epochs = 30};
  o.autoencoder.batch = o.flow.batch = 32;
  o.autoencoder.learning_rate = 3e-3f;
  o.flow.learning_rate = 2e-3f;
  o.flow.ema = 0.98f;
  return o;
}

std::vector<float> values(const generation::Model& m) {
  std::vector<float> out;
  visit_state(m, [&](std::string_view, const auto& p) {
    out.insert(out.end(), p.value.data(), p.value.data() + p.value.size());
  });
  return out;
}

double share(const std::vector<int>& a, const std::vector<int>& b) {
  double same = 0;
  for (std::size_t i = 0; i < a.size(); ++i) same += a[i] == b[i];
  return same / double(a.size());
}

}  // namespace

TEST_CASE("generation::fit: one call trains all; a classifier of real cells finds the labels of generated ones") {
  const CellTable& cells = generator::shared().cells;
  Rng rng(3);
  generation::Model m(generator::small(cells), rng);
  REQUIRE(generation::fit(m, cells, brief()) == FitStatus::finished);
  CHECK(m.composition.value.sum() == float(cells.cells()));
  CHECK(m.vae.gene_names == cells.gene_names);
  CHECK((m.gene_scale.value.array() != 1).any());

  const CellTable generated = generation::generate(m, 400, {.steps = 8}, rng);
  const auto pca = kernel::LogPca::fit(cells.counts.view(), 10, rng);
  const Matrix<float> real = pca.project(cells.counts.view()), made = pca.project(generated.counts.view());
  const std::vector<int> found =
      metric::LogisticRegression(view(real), cells.obs("cell_type").codes).predict(view(made));
  std::vector<int> label = generated.cell_columns.codes("cell_type", m.options.levels);
  CHECK(share(found, label) > 0.75);
  // With permuted labels: as often as chance has it.
  double chance = 0;
  for (int l = 0; l < 3; ++l) {
    const double p = double(std::count(found.begin(), found.end(), l)) / 400,
                 q = double(std::count(label.begin(), label.end(), l)) / 400;
    chance += p * q;
  }
  shuffle(std::span<int>(label), rng);
  CHECK(share(found, label) == Approx(chance).margin(4 * std::sqrt(chance * (1 - chance) / 400)));
}

TEST_CASE("generation::fit: a resumed training gives the same bits and reports each stage once") {
  const CellTable& cells = generator::shared().cells;
  const std::string folder = "latentcell_generation_fit_test";
  std::filesystem::remove_all(folder);
  std::filesystem::create_directories(folder);
  const auto train = [&](Resume resume, generation::TrainingOptions o) {
    Rng rng(3);
    generation::Model m(generator::small(cells), rng);
    Stages stages({.folder = folder, .resume = resume, .progress = nullptr});
    REQUIRE(generation::fit(m, cells, o, stages) == FitStatus::finished);
    REQUIRE(stages.reports().size() == 2);
    CHECK(stages.reports()[0].name == "autoencoder");
    CHECK(stages.reports()[1].name == "flow");
    CHECK(stages.reports()[0].options.seed + 1 == stages.reports()[1].options.seed);
    return values(m);
  };
  generation::TrainingOptions o = brief();
  o.autoencoder_epochs = o.flow_epochs = 2;
  const std::vector<float> once = train(Resume::no, o);
  CHECK(train(Resume::yes, o) == once);
  // A flow that was not begun is trained from the saved autoencoder.
  std::filesystem::remove(folder + "/flow.safetensors");
  CHECK(train(Resume::yes, o) == once);
  std::filesystem::remove_all(folder);
}

TEST_CASE("training_for: epochs follow the number of cells unless they are given") {
  const generation::TrainingOptions few = generation::training_for(640), many = generation::training_for(64000);
  CHECK(few.autoencoder.epochs == 170);
  CHECK(many.autoencoder.epochs == 8);
  CHECK(few.flow.epochs == 640);
  CHECK(many.flow.epochs == 16);
  const generation::TrainingOptions own = generation::training_for(640, {.autoencoder_epochs = 3, .seed = 5});
  CHECK(own.autoencoder.epochs == 3);
  CHECK(own.flow.epochs == 640);
  CHECK(own.autoencoder.seed == 5);
  CHECK(own.flow.seed == 6);
}
