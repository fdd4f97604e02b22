#pragma once

#include <cstdlib>
#include <filesystem>
#include <string>
#include <vector>

#include <latentcell/op/mse.hpp>
#include <latentcell/core/random_draw.hpp>
#include <latentcell/nn/linear.hpp>
#include <latentcell/op/dropout.hpp>
#include <latentcell/op/elementwise.hpp>
#include <latentcell/train/fit.hpp>

// A run that takes a moment: a small network with dropout learns a curve.

namespace small_run {

namespace lc = latentcell;
using lc::Index;

struct Net {
  lc::Linear<float> in, out;
  lc::Buffer<float> steps{1, 1};

  explicit Net(Index width = 8, std::uint64_t seed = 3) : Net(width, lc::Rng(seed)) {}
  lc::Var<float> operator()(lc::Var<float> x) const { return out(lc::dropout(lc::gelu(in(x)), 0.1f)); }
  void after_step(auto&, const auto&, double) { steps.value(0, 0) += 1; }
  static void visit(auto& self, auto&& f) {
    f("in", self.in);
    f("out", self.out);
    f("steps", self.steps);
  }

 private:
  Net(Index width, lc::Rng rng) : in(2, width, rng), out(width, 1, rng) {}
};

struct Points {
  struct Batch {
    lc::Matrix<float> x, y;
    Index size() const { return x.rows(); }
  };
  lc::Matrix<float> x, y;
  std::vector<Index> order;
  Index at = 0;

  explicit Points(Index n, std::uint64_t seed = 5) : x(n, 2), y(n, 1) {
    lc::Rng rng(seed);
    for (Index i = 0; i < n; ++i) {
      x.row(i) << float(rng.normal()), float(rng.normal());
      y(i, 0) = x(i, 0) * x(i, 1);
      order.push_back(i);
    }
  }
  Index size() const { return x.rows(); }
  Index batches() const { return (size() + 7) / 8; }
  void begin_epoch(lc::Rng& rng) {
    for (std::size_t i = 0; i < order.size(); ++i) order[i] = Index(i);
    lc::shuffle(std::span<Index>(order), rng);
    at = 0;
  }
  bool next(Batch& out) {
    const Index take = std::min<Index>(8, size() - at);
    if (take <= 0) return false;
    out.x.resize(take, 2), out.y.resize(take, 1);
    for (Index i = 0; i < take; ++i) {
      out.x.row(i) = x.row(order[lc::to_size(at + i)]);
      out.y.row(i) = y.row(order[lc::to_size(at + i)]);
    }
    at += take;
    return true;
  }
};

enum class Watch { no, yes };

template <class... Hooks>
void run(Net& net, lc::TrainState<float>& state, const lc::FitOptions& options, Watch watch, Hooks&&... hooks) {
  lc::TrainingData data{Points(40)};
  if (watch == Watch::yes) data.validation = Points(16, 6);
  const auto loss = [&](lc::Tape<float>& tape, const Points::Batch& batch, const lc::StepInfo&) {
    return lc::mse(net(tape.constant(lc::view(batch.x))), lc::view(batch.y));
  };
  lc::fit_with(net, data, loss, options, state, hooks...);
}

/// A hook that stops after an epoch, as Ctrl-C does.
inline auto stop_after(int epoch) {
  return [epoch](const auto&, auto& state) { state.stop = int(state.history.epochs.size()) == epoch; };
}

/// A folder that is gone at the end of the test.
struct Folder {
  std::filesystem::path path;
  Folder() {
    std::string name = (std::filesystem::temp_directory_path() / "latentcell-XXXXXX").string();
    REQUIRE(::mkdtemp(name.data()) != nullptr);
    path = name;
  }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  ~Folder() {
    std::error_code ignored;
    std::filesystem::remove_all(path, ignored);
  }
  std::string file(const char* name) const { return (path / name).string(); }
  std::size_t entries() const {
    return std::size_t(std::distance(std::filesystem::directory_iterator(path), std::filesystem::directory_iterator()));
  }
};

}  // namespace small_run
