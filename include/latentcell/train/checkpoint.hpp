#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include <latentcell/core/options.hpp>
#include <latentcell/io/checkpoint.hpp>
#include <latentcell/train/train_state.hpp>

namespace LATENTCELL_NAMESPACE {

struct CheckpointOptions {
  double seconds = 30;  ///< written after the step that ends this long after the last writing; 0 after every report
  int epochs = 0;       ///< written also when this many epochs have passed; 0 leaves it to the time

  static void visit(auto& self, auto&& f) {
    f("seconds", self.seconds, at_least(0));
    f("epochs", self.epochs, at_least(0));
  }
};

namespace detail {

template <class Model, class State>
struct Training {
  Model& model;
  State& state;
  static void visit(auto& self, auto&& f) {
    f("model", self.model);
    f("state", self.state);
  }
};

template <class N>
std::vector<N> plain_numbers(const io::SafeTensors& from, const std::string& file, const std::string& name,
                             Index columns) {
  const io::SafeTensors::Tensor* t = from.find(name);
  if (t == nullptr) throw_runtime(file, ": has no tensor '", name, "': it is not a checkpoint of a run");
  if (t->type != io::SafeTensors::type_name<N>() || t->shape.size() != 2 || t->shape[1] != columns) {
    throw_runtime(file, ": tensor '", name, "' is not one of ", io::SafeTensors::type_name<N>(), " with ", columns,
                  " columns");
  }
  std::vector<N> out(t->bytes.size() / sizeof(N));
  if (!out.empty()) std::memcpy(out.data(), t->bytes.data(), t->bytes.size());
  return out;
}

}  // namespace detail

/// Writes a run to one safetensors file: the model under "training.model", moments, moving average and best weights
/// under "training.state", and the history. `metadata` goes along for whoever reads the file. The old file stays until
/// the new one is whole. Throws std::runtime_error naming the file.
template <class Model, class T>
void save_training(const std::string& path, const Model& model, const TrainState<T>& state,
                   const std::map<std::string, std::string>& metadata = {}) {
  io::SafeTensors file;
  file.metadata = metadata;
  io::store(file, "training", detail::Training<const Model, const TrainState<T>>{model, state});
  const std::int64_t counters[] = {state.optimizer.steps, state.ema.steps, state.history.best,
                                   state.history.stopped_early ? 1 : 0};
  file.add("training.counters", counters, {1, 4});
  file.add("training.best_loss", &state.best_loss, {1, 1});
  const TrainingPosition& at = state.position;
  const std::int64_t position[] = {at.epoch, at.step, at.accumulate, at.cells};
  const double sums[] = {at.loss, at.rate, at.seconds};
  file.add("training.position", position, {1, 4});
  file.add("training.position.sums", sums, {1, 3});
  std::vector<std::int64_t> whole;
  std::vector<double> real;
  for (const EpochReport& e : state.history.epochs) {
    whole.insert(whole.end(), {e.epoch, e.epochs, e.cells});
    real.insert(real.end(), {e.loss, e.validation, e.rate, e.seconds});
  }
  const Index epochs = Index(state.history.epochs.size());
  file.add("training.history.whole", whole.data(), {epochs, 3});  // epoch, epochs, cells
  file.add("training.history.real", real.data(), {epochs, 4});    // loss, validation, rate, seconds
  io::save_safetensors(path, file);
}

/// The entry of metadata that says which run a checkpoint is of.
inline constexpr const char* run_key = "run";

/// Brings back what save_training wrote, so that fit_with with the same options, data and model goes on where the run
/// stopped, bit for bit. What is an option (rates, decays, which Params are frozen) is not in the file. Throws
/// std::runtime_error naming the file where it is missing, damaged, of another run than `identity` or of an
/// unnamed one, where that is given, or of another model, with both shapes; model and state are then as they were.
template <class Model, class T>
void restore_training(const std::string& path, Model& model, TrainState<T>& state, const std::string& identity = {}) {
  const io::SafeTensors file = io::load_safetensors(path);
  if (const auto run = file.metadata.find(run_key);
      !identity.empty() && (run == file.metadata.end() || run->second != identity))
    throw_runtime(path, ": is the checkpoint of another run");
  const auto counters = detail::plain_numbers<std::int64_t>(file, path, "training.counters", 4);
  if (file.find("training.position") == nullptr)
    throw_runtime(path, ": is of an older version, which stopped after whole epochs: train anew, without resuming");
  const auto position = detail::plain_numbers<std::int64_t>(file, path, "training.position", 4);
  const auto sums = detail::plain_numbers<double>(file, path, "training.position.sums", 3);
  const auto best_loss = detail::plain_numbers<double>(file, path, "training.best_loss", 1);
  const auto whole = detail::plain_numbers<std::int64_t>(file, path, "training.history.whole", 3);
  const auto real = detail::plain_numbers<double>(file, path, "training.history.real", 4);
  const std::size_t epochs = whole.size() / 3;
  if (counters.size() != 4 || position.size() != 4 || sums.size() != 3 || best_loss.size() != 1 ||
      real.size() != 4 * epochs) {
    throw_runtime(path, ": its counters and its history of ", epochs, " reports do not fit together");
  }

  TrainState<T> found;
  found.optimizer.options = state.optimizer.options;
  found.ema.decay = state.ema.decay;
  found.schedule = state.schedule;
  found.team = state.team;
  const auto prepare = [&](std::vector<Buffer<T>>& buffers, const char* name) {
    if (file.find(text("training.state.", name, ".0")) == nullptr) return;
    for (const Param<T>* p : Params<T>(model)) buffers.emplace_back(p->value.rows(), p->value.cols());
  };
  prepare(found.optimizer.mean, "optimizer.mean");
  prepare(found.optimizer.square, "optimizer.square");
  prepare(found.ema.average, "ema.average");
  prepare(found.best, "best");
  detail::Training<Model, TrainState<T>> both{model, found};
  io::restore(file, path, "training", both);

  found.optimizer.steps = Index(counters[0]);
  found.ema.steps = Index(counters[1]);
  found.history.best = int(counters[2]);
  found.history.stopped_early = counters[3] != 0;
  found.best_loss = best_loss[0];
  found.position = {int(position[0]), Index(position[1]), int(position[2]), Index(position[3]), sums[0], sums[1],
                    sums[2]};
  for (std::size_t i = 0; i < epochs; ++i) {
    const std::int64_t* w = whole.data() + 3 * i;
    const double* r = real.data() + 4 * i;
    found.history.epochs.push_back({int(w[0]), int(w[1]), r[0], r[1], r[2], r[3], Index(w[2])});
  }
  state = std::move(found);
}

namespace detail {

/// Writes a run to a file now and then.
class CheckpointHook {
 public:
  CheckpointHook(std::string path, CheckpointOptions options, std::map<std::string, std::string> metadata)
      : path_(std::move(path)), options_(options), metadata_(std::move(metadata)) {}

