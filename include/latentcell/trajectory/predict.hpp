#pragma once

#include <algorithm>
#include <cmath>
#include <numeric>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <latentcell/autodiff/tape.hpp>
#include <latentcell/data/read_times.hpp>
#include <latentcell/sample/integrate.hpp>
#include <latentcell/trajectory/model.hpp>
#include <latentcell/trajectory/plan_cells.hpp>
#include <latentcell/trajectory/time_order.hpp>
#include <latentcell/trajectory/time_range.hpp>

namespace LATENTCELL_NAMESPACE::trajectory {

namespace detail {

/// Cells that are integrated together, each over a time span of its own on the net's clock.
struct AdvanceBlock {
  std::vector<float> start, span;    // (n) span negative: backward
  std::vector<Direction> direction;  // (n)
  std::vector<Rng> noise;            // (n)
};

/// Integrates standardised latents, in place: by Heun, or with noise by Euler-Maruyama.   z (n, D)
inline void advance_block(const VelocityModel& model, View<float> z, AdvanceBlock& block, Index steps) {
  const Index n = z.rows();
  Tape<float> tape(Mode::no_gradient);
  const auto velocity = [&](float s, ConstView<float> at, View<float> out) {
    tape.reset();
    float* const t = tape.scratch(n);
    for (Index i = 0; i < n; ++i) t[i] = block.start[to_size(i)] + s * block.span[to_size(i)];
    out = model(tape, at, {t, to_size(n)}, block.direction).value();
    for (Index i = 0; i < n; ++i) out.row(i) *= std::abs(block.span[to_size(i)]);
  };
  if (model.options.noise == 0) {
    integrate(velocity, z, {.method = Method::heun, .steps = steps});
    return;
  }
  Matrix<float> step(n, z.cols());
  for (Index k = 0; k < steps; ++k) {
    velocity(float(k) / float(steps), z, view(step));
    for (Index i = 0; i < n; ++i) {
      const float width = float(model.options.noise) * std::sqrt(std::abs(block.span[to_size(i)]) / float(steps));
      for (Index j = 0; j < z.cols(); ++j)
        z(i, j) += step(i, j) / float(steps) + width * float(block.noise[to_size(i)].normal());
    }
  }
}

}  // namespace detail

/// Moves each cell from one time to another, in place; with noise in the model, by its diffusion.
/// z (N, D) latents, from and to (N) times
/// Throws std::invalid_argument with the number of cells that lack a finite time.
inline void advance_in_time(const VelocityModel& model, Matrix<float>& z, const std::vector<double>& from,
                            const std::vector<double>& to, Index steps, Rng& rng) {
  LATENTCELL_REQUIRE(z.cols() == model.latent() && Index(from.size()) == z.rows() && from.size() == to.size(),
                     "advance_in_time: latents (", z.rows(), ", ", z.cols(), "), ", from.size(), " starts and ",
                     to.size(), " ends, for a velocity of ", model.latent(), " dimensions");
  LATENTCELL_REQUIRE(steps >= 1, "advance_in_time: steps must be at least 1, got ", steps);
  Index timeless = 0;
  for (std::size_t i = 0; i < from.size(); ++i) timeless += !std::isfinite(from[i]) || !std::isfinite(to[i]);
  LATENTCELL_REQUIRE(timeless == 0, "advance_in_time: ", timeless, " of ", from.size(), " cells have no finite time");
  constexpr Index block_size = 2048;
  const Index d = model.latent();
  const Rng own = rng.fork();
  for (Index first = 0; first < z.rows(); first += block_size) {
    const Index n = std::min(block_size, z.rows() - first);
    View<float> here(z.data() + first * d, n, d);
    detail::AdvanceBlock block;
    for (Index i = 0; i < n; ++i) {
      const double a = model.clock(from[to_size(first + i)]), b = model.clock(to[to_size(first + i)]);
      block.start.push_back(float(a));
      block.span.push_back(float(b - a));
      block.direction.push_back(b >= a ? Direction::forward : Direction::backward);
      block.noise.push_back(own.at(std::uint64_t(first + i)));
    }
    model.scaler.apply(here);
    detail::advance_block(model, here, block, steps);
    model.scaler.invert(here);
  }
}

/// Positions of cells at a sequence of times, in any order, each reached from the one before.
/// start (N, D) at their own times `from` (N) -> for each of `times` latents (N, D)
inline std::vector<Matrix<float>> rollout(const VelocityModel& model, const Matrix<float>& start,
                                          const std::vector<double>& from, const std::vector<double>& times,
                                          Index steps, Rng& rng) {
  std::vector<Matrix<float>> out;
  Matrix<float> z = start;
  std::vector<double> here = from;
  for (const double t : times) {
    const std::vector<double> there(here.size(), t);
    advance_in_time(model, z, here, there, steps, rng);
    out.push_back(z);
    here = there;
  }
  return out;
}

struct InterpolateOptions {
  TimeRange time;      ///< a time, or a range in which the cells' times lie evenly
  Index cells = 1000;  ///< at least 1
  Index steps = 20;    ///< of the integrator. Larger: a smaller error of integration

