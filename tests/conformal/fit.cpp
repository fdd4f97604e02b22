#include <latentcell/conformal/fit.hpp>

#include <latentcell/conformal/predict.hpp>
#include <latentcell/evaluate/baseline/linear_joint.hpp>
#include <latentcell/evaluate/baseline/ridge.hpp>
#include <latentcell/metric/pearson.hpp>

#include "conformal/fixtures.hpp"
#include "support/catch.hpp"

using namespace conformal_fixtures;

namespace {

// A latent that is no linear function of its condition, with noise.     c (N, 2) -> (N, 2)
Matrix<float> planted(const Matrix<float>& c, std::uint64_t seed) {
  Matrix<float> out = 0.3f * normals(c.rows(), 2, seed);
  for (Index i = 0; i < c.rows(); ++i) {
    out(i, 0) += std::cos(2 * c(i, 0));
    out(i, 1) += c(i, 0) * c(i, 1);
  }
  return out;
}

ConditionSampler plain(const Matrix<float>& c) {
  return [c](std::span<const Index> cells, View<float> batch, Rng&) {
    for (std::size_t b = 0; b < cells.size(); ++b) batch.row(Index(b)) = c.row(cells[b]);
  };
}

}  // namespace

TEST_CASE("fit: a planted relation is recovered, better than by linear baselines by five standard errors") {
  const Matrix<float> c = normals(600, 2, 1), query = normals(400, 2, 2), z = planted(c, 3), truth = planted(query, 4);
  Rng rng(5);
  EnsembleOptions o = small(2);
  o.velocity_net.width = o.velocity_net.condition = 32;
  ConditionalEnsemble model(2, 2, 2, o, rng);
  Stages stages;
  EnsembleFitOptions options{.epochs = 60};
  options.fit.learning_rate = 3e-3f;
  options.fit.weight_decay = 0.01f;
  REQUIRE(fit(model, {z, std::vector<char>(600, 1), plain(c)}, options, "flow", stages) == FitStatus::finished);
  REQUIRE(stages.reports().size() == 2);
  CHECK(stages.reports()[1].name == "flow_2");
  Rng own(6);
  const Matrix<float> mean = mean_latents(model, query, own);
  const auto errors = [&](const Matrix<float>& of) {
    return Matrix<float>((of - truth).array().square().rowwise().mean());
  };
  const Matrix<float> ours = errors(mean);
  CHECK(ours.mean() < 0.3f);  // 0.09 is noise; the variance is 0.8
  for (const Matrix<float>& linear :
       {evaluate::baseline::ridge({c, z}, query), evaluate::baseline::linear_joint({c, z}, query, 2)}) {
    const Matrix<float> gain = errors(linear) - ours;
    const float error = std::sqrt((gain.array() - gain.mean()).square().mean() / 400);
    CHECK(gain.mean() > 5 * error);
  }
}

TEST_CASE("fit_fold_model: a member learns nothing from its own fold, nor from cells without target") {
  const Matrix<float> c = normals(60, 2, 1), z = planted(c, 3);
  std::vector<char> measured(60, 1);
  measured[7] = measured[31] = 0;
  const auto trained = [&](Index member, const Matrix<float>& latent) {
    Rng rng(5);
    ConditionalEnsemble model(2, 2, 2, small(3), rng);
    TrainState<float> state;
    fit_fold_model(state, model, member, {latent, measured, plain(c)}, {.epochs = 2, .batch = 16});
    return Matrix<float>(model.members[to_size(member)].direct.weight.value);
  };
  Rng rng(5);
  const std::vector<Index> fold = ConditionalEnsemble(2, 2, 2, small(3), rng).folds(60);
  for (Index member = 0; member < 3; ++member) {
    Matrix<float> other = z;
    for (Index i = 0; i < 60; ++i) {
      if (fold[to_size(i)] == member || !measured[to_size(i)]) other.row(i).setConstant(100);
    }
    CHECK(trained(member, z) == trained(member, other));
    CHECK(trained(member, z) != trained((member + 1) % 3, other));
  }
  Rng again(5);
  ConditionalEnsemble model(2, 2, 2, small(3), again);
  TrainState<float> state;
  CHECK_THROWS_WITH(fit_fold_model(state, model, 0, {z, std::vector<char>(60, 0), plain(c)}, {}),
                    ContainsText("none of 60 cells"));
  CHECK_THROWS_WITH(fit_fold_model(state, model, 0, {z, {1}, plain(c)}, {}), ContainsText("1 marks for 60 cells"));
}