  void operator()(const auto& model, const auto& state) {
    if (!state.begun()) return;
    const TrainingPosition& at = state.position;
    const auto& reports = state.history.epochs;
    const bool whole = !reports.empty() && at.epoch >= reports.back().epochs;
    const bool passed = options_.epochs > 0 && at.epoch - epoch_ >= options_.epochs;
    if (seconds() >= options_.seconds || passed || state.stop || state.history.stopped_early || whole)
      write(model, state);
  }
  void on_step(const auto& model, const auto& state, const StepInfo&) {
    if (epoch_ < 0) epoch_ = state.position.epoch;
    if (options_.seconds > 0 && seconds() >= options_.seconds) write(model, state);
  }

 private:
  using Clock = std::chrono::steady_clock;
  double seconds() const { return std::chrono::duration<double>(Clock::now() - last_).count(); }
  void write(const auto& model, const auto& state) {
    save_training(path_, model, state, metadata_);
    last_ = Clock::now();
    epoch_ = state.position.epoch;
  }

  std::string path_;
  CheckpointOptions options_;
  std::map<std::string, std::string> metadata_;
  Clock::time_point last_ = Clock::now();
  int epoch_ = -1;  // at the last writing, or where the run began
};

}  // namespace detail

/// A hook that writes the run to a file now and then, after the last epoch, and when the run is stopped by a hook that
/// stands before it.      hook(model, state)
/// Throws std::runtime_error naming the file where it cannot be written: at once for a missing or closed folder.
inline auto checkpoint(std::string path, CheckpointOptions options = {},
                       std::map<std::string, std::string> metadata = {}) {
  check_options("checkpoint", options);
  { const io::AtomicFile probe(path); }
  return detail::CheckpointHook(std::move(path), options, std::move(metadata));
}

}  // namespace latentcell
