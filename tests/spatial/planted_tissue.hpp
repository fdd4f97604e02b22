#pragma once

#include <cmath>
#include <numbers>
#include <vector>

#include <latentcell/core/rng.hpp>
#include <latentcell/data/simulate_tissue_slice.hpp>
#include <latentcell/spatial/fit.hpp>
#include <latentcell/spatial/predict.hpp>

// Tissues with a known answer, and models small enough for tests.

namespace planted {

using namespace latentcell;

/// Points in a bent rectangle, whose outline fits in one way alone.
inline Matrix<float> bent_points(Index n, std::uint64_t seed) {
  Rng rng(seed);
  Matrix<float> out(n, 2);
  for (Index i = 0; i < n; ++i) {
    out(i, 0) = float(20 * rng.uniform_double());
    out(i, 1) = float(8 * rng.uniform_double() + (out(i, 0) > 12 ? 3 : 0));
  }
  return out;
}

/// A smooth field over the locations.     -> (N, 1)
inline Matrix<float> smooth_field(const Matrix<float>& at, double wavelength) {
  Matrix<float> out(at.rows(), 1);
  for (Index i = 0; i < at.rows(); ++i) {
    const double w = 2 * std::numbers::pi / wavelength;
    out(i, 0) = float(std::sin(w * double(at(i, 0))) + std::cos(w * double(at(i, 1))));
  }
  return out;
}

/// One slice whose genes share layers, waves and kinds of cells.
inline spatial::Tissue tissue(const TissueSliceOptions& o, std::uint64_t seed) {
  Rng rng(seed);
  const CellTable cells = simulate_tissue_slice(o, rng);
  return spatial::make_tissue(cells, cells.embeddings.at("spatial"));
}

struct Run {
  spatial::Dataset data;
  spatial::Model model;
};

/// Settings of a model that trains in a second.
inline spatial::Options small(const spatial::Dataset& data) {
  spatial::Options o = spatial::options_for(data, 10);
  o.ensemble.members = 3;
  o.ensemble.velocity_net = {.width = 32, .depth = 1, .condition = 48, .dropout = 0.3f};
  o.context = {.neighbors = {1, 5}, .kriged = 15, .waves = 1};
  return o;
}

inline spatial::TrainingOptions short_training(int epochs) {
  spatial::TrainingOptions o;
  o.members.epochs = epochs;
  o.members.fit.learning_rate = 2e-3f;
  o.members.fit.ema = 0.98f;
  o.intervals.draws = 40;
  return o;
}

/// Fits a small model to a task.
inline Run fit(const spatial::ImputationTask& task, int epochs) {
  spatial::Dataset data = spatial::make_dataset(task, spatial::choose_genes(task));
  Rng rng(4);
  spatial::Model model(small(data), rng);
  Stages stages;
  spatial::fit(model, data, short_training(epochs), rng, stages);
  return {std::move(data), std::move(model)};
}

}  // namespace planted
