#pragma once

#include <string>
#include <vector>

#include <latentcell/op/mse.hpp>
#include <latentcell/backbone/residual_mlp.hpp>
#include <latentcell/data/latent_table.hpp>
#include <latentcell/data/read_times.hpp>
#include <latentcell/trajectory/ot_paths.hpp>
#include <latentcell/sample/integrate.hpp>
#include <latentcell/train/fit_cells.hpp>

// Cells in motion: one field over latent and time, learned from snapshots.

namespace latentcell {

struct TrajectoryOptions {
  ResidualMlpOptions field = {.latent = 5, .width = 128, .depth = 3, .condition = 2};  ///< latent: D
  std::string time = "time";                                                           ///< obs column of times
  double first = 0, last = 1;  ///< earliest and latest time of the training cells
  OtPathOptions paths;
  double noise = 0;  ///< standard deviation that cells diffuse by over the whole span, in units of the latents' own;
                     ///< 0: an ordinary flow; above: a stochastic bridge between the times
};

/// A field of motion over latent and time that carries cells forwards and backwards. Without noise it is a flow matched
/// to optimal-transport ways between neighbouring times (Tong et al. 2023); with noise it holds the drift of a
/// diffusion in either direction, learned by matching Brownian bridges (Shi, De Bortoli, Campbell and Doucet 2023,
/// "Diffusion Schroedinger bridge matching").
struct Trajectory {
  TrajectoryOptions options;
  ResidualMlp<float> field;
  Buffer<float> center, spread;  // (1, D) of the training cells' latents

  Trajectory(const TrajectoryOptions& o, Rng& rng)
      : options(o), field(o.field, rng), center(1, o.field.latent), spread(1, o.field.latent) {
    LATENTCELL_REQUIRE(o.field.condition == 2, "Trajectory: the field's condition is the direction, 2 wide, not ",
                       o.field.condition);
    LATENTCELL_REQUIRE(o.last > o.first, "Trajectory: the last time, ", o.last, ", must come after the first, ",
                       o.first);
    LATENTCELL_REQUIRE(o.noise >= 0, "Trajectory: noise must not be negative, got ", o.noise);
    spread.value.setOnes();
  }

  Index latent() const { return center.value.cols(); }
  /// Time on the field's clock: 0 at the first, 1 at the last.
  double clock(double time) const { return (time - options.first) / (options.last - options.first); }

  /// Motion per unit of the field's clock, standardised, forwards or backwards.
  /// z (B, D) standardised, t (B) clock, forwards (B) -> (B, D)
  Var<float> motion(Tape<float>& tape, ConstView<float> z, std::span<const float> t,
                    std::span<const char> forwards) const {
    float* const way = tape.scratch(2 * z.rows());
    for (Index b = 0; b < z.rows(); ++b) {
      way[2 * b] = forwards[to_size(b)] ? 1.0f : 0.0f;
      way[2 * b + 1] = 1.0f - way[2 * b];
    }
    return field(tape, tape.constant(z), t, tape.constant(ConstView<float>(way, z.rows(), 2)));
  }

