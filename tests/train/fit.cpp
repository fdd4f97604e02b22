#include <filesystem>
#include <memory>
#include <span>
#include <vector>

#include <unistd.h>

#include <latentcell/op/mse.hpp>
#include <latentcell/core/random_draw.hpp>
#include <latentcell/io/checkpoint.hpp>
#include <latentcell/kernel/cholesky.hpp>
#include <latentcell/nn/linear.hpp>
#include <latentcell/op/dropout.hpp>
#include <latentcell/op/elementwise.hpp>
#include <latentcell/train/fit.hpp>

#include "support/allocations.hpp"
#include "support/catch.hpp"
#include "support/made_matrix.hpp"

using namespace latentcell;
using support::made_matrix;
using support::window;

namespace {

// Rows of x and y = x W^T + b + noise, in minibatches.
struct Rows {
  struct Batch {
    Matrix<double> x, y;
    Index size() const { return x.rows(); }
  };
  Matrix<double> x, y;
  std::vector<Index> order = {};
  Index at = 0;

  Index size() const { return x.rows(); }
  Index batches() const { return (size() + 15) / 16; }
  void begin_epoch(Rng& rng) {
    order.resize(to_size(size()));
    for (Index i = 0; i < size(); ++i) order[to_size(i)] = i;
    Rng own = rng.fork();
    shuffle(std::span<Index>(order), own);
    at = 0;
  }
  bool next(Batch& out) {
    const Index take = std::min<Index>(16, size() - at);
    if (take <= 0) return false;
    out.x.resize(take, x.cols());
    out.y.resize(take, y.cols());
    for (Index i = 0; i < take; ++i) {
      out.x.row(i) = x.row(order[to_size(at + i)]);
      out.y.row(i) = y.row(order[to_size(at + i)]);
    }
    at += take;
    return true;
  }
};

Rows made_rows(Index n, std::uint64_t seed, double noise) {
  const Matrix<double> w = made_matrix(2, 3, 100);
  Rows rows{made_matrix(n, 3, seed), Matrix<double>(n, 2)};
  rows.y = rows.x * w.transpose() + noise * made_matrix(n, 2, seed + 1);
  rows.y.array() += 0.5;
  return rows;
}

struct Line {
  Linear<double> linear;
  explicit Line(std::uint64_t seed) : linear(make(seed)) {}
  static Linear<double> make(std::uint64_t seed) {
    Rng rng(seed);
    return Linear<double>(3, 2, rng);
  }
  static void visit(auto& self, auto&& f) { f("linear", self.linear); }
};

// With dropout, so that the tape's random numbers matter.
auto loss_of(const Line& line, double share = 0) {
  return [&line, share](Tape<double>& tape, const Rows::Batch& batch, const StepInfo&) {
    return mse(line.linear(dropout(tape.constant(window(batch.x)), share)), window(batch.y));
  };
}

Matrix<double> flat(const Line& line) {
  Matrix<double> out(2, 4);
  out.leftCols(3) = line.linear.weight.value;
  out.col(3) = line.linear.bias.value.transpose();
  return out;
}

Matrix<double> solve(const Matrix<double>& a, Matrix<double> b) {
  kernel::cholesky_solve(a, b);
  return b;
}

}  // namespace

TEST_CASE("fit_with: a linear regression reaches the least squares solution") {
  Rows rows = made_rows(128, 1, 0.1);
  Line line(5);
  TrainState<double> state;
  fit_with(line, TrainingData{rows}, loss_of(line), {.epochs = 200, .learning_rate = 0.05f, .weight_decay = 0}, state);
  Matrix<double> x(128, 4);
  x << rows.x, Matrix<double>::Ones(128, 1);
  const Matrix<double> best = solve(x.transpose() * x, x.transpose() * rows.y).transpose();
  CHECK((flat(line) - best).cwiseAbs().maxCoeff() < 2e-3);
  CHECK(state.history.epochs.size() == 200);
  CHECK(state.history.epochs.back().loss < 0.02);
  CHECK(state.history.epochs.back().cells == 128);
  CHECK(state.history.best == 200);
  CHECK(std::isnan(state.history.epochs.back().validation));
  CHECK(state.optimizer.steps == 200 * 8);
}

