#pragma once

#include <algorithm>
#include <cmath>
#include <numeric>
#include <span>
#include <string>
#include <vector>

#include <latentcell/op/mse.hpp>
#include <latentcell/train/fit_cells.hpp>
#include <latentcell/trajectory/model.hpp>
#include <latentcell/trajectory/ot_paths.hpp>

namespace LATENTCELL_NAMESPACE::trajectory {

/// Paths are not split: throws std::invalid_argument for options of validation.
inline void check_velocity_options(const FitOptions& options) {
  require_defaults("trajectory::fit: velocity", options, {"validation", "patience"});
}

namespace detail {

inline constexpr std::uint64_t path_stream = 61;  // random numbers of the pairs

/// Paths in random order, for fit_with: a batch is the numbers of some paths.
class PathBatches {
 public:
  struct Batch {
    std::span<const Index> path;
    Index size() const { return Index(path.size()); }
  };
  PathBatches(Index paths, Index batch) : batch_(batch), order_(to_size(paths)) {}
  Index size() const { return Index(order_.size()); }
  Index batches() const { return (size() + batch_ - 1) / batch_; }
  void begin_epoch(Rng& rng) {
    std::iota(order_.begin(), order_.end(), Index(0));
    Rng own = rng.fork();
    shuffle(std::span<Index>(order_), own);
    position_ = 0;
  }
  void skip(Index n) { position_ = std::min(size(), position_ + n * batch_); }
  bool next(Batch& out) {
    const Index take = std::min(batch_, size() - position_);
    if (take <= 0) return false;
    out.path = std::span<const Index>(order_).subspan(to_size(position_), to_size(take));
    position_ += take;
    return true;
  }

 private:
  Index batch_, position_ = 0;
  std::vector<Index> order_;
};

/// Regression targets of the velocity: points of paths and the velocity there, at random times.
class PathTargets {
 public:
  PathTargets(const VelocityModel& model, const OtPaths& paths) : model_(model), paths_(paths) {
    for (Index p = 0; p < paths.size(); ++p) mean_square_ += span(p) * span(p) / double(paths.size());
  }

  /// Mean squared error of the velocity, weighted by the squared time spans relative to their mean.   -> (1, 1)
  Var<float> loss(Tape<float>& tape, std::span<const Index> batch) const {
    const Index n = Index(batch.size()), d = model_.latent();
    float *const z = tape.scratch(n * d), *const target = tape.scratch(n * d), *const t = tape.scratch(n),
                 *const weight = tape.scratch(n);
    std::vector<Direction> direction(to_size(n));
    for (Index b = 0; b < n; ++b) {
      const Point point = draw(batch[to_size(b)], tape.rng(), z + b * d, target + b * d);
      t[b] = point.time;
      weight[b] = point.weight;
      direction[to_size(b)] = point.direction;
    }
    const Var<float> v = model_(tape, ConstView<float>(z, n, d), {t, to_size(n)}, direction);
    return mse(v, ConstView<float>(target, n, d), weight);
  }

 private:
  struct Point {
    float time, weight;  // on the net's clock
    Direction direction;
  };

  double start(Index path) const { return model_.clock(paths_.from[to_size(path)]); }
  double span(Index path) const { return model_.clock(paths_.to[to_size(path)]) - start(path); }

  // Draws a time and a direction, and with noise a point of the Brownian bridge around the path.
  // -> z (D) standardised, target (D) its velocity
  Point draw(Index path, Rng& rng, float* z, float* target) const {
    constexpr double edge = 0.02;  // a bridge's drift grows without bound at its end
    const double sigma = model_.options.noise, span = this->span(path), u = rng.uniform_double(),
                 s = sigma > 0 ? edge + (1 - 2 * edge) * u : u;
    const bool ahead = rng.uniform_double() < 0.5;
    Point out{float(start(path) + s * span), float(span * span / mean_square_),
              ahead ? Direction::forward : Direction::backward};
    paths_.at(path, s, z, target);
    const double width = sigma * std::sqrt(span), bow = std::sqrt(s * (1 - s));
    const double pull = width * (ahead ? std::sqrt(s / (1 - s)) : std::sqrt((1 - s) / s));
    if (sigma > 0) out.weight *= float(ahead ? 1 - s : s);
    for (Index j = 0; j < model_.latent(); ++j) {
      const double scale = double(model_.scaler.scale.value(0, j)), e = sigma > 0 ? rng.normal() : 0.0;
      z[j] = float((double(z[j]) - double(model_.scaler.mean.value(0, j))) / scale + width * bow * e);
      const double along = double(target[j]) / scale * (ahead ? 1 : -1);
      target[j] = float((along - pull * e) / span);
    }
    return out;
  }

  const VelocityModel& model_;
  const OtPaths& paths_;
  double mean_square_ = 0;  // of the time spans, so that the loss is of order one
};

/// Stores scale and time range of the training cells.
inline void start_velocity(VelocityModel& model, const LatentTable& latents, const std::vector<double>& time) {
  constexpr double smallest = 1e-6;  // an embedding may have any unit: diffusion maps have columns of norm 1
  model.scaler.fit(latents.mean, {}, smallest);
  const TimeOrder order(time);
  LATENTCELL_REQUIRE(order.size() >= 2, "trajectory: there must be cells of at least two times, there are ",
                     order.size());
  model.time_range.value << order.times.front(), order.times.back();
}

}  // namespace detail

/// Trains the velocity on latents at times, from where `state` stands.
/// latents (N, D) with the obs column of times
/// hook(velocity, state) is called after each epoch. Throws std::invalid_argument for fewer than two times, and for
/// options of validation.
template <class... Hooks>
void fit_velocity(Model& model, const LatentTable& latents, const FitOptions& options, TrainState<float>& state,
                  Hooks&&... hooks) {
  check_velocity_options(options);
  LATENTCELL_REQUIRE(latents.latent() == model.latent(), "fit: latents of ", latents.latent(),
                     " dimensions for a velocity of ", model.latent());
  const std::vector<double> time = read_times(latents.cell_columns, model.options.time);
  if (!state.begun()) detail::start_velocity(model.velocity, latents, time);
  Rng rng(options.seed, detail::path_stream);
  const OtPaths paths = ot_paths(view(latents.mean), time, model.options.paths, rng);
  const detail::PathTargets targets(model.velocity, paths);
  const auto loss = [&](Tape<float>& tape, const detail::PathBatches::Batch& batch, const StepInfo&) {
    return targets.loss(tape, batch.path);
  };
  fit_with(model.velocity, TrainingData{detail::PathBatches(paths.size(), options.batch)}, loss, options, state,
           hooks...);
}

}  // namespace latentcell::trajectory