  static void visit(auto& self, auto&& f) {
    f("field", self.field);
    f("center", self.center);
    f("spread", self.spread);
  }
};

namespace detail {

/// Ways in random order, as fit_with takes them: a batch is the numbers of some ways.
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

}  // namespace detail

/// Trains the field on latents at times. Goes on after the epochs that `state` has seen.
/// latents (N, D) with the obs column of times
template <class... Hooks>
void fit_from(TrainState<float>& state, Trajectory& model, const LatentTable& latents, const FitOptions& options,
              Hooks&&... hooks) {
  LATENTCELL_REQUIRE(latents.latent() == model.latent(), "fit: latents of ", latents.latent(),
                     " dimensions for a field of ", model.latent());
  const Index d = model.latent();
  if (state.history.epochs.empty()) {
    for (Index j = 0; j < d; ++j) {
      const float mean = latents.mean.col(j).mean();
      model.center.value(0, j) = mean;
      model.spread.value(0, j) = std::max(1e-6f, std::sqrt((latents.mean.col(j).array() - mean).square().mean()));
    }
  }
  Rng rng(options.seed, 61);
  const OtPaths paths =
      time_paths(view(latents.mean), read_times(latents.cell_columns, model.options.time), model.options.paths, rng);
  double mean_square = 0;  // of the spans, so that the loss is of order one
  for (Index p = 0; p < paths.size(); ++p) {
    const double span = model.clock(paths.to[to_size(p)]) - model.clock(paths.from[to_size(p)]);
    mean_square += span * span / double(paths.size());
  }
  const double sigma = model.options.noise;
  const auto loss = [&](Tape<float>& tape, const detail::PathBatches::Batch& batch, const StepInfo&) {
    const Index n = batch.size();
    float *const z = tape.scratch(n * d), *const target = tape.scratch(n * d), *const t = tape.scratch(n),
                 *const weight = tape.scratch(n);
    std::vector<char> forwards(to_size(n));
    for (Index b = 0; b < n; ++b) {
      const Index p = batch.path[to_size(b)];
      const double from = model.clock(paths.from[to_size(p)]), to = model.clock(paths.to[to_size(p)]);
      const double span = to - from;
      // A bridge's drift grows without bound at its end.
      constexpr double edge = 0.02;
      const double u = tape.rng().uniform_double(), s = sigma > 0 ? edge + (1 - 2 * edge) * u : u;
      const bool ahead = tape.rng().uniform_double() < 0.5;
      forwards[to_size(b)] = ahead;
      t[b] = float(from + s * span);
      weight[b] = float(span * span / mean_square);
      paths.at(p, s, z + b * d, target + b * d);
      const double width = sigma * std::sqrt(span), bow = std::sqrt(s * (1 - s));
      const double pull = width * (ahead ? std::sqrt(s / (1 - s)) : std::sqrt((1 - s) / s));
      if (sigma > 0) weight[b] *= float(ahead ? 1 - s : s);
      for (Index j = 0; j < d; ++j) {
        const double own = double(model.spread.value(0, j)), e = sigma > 0 ? tape.rng().normal() : 0.0;
        z[b * d + j] = float((double(z[b * d + j]) - double(model.center.value(0, j))) / own + width * bow * e);
        const double along = double(target[b * d + j]) / own * (ahead ? 1 : -1);
        target[b * d + j] = float((along - pull * e) / span);
      }
    }
    const Var<float> v = std::as_const(model).motion(tape, ConstView<float>(z, n, d), {t, to_size(n)}, forwards);
    return mse(v, ConstView<float>(target, n, d), weight);
  };
  fit_with(model, TrainingData{detail::PathBatches(paths.size(), options.batch)}, loss, options, state, hooks...);
}

/// The same from the start, giving the history.
template <class... Hooks>
History fit(Trajectory& model, const LatentTable& latents, const FitOptions& options = {}, Hooks&&... hooks) {
  TrainState<float> state;
  fit_from(state, model, latents, options, hooks...);
  return state.history;
}

/// Carries each cell from a time of its own to another, in place; with noise in the model, by its diffusion.
/// z (N, D) latents, from and to (N) times
inline void advance_in_time(const Trajectory& model, Matrix<float>& z, const std::vector<double>& from,
                            const std::vector<double>& to, Index steps, Rng& rng) {
  LATENTCELL_REQUIRE(z.cols() == model.latent() && Index(from.size()) == z.rows() && from.size() == to.size(),
                     "carry: latents (", z.rows(), ", ", z.cols(), "), ", from.size(), " starts and ", to.size(),
                     " ends, for a field of ", model.latent(), " dimensions");
  LATENTCELL_REQUIRE(steps >= 1, "carry: steps must be at least 1, got ", steps);
  constexpr Index most = 2048;
  const Index d = model.latent();
  const Rng own = rng.fork();
  Tape<float> tape(Mode::no_gradient);
  for (Index first = 0; first < z.rows(); first += most) {
    const Index n = std::min(most, z.rows() - first);
    View<float> here(z.data() + first * d, n, d);
    std::vector<float> start(to_size(n)), span(to_size(n));
    std::vector<char> forwards(to_size(n));
    std::vector<Rng> noise;
    for (Index i = 0; i < n; ++i) {
      const double a = model.clock(from[to_size(first + i)]), b = model.clock(to[to_size(first + i)]);
      start[to_size(i)] = float(a);
      span[to_size(i)] = float(b - a);
      forwards[to_size(i)] = b >= a;
      noise.push_back(own.at(std::uint64_t(first + i)));
      for (Index j = 0; j < d; ++j) here(i, j) = (here(i, j) - model.center.value(0, j)) / model.spread.value(0, j);
    }
    const auto velocity = [&](float s, ConstView<float> at, View<float> out) {
      tape.reset();
      float* const t = tape.scratch(n);
      for (Index i = 0; i < n; ++i) t[i] = start[to_size(i)] + s * span[to_size(i)];
      out = model.motion(tape, at, {t, to_size(n)}, forwards).value();
      for (Index i = 0; i < n; ++i) out.row(i) *= std::abs(span[to_size(i)]);
    };
    if (model.options.noise == 0) {
      integrate(velocity, here, {.method = Method::heun, .steps = steps});
    } else {  // Euler-Maruyama
      Matrix<float> step(n, d);
      for (Index k = 0; k < steps; ++k) {
        velocity(float(k) / float(steps), ConstView<float>(here.data(), n, d), view(step));
        for (Index i = 0; i < n; ++i) {
          const float width = float(model.options.noise) * std::sqrt(std::abs(span[to_size(i)]) / float(steps));
          for (Index j = 0; j < d; ++j)
            here(i, j) += step(i, j) / float(steps) + width * float(noise[to_size(i)].normal());
        }
      }
    }
    for (Index i = 0; i < n; ++i) {
      for (Index j = 0; j < d; ++j) here(i, j) = here(i, j) * model.spread.value(0, j) + model.center.value(0, j);
    }
  }
}

}  // namespace latentcell