TEST_CASE("fit_with: the same seed gives the same bits, another seed others") {
  Rows rows = made_rows(50, 1, 0.1);
  std::vector<Matrix<double>> ends;
  for (const std::uint64_t seed : {1u, 1u, 2u}) {
    Line line(5);
    TrainState<double> state;
    fit_with(line, TrainingData{rows}, loss_of(line, 0.3), {.epochs = 3, .seed = seed}, state);
    ends.push_back(flat(line));
  }
  CHECK(ends[0] == ends[1]);
  CHECK(ends[0] != ends[2]);
}

TEST_CASE("fit_with: a run stopped by a hook and taken up again gives the bits of a run in one go") {
  Rows rows = made_rows(50, 1, 0.1), watch = made_rows(20, 9, 0.1);
  for (const TrainingData<Rows>& data : {TrainingData<Rows>{rows}, TrainingData<Rows>{rows, watch}}) {
    const FitOptions options{.epochs = 6, .ema = 0.9f, .seed = 4};
    Line whole(5), part(5);
    TrainState<double> at_once, later;
    fit_with(whole, data, loss_of(whole, 0.3), options, at_once);
    const auto stop = [](Line&, TrainState<double>& state) { state.stop = state.history.epochs.size() == 3; };
    fit_with(part, data, loss_of(part, 0.3), options, later, stop);
    CHECK(later.history.epochs.size() == 3);
    CHECK(later.history.interrupted);
    fit_with(part, data, loss_of(part, 0.3), options, later);
    CHECK(later.history.epochs.size() == 6);
    CHECK_FALSE(later.history.interrupted);
    CHECK(flat(whole) == flat(part));
    for (std::size_t i = 0; i < 6; ++i) CHECK(at_once.history.epochs[i].loss == later.history.epochs[i].loss);
  }
}

TEST_CASE("fit_with: a run goes on from a file bit for bit") {
  Rows rows = made_rows(50, 1, 0.1);
  const FitOptions options{.epochs = 6, .ema = 0.9f, .seed = 4};
  Line whole(5), part(5), again(77);
  TrainState<double> at_once, first, second;
  fit_with(whole, TrainingData{rows}, loss_of(whole, 0.3), options, at_once);
  fit_with(part, TrainingData{rows}, loss_of(part, 0.3), options, first,
           [](Line&, TrainState<double>& state) { state.stop = state.history.epochs.size() == 3; });
  const std::string path =
      (std::filesystem::temp_directory_path() / text("latentcell_fit_", long(::getpid()), ".safetensors")).string();
  {
    io::SafeTensors file;
    io::store(file, "model", part);
    io::store(file, "state", first);
    const std::int64_t numbers[] = {first.optimizer.steps, first.ema.steps, std::int64_t(first.history.epochs.size())};
    file.add("numbers", numbers, {3});
    io::save_safetensors(path, file);
  }
  const io::SafeTensors file = io::load_safetensors(path);
  std::filesystem::remove(path);
  second.ema.decay = options.ema;
  second.optimizer.prepare(again);
  second.ema.prepare(again);
  io::restore(file, path, "model", again);
  io::restore(file, path, "state", second);
  std::int64_t numbers[3];
  std::memcpy(numbers, file.find("numbers")->bytes.data(), sizeof numbers);
  second.optimizer.steps = numbers[0];
  second.ema.steps = numbers[1];
  second.position.epoch = int(numbers[2]);
  second.history.epochs.resize(std::size_t(numbers[2]));
  fit_with(again, TrainingData{rows}, loss_of(again, 0.3), options, second);
  CHECK(flat(again) == flat(whole));
}