  static void visit(auto& self, auto&& f) {
    f("time", self.time);
    f("cells", self.cells, at_least(1));
    f("steps", self.steps, at_least(1));
  }
};

namespace detail {

/// Reference cells to start from, with their times.
struct Sources {
  std::vector<Index> row;
  std::vector<double> from;
};

/// Draws starts before and after a range, those nearer in time more often; every cell once before any a second time.
/// to: times to reach
inline Sources draw_sources(const std::vector<double>& time, const TimeOrder& order, Index window,
                            const TimeRange& range, const std::vector<double>& to, Rng& rng) {
  const Index next = order.at_or_after(range.middle());
  const std::vector<Index> before = order.window(next - 1, -1, window), after = order.window(next, 1, window);
  const auto mean_time = [&](const std::vector<Index>& rows) {
    double sum = 0;
    for (const Index r : rows) sum += time[to_size(r)] / double(rows.size());
    return sum;
  };
  Sources out;
  std::vector<Index> pools[2] = {};
  for (const double t : to) {
    const double share = before.empty()  ? 1.0
                         : after.empty() ? 0.0
                                         : (t - mean_time(before)) / (mean_time(after) - mean_time(before));
    const int side = rng.uniform_double() < share ? 1 : 0;
    std::vector<Index>& pool = pools[side];
    if (pool.empty()) {
      pool = side == 1 ? after : before;
      shuffle(std::span<Index>(pool), rng);
    }
    out.row.push_back(pool.back());
    pool.pop_back();
    out.from.push_back(time[to_size(out.row.back())]);
  }
  return out;
}

/// The part that predicts each of `cells` cells, in random order. A plan joins the two sides of a step between times,
/// so it is the flow alone where the range reaches beyond the reference's times or has some inside.
inline std::vector<SnapshotPart> draw_parts(const Model& model, const TimeOrder& order, const InterpolateOptions& o,
                                            Rng& rng) {
  const Index after_from = order.after(o.time.from), at_to = order.at_or_after(o.time.to);
  std::vector<SnapshotPart> out(to_size(o.cells), SnapshotPart::flow);
  if (after_from == 0 || at_to == order.size() || after_from < at_to) return out;
  if (at_to == 0) return out;  // the first time itself: no cell is before it
  double sum = 0;
  Index done = 0;
  for (const SnapshotPart part : {SnapshotPart::flow, SnapshotPart::plan, SnapshotPart::straight_plan}) {
    sum += model.mixture.share.value(0, Index(part));
    for (const Index end = std::min(o.cells, Index(std::lround(sum * double(o.cells)))); done < end; ++done)
      out[to_size(done)] = part;
  }
  shuffle(std::span<SnapshotPart>(out), rng);
  return out;
}

}  // namespace detail

/// Cells at a time that need not have been measured, in the shares of the model's mixture: reference cells before it
/// are moved forward by the flow, those after it backward, more of either the nearer it is; or cells are on their way
/// along a transport plan between both. The flow alone predicts a range that reaches beyond the reference's times, from
/// one side where all of it is beyond, and a range with reference times inside it, from both sides of its middle.
/// reference (N, D) with the obs column of times -> latents (cells, D)
/// obs of the result: the time, "source_cell" and "source_time", of the nearer one of a pair.
inline LatentTable interpolate_at(const Model& model, const LatentTable& reference, const InterpolateOptions& options,
                                  Rng& rng) {
  check_options("interpolate_at", options);
  options.time.check("interpolate_at");
  const std::vector<double> time = read_times(reference.cell_columns, model.options.time);
  const TimeOrder order(time);
  LATENTCELL_REQUIRE(order.size() > 0, "interpolate_at: no reference cell has a time");
  std::vector<double> to = spread_times(options.time, options.cells, rng), from(to.size());
  const std::vector<SnapshotPart> parts = detail::draw_parts(model, order, options, rng);
  std::vector<Index> source(to.size());
  Matrix<float> mean(options.cells, reference.latent());
  for (const SnapshotPart part : {SnapshotPart::flow, SnapshotPart::plan, SnapshotPart::straight_plan}) {
    std::vector<Index> at;  // cells of this part
    std::vector<double> times;
    for (std::size_t i = 0; i < parts.size(); ++i) {
      if (parts[i] == part) at.push_back(Index(i)), times.push_back(to[i]);
    }
    if (at.empty()) continue;
    PlanCells made;
    if (part == SnapshotPart::flow) {
      auto [row, starts] = detail::draw_sources(time, order, model.options.paths.window, options.time, times, rng);
      made = {metric::pick_rows(view(reference.mean), row), row, starts};
      advance_in_time(model.velocity, made.mean, starts, times, options.steps, rng);
    } else {
      made =
          plan_cells(view(reference.mean), time, times, SnapshotMixture::plan_options(part, model.options.paths), rng);
    }
    for (std::size_t k = 0; k < at.size(); ++k) {
      mean.row(at[k]) = made.mean.row(Index(k));
      source[to_size(at[k])] = made.row[k];
      from[to_size(at[k])] = made.from[k];
    }
  }
  LatentTable out = reference.select_cells(source);
  out.deviation.resize(0, 0);
  out.mean = std::move(mean);
  std::vector<std::string> names = std::move(out.cell_names);
  out.cell_names.clear();
  for (Index i = 0; i < options.cells; ++i) out.cell_names.push_back(text("cell_", i, "_at_", to[to_size(i)]));
  out.cell_columns = Annotation(options.cells);
  out.cell_columns.set(model.options.time, std::move(to));
  if (!names.empty()) out.cell_columns.set("source_cell", std::move(names));
  out.cell_columns.set("source_time", std::move(from));
  return out;
}

}  // namespace latentcell::trajectory
