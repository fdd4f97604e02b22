#include <latentcell/distributed/mpi_team.hpp>

#include <filesystem>
#include <numeric>
#include <string>
#include <vector>

#include <unistd.h>

#include <latentcell/latent/fit_flow.hpp>
#include <latentcell/train/stages.hpp>

#include "distributed/team.hpp"
#include "latent/small_models.hpp"
#include "train/small_run.hpp"

// Every rank runs every test: what one of them sums, all do.

using namespace latentcell;

namespace {

template <class Model>
std::vector<float> numbers(const Model& model) {
  std::vector<float> out;
  visit_state(model, [&](std::string_view, const auto& p) {
    out.insert(out.end(), p.value.data(), p.value.data() + p.value.size());
  });
  return out;
}

double difference(const std::vector<float>& a, const std::vector<float>& b) {
  REQUIRE(a.size() == b.size());
  double off = 0, size = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    off += double(a[i] - b[i]) * double(a[i] - b[i]);
    size += double(b[i]) * double(b[i]);
  }
  return std::sqrt(off / size);
}

// Twelve minibatches, of which the second step has four: with eight ranks, four have none.
const FitOptions twelve{.epochs = 15, .batch = 5, .accumulate = 8, .ema = 0.9f, .seed = 3};

// The first two are trained alone and by the team.
void check_alike(const auto& make, const auto& train) {
  auto alone = make(), together = make(), again = make();
  TrainState<float> one, all, same;
  train(alone, one);
  all.team = same.team = the_team();
  train(together, all);
  train(again, same);
  CHECK(difference(numbers(together), numbers(alone)) < 1e-5);
  CHECK(numbers(again) == numbers(together));
  REQUIRE(all.history.epochs.size() == one.history.epochs.size());
  CHECK(all.history.best == one.history.best);
  for (std::size_t i = 0; i < all.history.epochs.size(); ++i) {
    CHECK(all.history.epochs[i].cells == one.history.epochs[i].cells);
    CHECK(all.history.epochs[i].loss == Approx(one.history.epochs[i].loss).epsilon(1e-5));
    if (one.best.empty()) continue;
    CHECK(all.history.epochs[i].validation == Approx(one.history.epochs[i].validation).epsilon(1e-5));
  }
}

// A folder that all ranks see, gone at the end.
struct SharedFolder {
  std::filesystem::path path;
  SharedFolder() {
    double number = the_team().rank() == 0 ? double(::getpid()) : 0;
    the_team().sum(std::span<double>(&number, 1));
    path = std::filesystem::temp_directory_path() / text("latentcell-ranks-", long(number));
    if (the_team().rank() == 0) std::filesystem::create_directory(path);
    wait();
  }
  ~SharedFolder() {
    wait();
    std::error_code ignored;
    if (the_team().rank() == 0) std::filesystem::remove_all(path, ignored);
  }
  static void wait() { any_rank(the_team(), false); }
};

}  // namespace

TEST_CASE("MpiTeam: short and long sums are those of all ranks") {
  MpiTeam& team = the_team();
  const Index n = team.size();
  for (const std::size_t length : {std::size_t(1), std::size_t(4096), std::size_t(100000)}) {
    std::vector<double> real(length);
    std::iota(real.begin(), real.end(), double(team.rank()));
    std::vector<float> single(length, float(team.rank() + 1));
    team.sum(std::span<double>(real));
    team.sum(std::span<float>(single));
    for (const std::size_t i : {std::size_t(0), length - 1}) {
      CHECK(real[i] == double(n) * double(i) + double(n * (n - 1) / 2));
      CHECK(single[i] == float(n * (n + 1) / 2));
    }
  }
  CHECK(any_rank(team, team.rank() == n - 1));
  CHECK_FALSE(any_rank(team, false));
}

TEST_CASE("MpiTeam: an autoencoder learns what it learns alone, and the same ranks give the same bits") {
  const CellTable cells = small_models::cells();
  check_alike([] { return small_models::vae(); },
              [&](auto& vae, TrainState<float>& state) { fit(vae, cells, twelve, state); });
}

TEST_CASE("MpiTeam: the validation, the best weights and the early stop are those of one process") {
  const CellTable cells = small_models::cells();
  std::vector<Index> train, watch;
  for (Index i = 0; i < 60; ++i) (i % 3 == 0 ? watch : train).push_back(i);
  FitOptions options = twelve;
  options.patience = 4;
  check_alike([] { return small_models::vae(); },
              [&](auto& vae, TrainState<float>& state) {
                vae.initialize_from_data(cells.counts);
                // The cells kept out look worse from the sixth epoch on.
                const auto loss = [&](Tape<float>& tape, const CellBatch& batch, const StepInfo& at) {
                  const bool worse = tape.mode() == Mode::evaluate && 3 * at.step > at.total;
                  return scale(std::as_const(vae).loss(tape, batch, at.share()), worse ? 2.0f : 1.0f);
                };
                const TrainingData data{CellBatches(cells, {.batch = 5, .rows = train}),
                                        CellBatches(cells, {.batch = 7, .rows = watch})};
                fit_with(vae, data, loss, options, state);
                CHECK(state.history.stopped_early);
                CHECK(state.history.best == 5);
                CHECK(state.history.epochs.size() == 9);
              });
}