TEST_CASE("fit_with: early stopping restores the best weights") {
  Rows rows = made_rows(40, 1, 0.1), watch = made_rows(40, 9, 0.1);
  Line line(5);
  TrainState<double> state;
  std::vector<Matrix<double>> ends;
  // The validation loss is best at the third epoch and rises from there on.
  int judged = 0;
  const auto loss = [&](Tape<double>& tape, const Rows::Batch& batch, const StepInfo& at) {
    const Var<double> y = loss_of(line)(tape, batch, at);
    if (tape.mode() == Mode::train) return y;
    const int epoch = judged++ / 3;  // three batches of 40 cells
    return scale(y, epoch < 3 ? 10.0 - epoch : 1e6 * (1 + epoch));
  };
  fit_with(line, TrainingData{rows, watch}, loss, {.epochs = 50, .learning_rate = 1e-4f, .patience = 4}, state,
           [&](const Line& now, const TrainState<double>&) { ends.push_back(flat(now)); });
  CHECK(state.history.stopped_early);
  CHECK(state.history.best == 3);
  CHECK(state.history.epochs.size() == 7);
  CHECK(flat(line) == ends[2]);
  CHECK(flat(line) != ends[6]);
  CHECK(state.best_loss == state.history.epochs[2].validation);
}

TEST_CASE("fit_with: a loss or a gradient that is not finite names the step and the Param") {
  Rows rows = made_rows(40, 1, 0.1);
  Line line(5);
  TrainState<double> state;
  int step = 0;
  const auto broken = [&](Tape<double>& tape, const Rows::Batch& batch, const StepInfo& at) {
    CHECK(at.step == step);
    CHECK(at.total == 30);
    return scale(loss_of(line)(tape, batch, at), ++step == 5 ? std::nan("") : 1.0);
  };
  REQUIRE_THROWS_WITH(fit_with(line, TrainingData{rows}, broken, {.epochs = 10}, state),
                      ContainsText("fit: the loss is nan at step 4"));
  const Matrix<double> kept = flat(line);
  const auto bad_gradient = [&](Tape<double>& tape, const Rows::Batch& batch, const StepInfo& at) {
    const Var<double> y = loss_of(line)(tape, batch, at), z = tape.alloc(y.shape(), y);
    z.out() = y.value();
    const Var<double> bias = tape.watch(line.linear.bias);
    tape.on_backward(z, [=] { bias.grad()(0, 1) = std::numeric_limits<double>::infinity(); });
    return z;
  };
  TrainState<double> fresh;
  REQUIRE_THROWS_WITH(fit_with(line, TrainingData{rows}, bad_gradient, {.epochs = 10}, fresh),
                      ContainsText("fit: the gradient of linear.bias is not finite at step 0"));
  CHECK(flat(line) == kept);  // the step was not taken
}

TEST_CASE("fit_with: hooks see every epoch, the moving average is what the model ends with") {
  Rows rows = made_rows(40, 1, 0.1);
  Line line(5);
  TrainState<double> state;
  int calls = 0;
  Matrix<double> last;
  fit_with(line, TrainingData{rows}, loss_of(line), {.epochs = 4, .learning_rate = 0.05f, .ema = 0.99f}, state,
           [&](const Line& now, const TrainState<double>& s) {
             ++calls;
             CHECK(int(s.history.epochs.size()) == calls);
             CHECK(s.history.epochs.back().epoch == calls);
             last = flat(now);
           });
  CHECK(calls == 4);
  CHECK(flat(line) != last);
  CHECK(line.linear.weight.value == state.ema.average[0].value);
}

