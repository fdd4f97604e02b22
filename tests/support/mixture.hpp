#pragma once

#include <latentcell/backbone/dit.hpp>
#include <latentcell/condition/categorical_covariate.hpp>
#include <latentcell/core/threads.hpp>
#include <latentcell/metric/energy_distance.hpp>
#include <latentcell/latent/fit_flow.hpp>

namespace latent_tests {

using namespace latentcell;

inline const std::vector<std::string> levels{"a", "b"};

// Level a: two well separated normal clouds, one wide and one narrow; level b: one between them.
inline LatentTable mixture(Index n, std::uint64_t seed) {
  Rng rng(seed);
  LatentTable out;
  out.mean.resize(n, 2);
  std::vector<int> codes;
  for (Index i = 0; i < n; ++i) {
    const int code = i % 2 == 0 ? 0 : 1;
    const bool left = rng.uniform() < 0.5f;
    const double spread = code == 1 ? 0.6 : left ? 0.8 : 0.3;
    const double x = code == 1 ? 0 : left ? -3 : 3, y = code == 1 ? 2 : -1;
    out.mean(i, 0) = float(x + spread * rng.normal());
    out.mean(i, 1) = float(y + spread * rng.normal());
    codes.push_back(code);
    out.library.push_back(1000);
    out.cell_names.push_back(text("cell_", i));
  }
  out.cell_columns = labelled("type", Categorical{levels, codes});
  return out;
}

// Its density at a point of a level.
inline double mixture_log_prob(double x, double y, int code) {
  const auto cloud = [&](double mx, double my, double s) {
    return std::exp(-0.5 * ((x - mx) * (x - mx) + (y - my) * (y - my)) / (s * s)) / (2 * 3.14159265358979 * s * s);
  };
  return std::log(code == 1 ? cloud(0, 2, 0.6) : 0.5 * cloud(-3, -1, 0.8) + 0.5 * cloud(3, -1, 0.3));
}

template <class PathType>
auto trained(const PathType& path) {
  const int before = threads();
  set_threads(1);
  Rng rng(3);
  const DitOptions tiny{.latent = 2, .tokens = 2, .width = 32, .depth = 2, .heads = 2, .mlp_ratio = 2, .condition = 16};
  Dit<float> dit(tiny, rng);
  LatentFlow flow(path, std::move(dit), from_obs("type", levels, CategoricalCovariate<float>(2, tiny.condition, rng)));
  fit(flow, mixture(2000, 1), {.epochs = 70, .batch = 128, .learning_rate = 4e-3f, .ema = 0.98f});
  set_threads(before);
  return flow;
}

// Energy distance of generated points to fresh ones, beside that of fresh ones to fresh ones.
struct Distances {
  double model, floor;
};

template <class Flow>
Distances distances(const Flow& flow, SampleOptions o) {
  Rng rng(5);
  const LatentTable a = mixture(1000, 2), b = mixture(1000, 4);
  o.cells = a.cell_columns;
  const LatentTable made = flow.generate(o, rng);
  const auto points = [](const LatentTable& t) { return ConstView<float>(t.mean.data(), t.cells(), 2); };
  return {metric::energy_distance(points(made), points(a)), metric::energy_distance(points(b), points(a))};
}

}  // namespace latent_tests
