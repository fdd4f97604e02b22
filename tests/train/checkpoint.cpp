#include <cstring>
#include <fstream>

#include "support/catch.hpp"
#include "train/small_run.hpp"

#include <latentcell/train/checkpoint.hpp>

using namespace small_run;

namespace {

template <class Model>
std::vector<float> numbers(const Model& model) {
  std::vector<float> out;
  lc::visit_state(model, [&](std::string_view, const auto& p) {
    out.insert(out.end(), p.value.data(), p.value.data() + p.value.size());
  });
  return out;
}

bool same_bits(const std::vector<float>& a, const std::vector<float>& b) {
  return a.size() == b.size() && (a.empty() || std::memcmp(a.data(), b.data(), a.size() * sizeof(float)) == 0);
}

template <class T>
bool same_bits(T a, T b) {
  return std::memcmp(&a, &b, sizeof a) == 0;
}

// Everything but the seconds.
void check_same(const lc::TrainState<float>& a, const lc::TrainState<float>& b) {
  CHECK(same_bits(numbers(a), numbers(b)));
  CHECK(a.optimizer.steps == b.optimizer.steps);
  CHECK(a.ema.steps == b.ema.steps);
  CHECK(same_bits(a.best_loss, b.best_loss));
  CHECK(a.history.best == b.history.best);
  CHECK(a.history.stopped_early == b.history.stopped_early);
  CHECK(a.history.interrupted == b.history.interrupted);
  REQUIRE(a.history.epochs.size() == b.history.epochs.size());
  for (std::size_t i = 0; i < a.history.epochs.size(); ++i) {
    const lc::EpochReport &x = a.history.epochs[i], &y = b.history.epochs[i];
    CHECK(x.epoch == y.epoch);
    CHECK(x.epochs == y.epochs);
    CHECK(x.cells == y.cells);
    CHECK(same_bits(x.loss, y.loss));
    CHECK(std::isnan(x.validation) == std::isnan(y.validation));
    CHECK((std::isnan(x.validation) || same_bits(x.validation, y.validation)));
    CHECK(same_bits(x.rate, y.rate));
  }
}

// 3 epochs, a file, 3 more in another model and state, against 6 in one go.
void check_resumes(const lc::FitOptions& options, Watch watch) {
  const Folder folder;
  const std::string file = folder.file("run.safetensors");
  Net whole;
  lc::TrainState<float> whole_state;
  run(whole, whole_state, options, watch);

  Net first;
  lc::TrainState<float> first_state;
  run(first, first_state, options, watch, stop_after(3), lc::checkpoint(file));
  REQUIRE(first_state.history.interrupted);
  REQUIRE(first_state.history.epochs.size() == 3);
  CHECK(folder.entries() == 1);

  Net second(8, 99);
  lc::TrainState<float> second_state;
  lc::restore_training(file, second, second_state);
  CHECK(same_bits(numbers(second), numbers(first)));
  CHECK(!second_state.stop);
  CHECK(same_bits(second_state.history.epochs[1].seconds, first_state.history.epochs[1].seconds));
  run(second, second_state, options, watch);
  CHECK(same_bits(numbers(second), numbers(whole)));
  check_same(second_state, whole_state);
}

}  // namespace

TEST_CASE("checkpoint: three epochs, a file and three more are six epochs, bit for bit") {
  check_resumes({.epochs = 6, .learning_rate = 1e-2f, .seed = 4}, Watch::no);
}

TEST_CASE("checkpoint: the same with a moving average of the weights") {
  check_resumes({.epochs = 6, .learning_rate = 1e-2f, .ema = 0.9f, .seed = 4}, Watch::no);
}

TEST_CASE("checkpoint: the same with validation and best weights") {
  check_resumes({.epochs = 6, .learning_rate = 1e-2f, .seed = 4}, Watch::yes);
  check_resumes({.epochs = 6, .learning_rate = 1e-2f, .ema = 0.9f, .seed = 4}, Watch::yes);
  // A rate that ruins the fit, so that the best epoch is not the last.
  check_resumes({.epochs = 6, .learning_rate = 3.0f, .seed = 4}, Watch::yes);
}

TEST_CASE("checkpoint: a finished run that is restored only takes its final weights") {
  const Folder folder;
  const lc::FitOptions options{.epochs = 3, .ema = 0.9f, .seed = 4};
  Net net, again(8, 99);
  lc::TrainState<float> state, found;
  run(net, state, options, Watch::no, lc::checkpoint(folder.file("a")));
  lc::restore_training(folder.file("a"), again, found);
  run(again, found, options, Watch::no);
  CHECK(found.history.epochs.size() == 3);
  CHECK(same_bits(numbers(again), numbers(net)));
}

TEST_CASE("checkpoint: written by time, by epochs, at the end and on a stop, and not in between") {
  const Folder folder;
  const std::string file = folder.file("run");
  int written = 0;
  const auto count = [&](const auto&, const auto&) { written += int(std::filesystem::remove(file)); };
  const auto writes = [&](lc::CheckpointOptions options, int stop) {
    written = 0;
    Net net;
    lc::TrainState<float> state;
    run(net, state, {.epochs = 7}, Watch::no, stop_after(stop), lc::checkpoint(file, options), count);
    return written;
  };
  CHECK(writes({.seconds = 0}, 0) == 7);
  CHECK(writes({.seconds = 1e6}, 0) == 1);
  CHECK(writes({.seconds = 1e6, .epochs = 3}, 0) == 3);
  CHECK(writes({.seconds = 1e6}, 2) == 1);
}

