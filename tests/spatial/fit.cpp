#include <latentcell/spatial/fit.hpp>

#include <filesystem>

#include <latentcell/core/threads.hpp>

#include "io/fixtures.hpp"
#include "spatial/planted_tissue.hpp"
#include "support/catch.hpp"

using namespace latentcell;
using spatial::Dataset;
using spatial::Model;

namespace {

spatial::ImputationTask task_of(const std::string& words, Index spots = 240) {
  Rng rng(1);
  return spatial::hold_out(planted::tissue({.spots = spots, .genes = 8, .own = 0.6}, 1), spatial::parse_holdout(words),
                           rng);
}

bool same_state(const Model& a, const Model& b) {
  std::vector<Matrix<double>> x, y;
  visit_state(a, [&](std::string_view, const auto& p) { x.push_back(p.value.template cast<double>()); });
  visit_state(b, [&](std::string_view, const auto& p) { y.push_back(p.value.template cast<double>()); });
  return x == y;
}

}  // namespace

TEST_CASE("options_for: genes and components of the data, missing slices found") {
  const spatial::ImputationTask task = task_of("genes:3");
  Dataset data = spatial::make_dataset(task, spatial::choose_genes(task));
  spatial::Options o = spatial::options_for(data, 4);
  CHECK(o.target.features == data.target.features);
  CHECK(o.target.components == 2);  // of three genes
  CHECK(o.panel->components == 4);
  CHECK(!o.missing_slice);
  data.query.slice[0] = 1;
  CHECK(spatial::options_for(data, 4).missing_slice);
}

TEST_CASE("spatial::fit: all steps, and the same bits from the same seed on any number of threads") {
  const spatial::ImputationTask task = task_of("spots:0.5");
  const int before = threads();
  set_threads(1);
  const planted::Run one = planted::fit(task, 3);
  set_threads(2);
  const planted::Run two = planted::fit(task, 3);
  set_threads(before);
  CHECK(same_state(one.model, two.model));
  CHECK(one.data.in_common_frame);
  CHECK(spatial::mean_neighbor_distance(one.data.reference, 1) == Approx(1).epsilon(1e-3));
  CHECK(one.model.context.frame.value(0, 2) > 3);
  const Matrix<float> genes = one.model.target.log_normalized(one.data.target);
  CHECK(one.model.gene_deviation.value == spatial::column_deviation(genes));
  CHECK(one.model.stacking_weight.value != Matrix<float>::Ones(1, one.model.target.latent()));
  CHECK(one.model.flows.interval_scale.value.minCoeff() > 0);
  CHECK(one.model.flows.interval_scale.value.row(0) != one.model.flows.interval_scale.value.row(1));
}

TEST_CASE("spatial::fit: resumed stages give the same bits as a fit without a stop") {
  const spatial::ImputationTask task = task_of("spots:0.5");
  const fixtures::TemporaryFolder folder;
  const auto fitted = [&](Resume resume) {
    Dataset data = spatial::make_dataset(task, spatial::choose_genes(task));
    Rng rng(4);
    Model model(planted::small(data), rng);
    Stages stages({.folder = folder / "", .resume = resume, .progress = nullptr});
    CHECK(spatial::fit(model, data, planted::short_training(3), rng, stages) == FitStatus::finished);
    CHECK(stages.reports().size() == 3);
    return model;
  };
  const Model whole = fitted(Resume::no);
  std::filesystem::remove(folder / "flow_2.safetensors");
  std::filesystem::remove(folder / "flow_3.safetensors");
  CHECK(same_state(fitted(Resume::yes), whole));
  CHECK(same_state(planted::fit(task, 3).model, whole));
}

TEST_CASE("spatial::fit: epochs by the number of cells where none are asked for") {
  const spatial::ImputationTask task = task_of("spots:0.5", 100);
  Dataset data = spatial::make_dataset(task, spatial::choose_genes(task));
  Rng rng(4);
  spatial::Options o = planted::small(data);
  o.ensemble.members = 2;
  Model model(o, rng);
  Stages stages;
  spatial::TrainingOptions training = planted::short_training(0);
  training.members.fit.batch = 4;
  training.intervals.draws = 4;
  spatial::fit(model, data, training, rng, stages);
  CHECK(stages.reports()[0].options.epochs == 1500 / (25 / 4));  // a member is trained without its fold
}

TEST_CASE("spatial::fit: without draws all but the calibration is done; one draw is refused before any training") {
  const spatial::ImputationTask task = task_of("spots:0.5", 100);
  const auto fitted = [&](Index draws, Stages& stages) {
    Dataset data = spatial::make_dataset(task, spatial::choose_genes(task));
    Rng rng(4);
    Model model(planted::small(data), rng);
    spatial::TrainingOptions training = planted::short_training(1);
    training.intervals.draws = draws;
    (void)spatial::fit(model, data, training, rng, stages);
    return model;
  };
  Stages stages, none;
  const Model means = fitted(0, stages), all = fitted(4, stages);
  CHECK((means.flows.interval_scale.value.array() == 1.0f).all());
  CHECK(means.gene_deviation.value == all.gene_deviation.value);
  CHECK(means.stacking_weight.value == all.stacking_weight.value);
  CHECK_THROWS_WITH(fitted(1, none), ContainsText("spatial::fit: draws must be 0 or at least 2, got 1"));
  CHECK(none.reports().empty());
}

TEST_CASE("spatial::fit: data and model that do not agree are refused") {
  const spatial::ImputationTask task = task_of("spots:0.5");
  Dataset data = spatial::make_dataset(task, spatial::choose_genes(task));
  Rng rng(4);
  Model model(planted::small(data), rng);
  Stages stages;
  const auto refused = [&](Dataset wrong, const std::string& why) {
    CHECK_THROWS_WITH(spatial::fit(model, wrong, planted::short_training(1), rng, stages), ContainsText(why));
  };
  Dataset wrong = data;
  wrong.query.slice[0] = 3;
  refused(wrong, "missing_slice is false");
  wrong = data;
  wrong.panel = wrong.target;
  refused(wrong, "takes no panel");
  wrong = data;
  wrong.target.counts = Counts(8);
  refused(wrong, "0 reference cells; needs 40");
}

TEST_CASE("spatial::fit: nonsense in its options is refused by name and number, before anything is trained") {
  const spatial::ImputationTask task = task_of("spots:0.5", 100);
  Dataset data = spatial::make_dataset(task, spatial::choose_genes(task));
  Rng rng(4);
  Model model(planted::small(data), rng);
  Stages stages;
  const auto refused = [&](const auto& change, const std::string& why) {
    spatial::TrainingOptions o = planted::short_training(1);
    change(o);
    CHECK_THROWS_WITH(spatial::fit(model, data, o, rng, stages), ContainsText("spatial::fit: " + why));
  };
  refused([](auto& o) { o.members.epochs = -1; }, "members.epochs must be at least 0, got -1");
  refused([](auto& o) { o.members.target.steps = 0; }, "members.target.steps must be at least 1, got 0");
  refused([](auto& o) { o.members.fit.learning_rate = -1; }, "members.fit.learning_rate must be above 0, got -1");
  refused([](auto& o) { o.intervals.steps = 0; }, "intervals.steps must be at least 1, got 0");
  refused([](auto& o) { o.frame.unit = -2; }, "frame.unit must be at least 0, got -2");
  CHECK_FALSE(data.in_common_frame);
}