TEST_CASE("MpiTeam: a flow learns what it learns alone") {
  const LatentTable latents = small_models::latents();
  check_alike([] { return small_models::flow(); },
              [&](auto& flow, TrainState<float>& state) { fit(flow, latents, twelve, state); });
}

TEST_CASE("MpiTeam: a stop that one rank asks for stops all after the same step, and one process goes on") {
  const SharedFolder folder;
  const CellTable cells = small_models::cells();
  auto alone = small_models::vae(), part = small_models::vae(), rest = small_models::vae(), same = small_models::vae();
  TrainState<float> one, all;
  fit(alone, cells, twelve, one);
  all.team = the_team();
  const bool last = the_team().rank() == the_team().size() - 1;
  const auto nothing = [](const auto&, const auto&, const auto&...) {};
  Hook stop{nothing, [&](const auto&, auto& state, const StepInfo& at) { state.stop = last && at.step == 8; },
            [] { return false; }};
  const std::string file = (folder.path / "run").string();
  fit(part, cells, twelve, all, stop, on_first(the_team(), checkpoint(file)));
  CHECK(all.history.interrupted);
  CHECK(all.stop);
  CHECK(all.position.epoch == 4);
  CHECK(all.position.step == 1);
  folder.wait();
  TrainState<float> found, together;
  restore_training(file, rest, found);
  restore_training(file, same, together);
  CHECK(numbers(rest) == numbers(part));
  CHECK(found.position.step == 1);
  fit(rest, cells, twelve, found);
  together.team = the_team();
  fit(same, cells, twelve, together);
  CHECK(difference(numbers(rest), numbers(alone)) < 1e-5);
  CHECK(difference(numbers(same), numbers(alone)) < 1e-5);
}

TEST_CASE("MpiTeam: stages in a folder are written by rank 0, and all ranks resume") {
  const SharedFolder folder;
  const CellTable cells = small_models::cells();
  auto alone = small_models::vae(), part = small_models::vae(), rest = small_models::vae();
  TrainState<float> one;
  fit(alone, cells, twelve, one);
  const auto run = [&](Resume resume, auto& vae, int until) {
    Stages stages({.folder = folder.path.string(), .resume = resume, .team = the_team(), .progress = nullptr});
    return stages.run<float>("vae", twelve, vae, [&](auto& state, auto&& hook) {
      fit(
          vae, cells, twelve, state, [=](const auto&, auto& s) { s.stop = int(s.history.epochs.size()) == until; },
          hook);
    });
  };
  CHECK(run(Resume::no, part, 3) == FitStatus::interrupted);
  folder.wait();
  CHECK(run(Resume::yes, rest, -1) == FitStatus::finished);
  CHECK(difference(numbers(rest), numbers(alone)) < 1e-5);
}

TEST_CASE("MpiTeam: a loss that is not finite on one rank throws on all, naming the step") {
  const CellTable cells = small_models::cells();
  auto vae = small_models::vae();
  TrainState<float> state;
  state.team = the_team();
  FitOptions none = twelve;
  none.epochs = 0;
  fit(vae, cells, none, state);
  const auto loss = [&](Tape<float>& tape, const CellBatch& batch, const StepInfo& at) {
    const bool bad = at.step == 2 && the_team().rank() == the_team().size() - 1;
    return scale(std::as_const(vae).loss(tape, batch, at.share()), bad ? std::nanf("") : 1.0f);
  };
  REQUIRE_THROWS_WITH(fit_with(vae, TrainingData{CellBatches(cells, {.batch = 5})}, loss, twelve, state),
                      ContainsText("nan at step 2"));
}

TEST_CASE("MpiTeam: ranks that begin differently, and models that learn after the step, are refused") {
  if (the_team().size() == 1) return;
  const LatentTable latents = small_models::latents();
  auto flow = small_models::flow();
  TrainState<float> state;
  state.team = the_team();
  flow.start(latents);
  if (the_team().rank() == 1) {
    each_param(flow, [](auto& p) { p.value.array() += 1.0f; });
  }
  FitOptions options = twelve;
  state.position.epoch = 1;  // as if it had begun, so that the flow is not started again
  REQUIRE_THROWS_WITH(fit(flow, latents, options, state), ContainsText("fit: rank 1 has other weights than rank 0"));
  auto same = small_models::flow();
  TrainState<float> other;
  other.team = the_team();
  options.learning_rate = the_team().rank() == 1 ? 2e-3f : 1e-3f;
  REQUIRE_THROWS_WITH(fit(same, latents, options, other), ContainsText("fit: rank 1 is at another place or has other"));
  small_run::Net net;
  TrainState<float> fresh;
  fresh.team = the_team();
  REQUIRE_THROWS_WITH(small_run::run(net, fresh, {.epochs = 1, .accumulate = 8}, small_run::Watch::no),
                      ContainsText("a model with after_step"));
}