TEST_CASE("fit: epochs make about so many steps of the cells that a member is trained on") {
  // Of 400 cells 60 have a target, and each of two members is trained on about 30 of them.
  const Matrix<float> c = normals(400, 2, 1), z = planted(c, 3);
  std::vector<char> measured(400, 0);
  std::fill(measured.begin(), measured.begin() + 60, 1);
  Rng rng(5);
  ConditionalEnsemble model(2, 2, 2, small(2), rng);
  Stages stages;
  EnsembleFitOptions options{.target = {.steps = 60, .min_epochs = 1}};
  options.fit.batch = 5;
  REQUIRE(fit(model, {z, measured, plain(c)}, options, "flow", stages) == FitStatus::finished);
  const std::vector<Index> fold = model.folds(400);
  for (Index member = 0; member < 2; ++member) {
    Index trained_on = 0;
    for (Index i = 0; i < 60; ++i) trained_on += fold[to_size(i)] != member;
    CHECK(stages.reports()[to_size(member)].options.epochs == 60 / (trained_on / 5));
  }
}

TEST_CASE("fit: every member has random numbers of its own") {
  const Matrix<float> c = normals(60, 2, 1), z = planted(c, 3);
  std::vector<double> first;  // number of each member's first minibatch
  Index calls = 0;
  const ConditionSampler sampler = [&](std::span<const Index> cells, View<float> batch, Rng& own) {
    if (calls++ % 2 == 0) first.push_back(own.normal());
    for (std::size_t b = 0; b < cells.size(); ++b) batch.row(Index(b)) = c.row(cells[b]);
  };
  Rng rng(5);
  ConditionalEnsemble model(2, 2, 2, small(3), rng);
  Stages stages;
  EnsembleFitOptions options{.epochs = 1};
  options.fit.batch = 30;  // two minibatches of 40 cells
  options.fit.seed = 9;
  REQUIRE(fit(model, {z, std::vector<char>(60, 1), sampler}, options, "flow", stages) == FitStatus::finished);
  REQUIRE(first.size() == 3);
  CHECK(first[0] != first[1]);
  CHECK(first[1] != first[2]);
  CHECK(stages.reports()[0].options.seed == 9);
  CHECK(stages.reports()[2].options.seed == 11);
}

TEST_CASE("fit: validation and patience are refused, as no member has cells to watch") {
  const Matrix<float> c = normals(60, 2, 1);
  Rng rng(5);
  ConditionalEnsemble model(2, 2, 2, small(2), rng);
  Stages stages;
  EnsembleFitOptions options{.epochs = 1};
  options.fit.validation = 0.2f;
  CHECK_THROWS_WITH(fit(model, {planted(c, 3), std::vector<char>(60, 1), plain(c)}, options, "flow", stages),
                    ContainsText("has no validation"));
  options.fit.validation = 0;
  options.fit.patience = 2;
  CHECK_THROWS_WITH(fit(model, {planted(c, 3), std::vector<char>(60, 1), plain(c)}, options, "flow", stages),
                    ContainsText("has no patience"));
}

TEST_CASE("EnsembleFitOptions: epochs make about so many steps where none are given") {
  CHECK(EnsembleFitOptions{.epochs = 7}.of(1000).epochs == 7);
  CHECK(EnsembleFitOptions{.target = {.steps = 150, .min_epochs = 2, .max_epochs = 100}}.of(640).epochs == 15);
}

TEST_CASE("fit: nonsense in its options is refused by name and number") {
  const Matrix<float> c = normals(60, 2, 1);
  Rng rng(5);
  ConditionalEnsemble model(2, 2, 2, small(2), rng);
  Stages stages;
  const auto refused = [&](const EnsembleFitOptions& o, const char* why) {
    CHECK_THROWS_WITH(fit(model, {planted(c, 3), std::vector<char>(60, 1), plain(c)}, o, "flow", stages),
                      ContainsText(why));
  };
  refused({.epochs = -2}, "conformal::fit: epochs must be at least 0, got -2");
  refused({.target = {.max_epochs = -1}}, "conformal::fit: target.max_epochs must be at least 0, got -1");
  refused({.fit = {.batch = 0}}, "conformal::fit: fit.batch must be at least 1, got 0");
}
