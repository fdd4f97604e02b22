#pragma once

#include <cmath>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include <latentcell/kernel/neighbors.hpp>
#include <latentcell/trajectory/model.hpp>

// What a field of motion says of cells: those of a time, the way of one, what it will become.

namespace latentcell {

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
  advance_in_time(model, out.mean, from, to, o.steps, rng);
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
    advance_in_time(model, z, here, there, steps, rng);
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
    advance_in_time(model, z, from, to, o.steps, rng);
    const kernel::Neighbors near = kernel::nearest_neighbors(view(z), view(ends), votes);
    for (Index i = 0; i < z.rows(); ++i) {
      for (Index k = 0; k < votes; ++k) {
        const Index row = last[to_size(near.index(i, k))];
        out(i, Index(labels.codes[to_size(row)])) += 1.0 / double(votes * draws);
      }
    }
  }
  return out;
}

}  // namespace latentcell
