// A covariate encoder of your own: the phase of the cell cycle, an angle. Its sine and cosine go
// through a linear layer, so that phases just below and just above the end of the cycle are
// neighbours, as no plain number has it.
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <numbers>
#include <vector>

#include <latentcell/latentcell.hpp>

namespace lc = latentcell;
using lc::Index, lc::Var;

/// Phases (B, 1) in radians -> (B, width).
struct CellCyclePhase {
  using Scalar = float;
  lc::Linear<float> layer;          // (width, 2)
  lc::Param<float> null_embedding;  // (1, width) of an unknown phase

  CellCyclePhase(Index width, lc::Rng& rng) : layer(2, width, rng), null_embedding(1, width) {}

  Index columns() const { return 1; }  // numbers per cell
  Index width() const { return layer.weight.value.rows(); }

  Var<float> operator()(lc::Tape<float>& tape, lc::ConstView<float> phase) const {
    const Index batch = phase.rows();
    lc::View<float> on_circle(tape.scratch(2 * batch), batch, 2);
    bool* const missing = tape.scratch_of<bool>(batch);
    for (Index b = 0; b < batch; ++b) {
      missing[b] = std::isnan(phase(b, 0));  // not measured, or dropped in training for guidance
      const float angle = missing[b] ? 0.0f : phase(b, 0);
      on_circle.row(b) << std::cos(angle), std::sin(angle);
    }
    const Var<float> encoded = layer(tape.constant(lc::ConstView<float>(on_circle)));
    return lc::replace_rows(encoded, tape.watch(null_embedding), {missing, lc::to_size(batch)});
  }

  static void visit(auto& self, auto&& f) {
    f("layer", self.layer), f("null_embedding", self.null_embedding);
  }
};

int main() {
  // Latents of cells on a ring, each at its phase.
  constexpr Index cells = 1500;
  constexpr double pi = std::numbers::pi;
  lc::Rng rng(1);
  lc::LatentTable latents;
  latents.mean.resize(cells, 2);
  std::vector<double> phase;
  for (Index i = 0; i < cells; ++i) {
    phase.push_back(2 * pi * rng.uniform_double());
    latents.mean(i, 0) = float(2 * std::cos(phase.back()) + 0.2 * rng.normal());
    latents.mean(i, 1) = float(2 * std::sin(phase.back()) + 0.2 * rng.normal());
  }
  latents.cell_columns = lc::Annotation(cells);
  latents.cell_columns.set("phase", phase);

  lc::LatentFlow flow(
      lc::RectifiedFlow{},
      lc::ResidualMlp<float>({.latent = 2, .width = 64, .depth = 2, .condition = 16}, rng),
      lc::from_obs(lc::ObsNumbers{{"phase"}}, CellCyclePhase(16, rng)));
  lc::fit(flow, latents, {.epochs = 60, .learning_rate = 2e-3f, .ema = 0.99f});

  float worst = 0;
  for (const double at : {0.01, pi / 2, pi, 2 * pi - 0.01}) {
    const lc::LatentTable z = flow.generate({.count = 200, .condition = {{"phase", at}}}, rng);
    const Eigen::RowVector2f mean = z.mean.colwise().mean(),
                             truth(float(2 * std::cos(at)), float(2 * std::sin(at)));
    worst = std::max(worst, (mean - truth).norm());
    std::printf("phase %.2f: cells around (%.2f, %.2f)\n", at, double(mean(0)), double(mean(1)));
  }
  return worst < 0.4f ? 0 : 1;
}