TEST_CASE("fit_with: clipping bounds what a wild batch does") {
  Rows rows = made_rows(40, 1, 0.1);
  Line a(5), b(5);
  TrainState<double> s, t;
  const auto wild = [](const Line& line, double factor) {
    return [&line, factor](Tape<double>& tape, const Rows::Batch& batch, const StepInfo& at) {
      return scale(loss_of(line)(tape, batch, at), factor);
    };
  };
  fit_with(a, TrainingData{rows}, wild(a, 1e6), {.epochs = 1, .clip = 1e-3f}, s);
  fit_with(b, TrainingData{rows}, wild(b, 1e9), {.epochs = 1, .clip = 1e-3f}, t);
  CHECK((flat(a) - flat(b)).cwiseAbs().maxCoeff() < 1e-12);
}

TEST_CASE("fit_with: steps after the first epoch allocate nothing on the heap") {
  Rows rows = made_rows(64, 1, 0.1);
  Line line(5);
  TrainState<double> state;
  state.history.epochs.reserve(10);
  std::vector<long> counts;
  counts.reserve(10);
  fit_with(line, TrainingData{rows}, loss_of(line, 0.1), {.epochs = 5}, state,
           [&](Line&, TrainState<double>&) { counts.push_back(support::allocations); });
  for (std::size_t i = 1; i < counts.size(); ++i) CHECK(counts[i] == counts[0]);
}

TEST_CASE("fit_with: nothing to train on is named") {
  Rows rows = made_rows(40, 1, 0.1), empty{Matrix<double>(0, 3), Matrix<double>(0, 2)};
  Line line(5);
  TrainState<double> state;
  REQUIRE_THROWS_WITH(fit_with(line, TrainingData{empty}, loss_of(line), {}, state),
                      ContainsText("no cells to train on"));
  REQUIRE_THROWS_WITH(fit_with(line, TrainingData{rows}, loss_of(line), {.epochs = -1}, state),
                      ContainsText("fit: epochs must be at least 0, got -1"));
}

namespace {

// A hook that stops the run after a number of steps.
auto stop_after_steps(Index steps) {
  const auto taken = std::make_shared<Index>(0);
  return Hook{[](auto&, auto&) {}, [=](auto&, auto& state, const StepInfo&) { state.stop = ++*taken == steps; },
              [] { return false; }};
}

// Two ranks in one process: what a rank of the other half would add is known, as both have the same minibatches.
struct Pair {
  Index rank() const { return 0; }
  Index size() const { return 2; }
  void sum(std::span<float>) {}
  void sum(std::span<double>) {}
};

}  // namespace

TEST_CASE("fit_with: a run stopped after any step and taken up again gives the bits of a run in one go") {
  Rows rows = made_rows(50, 1, 0.1), watch = made_rows(20, 9, 0.1);
  for (const int accumulate : {1, 3}) {
    const FitOptions options{.epochs = 3, .accumulate = accumulate, .ema = 0.9f, .seed = 4};
    for (const TrainingData<Rows>& data : {TrainingData<Rows>{rows}, TrainingData<Rows>{rows, watch}}) {
      Line whole(5), part(5);
      TrainState<double> at_once, later;
      fit_with(whole, data, loss_of(whole, 0.3), options, at_once);
      int stops = 0;
      do {
        fit_with(part, data, loss_of(part, 0.3), options, later, stop_after_steps(1));
        stops += later.history.interrupted ? 1 : 0;
      } while (later.history.interrupted && stops < 100);
      CHECK(stops == 3 * (accumulate == 1 ? 4 : 2));
      CHECK(flat(whole) == flat(part));
      CHECK(later.optimizer.steps == at_once.optimizer.steps);
      REQUIRE(later.history.epochs.size() == 3);
      for (std::size_t i = 0; i < 3; ++i) {
        CHECK(at_once.history.epochs[i].loss == later.history.epochs[i].loss);
        CHECK(at_once.history.epochs[i].cells == later.history.epochs[i].cells);
      }
    }
  }
}

