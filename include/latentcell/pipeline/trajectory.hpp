#pragma once

#include <limits>
#include <optional>
#include <string>
#include <vector>

#include <latentcell/autoencoder/pca_autoencoder.hpp>
#include <latentcell/backbone/residual_mlp.hpp>
#include <latentcell/data/latent_table.hpp>
#include <latentcell/kernel/neighbors.hpp>
#include <latentcell/op/reduce.hpp>
#include <latentcell/pipeline/model_file.hpp>
#include <latentcell/pipeline/time_paths.hpp>
#include <latentcell/sample/integrate.hpp>
#include <latentcell/train/fit_cells.hpp>

// Cells in motion: one field over latent and time, learned from snapshots.

namespace latentcell {

struct TrajectoryOptions {
  ResidualMlpOptions field = {.latent = 5, .width = 128, .depth = 3, .condition = 2};  ///< latent: D
  std::string time = "time";                                                           ///< obs column of times
  double first = 0, last = 1;  ///< earliest and latest time of the training cells
  TimePathOptions paths;
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

/// Numbers of a column of times: as they are, or labels that are numbers, ranges "a-b" (their middle), "> a" or "< a".
/// Throws std::invalid_argument naming a label that is none of these; a missing label is NaN.
inline std::vector<double> read_times(const Annotation& obs, const std::string& column) {
  const Column& of = obs.get(column);
  if (const auto* numbers = std::get_if<std::vector<double>>(&of)) return *numbers;
  const Categorical labels = obs.labels(column);
  std::vector<double> of_level;
  for (const std::string& level : labels.levels) {
    const char* at = level.c_str();
    while (*at == ' ' || *at == '>' || *at == '<' || *at == '=') ++at;
    char* end = nullptr;
    const double first = std::strtod(at, &end);
    double value = first;
    bool good = end != at && std::isfinite(first);
    if (good && (*end == '-' || *end == '_')) {
      const char* const second = end + 1;
      char* last = nullptr;
      value = 0.5 * (first + std::strtod(second, &last));
      good = last != second;
      end = last;
    }
    if (good) {
      while (*end == ' ') ++end;
      good = *end == '\0';
    }
    LATENTCELL_REQUIRE(good, "column '", column, "' is no time: '", level, "' is neither a number nor a range such as ",
                       "270-330");
    of_level.push_back(value);
  }
  std::vector<double> out;
  for (const int code : labels.codes)
    out.push_back(code < 0 ? std::numeric_limits<double>::quiet_NaN() : of_level[std::size_t(code)]);
  return out;
}

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
  const TimePaths paths =
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
  detail::PathBatches train(paths.size(), options.batch);
  fit_with(model, train, static_cast<detail::PathBatches*>(nullptr), loss, options, state, hooks...);
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
inline void carry(const Trajectory& model, Matrix<float>& z, const std::vector<double>& from,
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

struct AtTimeOptions {
  double from = 0, to = 0;  ///< the time, or the ends of a range in which times lie evenly
  Index cells = 1000;
  Index steps = 20;  ///< of the integrator
};

/// Cells at a time that need not have been seen, from known ones: those next before it carried forwards, those next
/// after it carried back, the more of either the nearer they are; beyond the known times from one side alone.
/// known (N, D) with the obs column of times -> latents (cells, D); obs: the time, "source_cell" and "source_time"
inline LatentTable at_time(const Trajectory& model, const LatentTable& known, const AtTimeOptions& o, Rng& rng) {
  LATENTCELL_REQUIRE(o.to >= o.from && std::isfinite(o.from) && std::isfinite(o.to), "at_time: the range ", o.from,
                     " to ", o.to, " must rise");
  LATENTCELL_REQUIRE(o.cells >= 1, "at_time: cells must be at least 1, got ", o.cells);
  const std::vector<double> time = read_times(known.cell_columns, model.options.time);
  const detail::TimeOrder order(time);
  LATENTCELL_REQUIRE(!order.times.empty(), "at_time: no known cell has a time");
  const double middle = 0.5 * (o.from + o.to);
  const Index next = Index(std::lower_bound(order.times.begin(), order.times.end(), middle) - order.times.begin());
  const std::vector<Index> before = order.window(next - 1, -1, model.options.paths.window),
                           after = order.window(next, 1, model.options.paths.window);
  const auto mean_time = [&](const std::vector<Index>& rows) {
    double sum = 0;
    for (const Index r : rows) sum += time[to_size(r)] / double(rows.size());
    return sum;
  };
  std::vector<Index> source;
  std::vector<double> from, to;
  std::vector<Index> pools[2] = {};
  std::vector<Index> parts(to_size(o.cells));
  std::iota(parts.begin(), parts.end(), Index(0));
  shuffle(std::span<Index>(parts), rng);
  for (Index i = 0; i < o.cells; ++i) {
    const double t = o.from + (o.to - o.from) * (double(parts[to_size(i)]) + rng.uniform_double()) / double(o.cells);
    const double share = before.empty()  ? 1.0
                         : after.empty() ? 0.0
                                         : (t - mean_time(before)) / (mean_time(after) - mean_time(before));
    const int side = rng.uniform_double() < share ? 1 : 0;
    std::vector<Index>& pool = pools[side];
    if (pool.empty()) {  // every cell once before any a second time
      pool = side == 1 ? after : before;
      shuffle(std::span<Index>(pool), rng);
    }
    source.push_back(pool.back());
    pool.pop_back();
    from.push_back(time[to_size(source.back())]);
    to.push_back(t);
  }
  LatentTable out = known.select_cells(source);
  out.deviation.resize(0, 0);
  carry(model, out.mean, from, to, o.steps, rng);
  std::vector<std::string> names = std::move(out.cell_names);
  out.cell_names.clear();
  for (Index i = 0; i < o.cells; ++i) out.cell_names.push_back(text("cell_", i, "_at_", to[to_size(i)]));
  out.cell_columns = Annotation(o.cells);
  out.cell_columns.set(model.options.time, to);
  if (!names.empty()) out.cell_columns.set("source_cell", std::move(names));
  out.cell_columns.set("source_time", from);
  return out;
}

/// A cell's way through time.     start (N, D) at their own times, times in any order -> for each time latents (N, D)
inline std::vector<Matrix<float>> rollout(const Trajectory& model, const Matrix<float>& start,
                                          const std::vector<double>& from, const std::vector<double>& times,
                                          Index steps, Rng& rng) {
  std::vector<Matrix<float>> out;
  Matrix<float> z = start;
  std::vector<double> here = from;
  for (const double t : times) {
    const std::vector<double> there(here.size(), t);
    carry(model, z, here, there, steps, rng);
    out.push_back(z);
    here = there;
  }
  return out;
}

struct FateOptions {
  Index draws = 20;      ///< ways of each cell; one is enough without noise
  Index neighbors = 15;  ///< known cells that vote on what an end is
  Index steps = 20;
  double at = std::numeric_limits<double>::quiet_NaN();  ///< time at which fates are told; NaN: the last known one
};

/// What cells will be: carried to a late time, where the nearest known cells of about that time vote by their label.
/// cells (N, D) with times, known: cells with times and labels -> (N, levels) probabilities, rows sum to 1
inline Matrix<double> fates(const Trajectory& model, const LatentTable& cells, const LatentTable& known,
                            const std::string& label, const FateOptions& o, Rng& rng) {
  const std::vector<double> time = read_times(known.cell_columns, model.options.time);
  const Categorical labels = known.cell_columns.labels(label);
  const detail::TimeOrder order(time);
  const double when = std::isnan(o.at) ? order.times.back() : o.at;
  const Index next = Index(std::upper_bound(order.times.begin(), order.times.end(), when) - order.times.begin());
  std::vector<Index> last;
  for (const auto& side :
       {order.window(next - 1, -1, model.options.paths.window),
        next < Index(order.times.size()) ? order.window(next, 1, model.options.paths.window) : std::vector<Index>{}}) {
    for (const Index row : side) {
      if (labels.codes[to_size(row)] >= 0) last.push_back(row);
    }
  }
  LATENTCELL_REQUIRE(!last.empty(), "fates: no cell of about time ", when, " has a label in '", label, "'");
  LATENTCELL_REQUIRE(o.draws >= 1 && o.neighbors >= 1, "fates: draws ", o.draws, " and neighbors ", o.neighbors,
                     " must be at least 1");
  const Matrix<float> ends = metric::pick_rows(view(known.mean), last);
  const std::vector<double> from = read_times(cells.cell_columns, model.options.time);
  const std::vector<double> to(from.size(), when);
  Matrix<double> out = Matrix<double>::Zero(cells.cells(), Index(labels.levels.size()));
  const Index draws = model.options.noise > 0 ? o.draws : 1, votes = std::min(o.neighbors, ends.rows());
  for (Index draw = 0; draw < draws; ++draw) {
    Matrix<float> z = cells.mean;
    carry(model, z, from, to, o.steps, rng);
    const kernel::Neighbors near = kernel::nearest_neighbors(view(std::as_const(z)), view(ends), votes);
    for (Index i = 0; i < z.rows(); ++i) {
      for (Index k = 0; k < votes; ++k) {
        const Index row = last[to_size(near.index(i, k))];
        out(i, Index(labels.codes[to_size(row)])) += 1.0 / double(votes * draws);
      }
    }
  }
  return out;
}

/// A trained field, and where counts were its source the way from counts to its latent and back.
struct TrajectoryModel {
  using Cells = PcaAutoencoder<float, NegativeBinomial<float>>;
  Trajectory motion;
  std::optional<Cells> cells;
};

/// Writes a trained model to one safetensors file. Throws std::runtime_error naming the file; what stood there stays
/// then.
inline void save(const std::string& path, const TrajectoryModel& model) {
  const TrajectoryOptions& o = model.motion.options;
  io::SafeTensors file;
  auto& m = file.metadata;
  m["latentcell.kind"] = "trajectory";
  m["latent"] = text(o.field.latent);
  detail::describe(file, o.field);
  m["time"] = o.time;
  m["first"] = detail::exactly(o.first);
  m["last"] = detail::exactly(o.last);
  m["noise"] = detail::exactly(o.noise);
  m["window"] = text(o.paths.window);
  m["counts"] = model.cells ? "1" : "0";
  if (model.cells) {
    m["genes"] = text(model.cells->genes());
    m["hidden"] = detail::join(model.cells->options.hidden);
    m["dispersion"] = text(int(model.cells->likelihood.options.dispersion));
    m["gene_names"] = detail::join(model.cells->gene_names);
    io::store(file, "cells", *model.cells);
  }
  io::store(file, "motion", model.motion);
  io::save_safetensors(path, file);
}

/// Loads what save wrote. Throws std::runtime_error naming the file and what is wrong with it.
inline TrajectoryModel load_trajectory(const std::string& path) {
  const detail::ModelFile from(path, "trajectory");
  TrajectoryOptions o;
  from.read(o.field, from.whole("latent"));
  o.time = from.word("time");
  o.first = from.number("first");
  o.last = from.number("last");
  o.noise = from.number("noise");
  o.paths.window = from.whole("window");
  Rng rng(0);
  TrajectoryModel model{Trajectory(o, rng), {}};
  if (from.choice("counts", 2) == 1) {
    PcaAutoencoderOptions cells{.genes = from.whole("genes"), .hidden = {}, .latent = o.field.latent};
    for (const std::string& w : from.list("hidden")) cells.hidden.push_back(detail::whole_number(w, path, "hidden"));
    model.cells.emplace(cells, rng, LikelihoodOptions{.dispersion = Dispersion(from.choice("dispersion", 3))});
    model.cells->gene_names = from.list("gene_names");
    io::restore(from.file, path, "cells", *model.cells);
  }
  io::restore(from.file, path, "motion", model.motion);
  return model;
}

}  // namespace latentcell