TEST_CASE("checkpoint: metadata goes along") {
  const Folder folder;
  Net net;
  lc::TrainState<float> state;
  run(net, state, {.epochs = 1}, Watch::no, lc::checkpoint(folder.file("a"), {}, {{"genes", "a \"b\"\nc"}}));
  const lc::io::SafeTensors found = lc::io::load_safetensors(folder.file("a"));
  CHECK(found.metadata.at("genes") == "a \"b\"\nc");
  CHECK(found.metadata.at("latentcell.version") == lc::version);
}

TEST_CASE(
    "checkpoint: a file of another shape, a file of something else and a cut file are refused and change nothing") {
  const Folder folder;
  const std::string file = folder.file("run");
  Net net;
  lc::TrainState<float> state;
  run(net, state, {.epochs = 2, .ema = 0.9f}, Watch::yes, lc::checkpoint(file));

  Net wider(9);
  lc::TrainState<float> other;
  const std::vector<float> before = numbers(wider);
  REQUIRE_THROWS_WITH(lc::restore_training(file, wider, other),
                      ContainsText(file) && ContainsText("training.model.in.weight") && ContainsText("is (8, 2)") &&
                          ContainsText("needs (9, 2)"));
  CHECK(same_bits(numbers(wider), before));
  CHECK(other.history.epochs.empty());
  CHECK(numbers(other).empty());

  lc::io::SafeTensors model;
  lc::io::store(model, "model", net);
  lc::io::save_safetensors(folder.file("model"), model);
  REQUIRE_THROWS_WITH(lc::restore_training(folder.file("model"), net, other),
                      ContainsText("training.counters") && ContainsText("not a checkpoint of a run"));

  std::filesystem::resize_file(file, std::filesystem::file_size(file) - 5);
  REQUIRE_THROWS_WITH(lc::restore_training(file, net, other), ContainsText("cut short"));
  REQUIRE_THROWS_WITH(lc::restore_training(folder.file("none"), net, other), ContainsText("cannot be opened"));
}

TEST_CASE("checkpoint: a file of before steps were counted is refused in one sentence") {
  const Folder folder;
  Net net;
  lc::TrainState<float> state;
  run(net, state, {.epochs = 1}, Watch::no, lc::checkpoint(folder.file("run")));
  const lc::io::SafeTensors now = lc::io::load_safetensors(folder.file("run"));
  lc::io::SafeTensors before;
  for (const lc::io::SafeTensors::Tensor& tensor : now.tensors)
    if (tensor.name.rfind("training.position", 0) != 0) before.tensors.push_back(tensor);
  lc::io::save_safetensors(folder.file("old"), before);
  REQUIRE_THROWS_WITH(lc::restore_training(folder.file("old"), net, state),
                      ContainsText("old: is of an older version, which stopped after whole epochs: train anew"));
}

TEST_CASE("checkpoint: written within an epoch, by time, and a run goes on from there with the same bits") {
  const Folder folder;
  const lc::FitOptions options{.epochs = 4, .ema = 0.9f};
  Net whole, first, second(8, 99);
  lc::TrainState<float> whole_state, state, found;
  run(whole, whole_state, options, Watch::yes);
  // The file of the eighth step, of five an epoch, is the one that is kept, as after a kill.
  const auto keep = [&](const auto&, const auto&, const lc::StepInfo& at) {
    if (at.step == 7) std::filesystem::copy_file(folder.file("run"), folder.file("kept"));
  };
  const auto nothing = [](const auto&, const auto&) {};
  run(first, state, options, Watch::yes, lc::checkpoint(folder.file("run"), {.seconds = 1e-9}),
      lc::Hook{nothing, keep, [] { return false; }});
  lc::restore_training(folder.file("kept"), second, found);
  CHECK(found.position.epoch == 1);
  CHECK(found.position.step == 3);
  run(second, found, options, Watch::yes);
  CHECK(same_bits(numbers(second), numbers(whole)));
  check_same(found, whole_state);
}

TEST_CASE("checkpoint: a folder that is missing shows before the training") {
  REQUIRE_THROWS_WITH(lc::checkpoint("/no/such/folder/run"), ContainsText("/no/such/folder/run: cannot be written"));
  REQUIRE_THROWS_WITH(lc::checkpoint("run", {.seconds = -1}), ContainsText("seconds must be at least 0, got -1"));
}

TEST_CASE("fit_with: a model's after_step runs once after each step") {
  small_run::Net net;
  lc::TrainState<float> state;
  small_run::run(net, state, {.epochs = 3, .batch = 8}, small_run::Watch::no);
  CHECK(state.optimizer.steps > 0);
  CHECK(lc::Index(net.steps.value(0, 0)) == state.optimizer.steps);
}