TEST_CASE("fit_with: a stop while the model is validated leaves the report to the next run") {
  Rows rows = made_rows(50, 1, 0.1), watch = made_rows(40, 9, 0.1);
  const FitOptions options{.epochs = 2, .ema = 0.9f};
  Line whole(5), part(5);
  TrainState<double> at_once, later;
  fit_with(whole, TrainingData{rows, watch}, loss_of(whole), options, at_once);
  int judged = 0;
  const auto loss = [&](Tape<double>& tape, const Rows::Batch& batch, const StepInfo& at) {
    judged += tape.mode() == Mode::evaluate ? 1 : 0;
    return loss_of(part)(tape, batch, at);
  };
  const auto nothing = [](auto&, auto&, const auto&...) {};
  fit_with(part, TrainingData{rows, watch}, loss, options, later, Hook{nothing, nothing, [&] { return judged == 2; }});
  CHECK(later.history.interrupted);
  CHECK(later.history.epochs.empty());
  CHECK(later.position.step == 4);
  fit_with(part, TrainingData{rows, watch}, loss, options, later);
  CHECK(flat(whole) == flat(part));
  CHECK(at_once.history.epochs[0].validation == later.history.epochs[0].validation);
}

TEST_CASE("fit_with: report_every reports within an epoch and changes no step") {
  Rows rows = made_rows(50, 1, 0.1), watch = made_rows(20, 9, 0.1);
  Line whole(5), often(5);
  TrainState<double> once, state;
  fit_with(whole, TrainingData{rows}, loss_of(whole), {.epochs = 2}, once);
  std::vector<int> epochs;
  fit_with(often, TrainingData{rows}, loss_of(often), {.epochs = 2, .report_every = 32}, state,
           [&](const Line&, const TrainState<double>& s) { epochs.push_back(s.history.epochs.back().epoch); });
  CHECK(flat(whole) == flat(often));
  CHECK(epochs == std::vector<int>{1, 1, 2, 2});
  CHECK(state.history.epochs[0].cells == 32);
  CHECK(state.history.epochs[1].cells == 18);
  CHECK(32 * state.history.epochs[0].loss + 18 * state.history.epochs[1].loss ==
        Approx(50 * once.history.epochs[0].loss));
  // Patience counts reports.
  TrainState<double> impatient;
  Line line(5);
  const auto worse = [&](Tape<double>& tape, const Rows::Batch& batch, const StepInfo& at) {
    return scale(loss_of(line)(tape, batch, at), tape.mode() == Mode::train ? 1.0 : 1.0 + double(at.step));
  };
  fit_with(line, TrainingData{rows, watch}, worse,
           {.epochs = 9, .learning_rate = 1e-6f, .patience = 1, .report_every = 16}, impatient);
  CHECK(impatient.history.stopped_early);
  CHECK(impatient.history.best == 1);
  CHECK(impatient.history.epochs.size() == 2);
}

TEST_CASE("fit_with: what ranks or a run that goes on cannot share is named") {
  Rows rows = made_rows(50, 1, 0.1);
  Line line(5);
  TrainState<double> state;
  Pair pair;
  REQUIRE_THROWS_WITH(fit_with(pair, line, TrainingData{rows}, loss_of(line), {.epochs = 1, .accumulate = 3}, state),
                      ContainsText("the 3 minibatches of a step (accumulate) cannot be shared by 2 ranks"));
  REQUIRE_THROWS_WITH(fit_with(pair, line, TrainingData{rows}, loss_of(line), {.epochs = 1, .accumulate = 2}, state),
                      ContainsText("fit: rank 1 has other weights than rank 0"));
  fit_with(line, TrainingData{rows}, loss_of(line), {.epochs = 2}, state, stop_after_steps(2));
  REQUIRE_THROWS_WITH(fit_with(line, TrainingData{rows}, loss_of(line), {.epochs = 2, .accumulate = 2}, state),
                      ContainsText("begun with 1 minibatches in a step (accumulate), not 2"));
  Rows few = made_rows(16, 1, 0.1);
  REQUIRE_THROWS_WITH(fit_with(line, TrainingData{few}, loss_of(line), {.epochs = 2}, state),
                      ContainsText("fit: step 2 of an epoch of 1: the run was begun with other cells"));
}
