#pragma once

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>
#include <utility>
#include <vector>

#include <latentcell/core/random_draw.hpp>
#include <latentcell/kernel/pairwise.hpp>
#include <latentcell/metric/subsample.hpp>
#include <latentcell/transport/geodesic.hpp>
#include <latentcell/transport/sinkhorn.hpp>
#include <latentcell/transport/unbalanced.hpp>

// Cells of neighbouring times paired by optimal transport, and the ways between them: what a field of motion learns.

namespace latentcell {

struct OtPathOptions {
  Index window = 200;     ///< cells of either side that are coupled at once, those next in time
  double epsilon = 0.05;  ///< entropy of the coupling, in units of the mean cost; larger: softer pairs
  bool manifold = false;  ///< ways and costs along the cells of both sides in place of straight lines
  double relax = 0;       ///< weight of the marginals, in units of the mean cost, where cells may die or divide
                          ///< unequally (see unbalanced_sinkhorn); 0: all cells have equally many descendants
  bool growth = false;    ///< the cells of a time are as many as there were: their numbers say how the tissue grows
  Index pairs = 40'000;   ///< of all times together, at least
  GeodesicOptions graph = {};
};

/// Ways in the latent space from a cell of one time to a cell of a later one.
struct OtPaths {
  Index knots = 2;               ///< points of a way, at even steps of length
  Matrix<float> points;          ///< (P knots, D)
  std::vector<double> from, to;  ///< (P) times of both ends, from < to
  std::vector<double> growth;    ///< (P) population at `to` relative to `from`

  Index size() const { return Index(from.size()); }

  /// Place and motion at a share s of the time of a way, per share.      -> place (D), motion (D)
  /// Growth bends the clock: momentum, mass times motion, stays the same on the shortest way between masses that differ
  /// (Chizat, Peyre, Schmitzer and Vialard 2018, "An interpolating distance between optimal transport and Fisher-Rao
  /// metrics"): with sqrt(mass) linear in time, the share of the way behind is s (1 + c) / (1 + c s), c =
  /// sqrt(growth) - 1.
  void at(Index path, double s, float* place, float* motion) const {
    const double c = std::sqrt(growth[to_size(path)]) - 1, slow = 1 + c * s;
    const double along = std::clamp(s * (1 + c) / slow, 0.0, 1.0), speed = (1 + c) / (slow * slow);
    const double cell = along * double(knots - 1);
    const Index k = std::min(knots - 2, Index(cell));
    const float share = float(cell - double(k));
    const Index d = points.cols();
    const float* const a = points.data() + (path * knots + k) * d;
    for (Index j = 0; j < d; ++j) {
      const float step = a[d + j] - a[j];
      place[j] = a[j] + share * step;
      motion[j] = step * float(double(knots - 1) * speed);
    }
  }
};

namespace detail {

/// Rows of cells by time, and the distinct times in order.
struct TimeOrder {
  std::vector<double> times;
  std::vector<std::vector<Index>> rows;

  explicit TimeOrder(const std::vector<double>& time) {
    std::map<double, std::vector<Index>> by;
    for (std::size_t i = 0; i < time.size(); ++i) {
      if (std::isfinite(time[i])) by[time[i]].push_back(Index(i));
    }
    for (auto& [t, r] : by) {
      times.push_back(t);
      rows.push_back(std::move(r));
    }
  }
  /// Whole times from `first` on, in the direction of `step`, until there are `enough` cells.
  std::vector<Index> window(Index first, Index step, Index enough) const {
    std::vector<Index> out;
    for (Index k = first; k >= 0 && k < Index(times.size()) && Index(out.size()) < enough; k += step)
      out.insert(out.end(), rows[to_size(k)].begin(), rows[to_size(k)].end());
    return out;
  }
};

/// At most `count` of the rows.
inline std::vector<Index> some(std::vector<Index> rows, Index count, Rng& rng) {
  shuffle(std::span<Index>(rows), rng);
  rows.resize(std::min(rows.size(), to_size(count)));
  return rows;
}

}  // namespace detail

/// Pairs cells across every step of time by entropic optimal transport, many times over on random parts of both sides.
/// Between two distinct times lies a step; its sides are the cells next to it, whole times until they are `window`: so
/// times of a few cells each, as in an asynchronous tissue, work as well as a handful of snapshots.
/// latents (N, D), time (N), cells whose time is NaN are left out. Throws std::invalid_argument for fewer than two
/// times.
inline OtPaths time_paths(ConstView<float> latents, const std::vector<double>& time, const OtPathOptions& o, Rng& rng) {
  LATENTCELL_REQUIRE(Index(time.size()) == latents.rows(), "time_paths: ", time.size(), " times for ", latents.rows(),
                     " cells");
  LATENTCELL_REQUIRE(o.window >= 2 && o.epsilon > 0 && o.relax >= 0 && o.pairs >= 1, "time_paths: window ", o.window,
                     " must be at least 2, epsilon ", o.epsilon, " and pairs ", o.pairs, " positive, relax ", o.relax,
                     " not negative");
  const detail::TimeOrder order(time);
  const Index steps = Index(order.times.size()) - 1;
  LATENTCELL_REQUIRE(steps >= 1, "time_paths: there must be cells of two times at least, there are ", steps + 1);
  const auto population = [&](double t) {
    const auto at = std::lower_bound(order.times.begin(), order.times.end(), t) - order.times.begin();
    return double(order.rows[std::size_t(at)].size());
  };
  OtPaths out;
  out.knots = o.manifold ? 16 : 2;
  const Index d = latents.cols();
  std::vector<float> points;
  const Index rounds = std::max<Index>(1, (o.pairs + steps * o.window - 1) / (steps * o.window));
  for (Index round = 0; round < rounds; ++round) {
    for (Index step = 0; step < steps; ++step) {
      const std::vector<Index> early = detail::some(order.window(step, -1, o.window), o.window, rng),
                               late = detail::some(order.window(step + 1, 1, o.window), o.window, rng);
      const Matrix<float> a = metric::pick_rows(latents, early), b = metric::pick_rows(latents, late);
      const Index n = a.rows(), m = b.rows();
      Matrix<float> both(n + m, d), cost;
      both << a, b;
      std::vector<GeodesicGraph::Paths> ways;
      if (o.manifold) {
        const GeodesicGraph graph(view(both), o.graph);
        ways.resize(to_size(n));
        kernel::parallel_items(n, [&](Index i) { ways[to_size(i)] = graph.from(i); });
        cost.resize(n, m);
        for (Index i = 0; i < n; ++i) {
          for (Index j = 0; j < m; ++j) {
            const double length = ways[to_size(i)].cost[to_size(n + j)];
            cost(i, j) = float(length * length);
          }
        }
      } else {
        cost = kernel::squared_distances(view(a), view(b));
      }
      Matrix<double> plan;
      std::vector<double> weight(to_size(n), 1.0);
      if (o.relax > 0) {
        UnbalancedPlan found =
            unbalanced_sinkhorn(view(cost), {.epsilon = o.epsilon, .marginal_relaxation = o.relax, .tolerance = 1e-4});
        plan = std::move(found.plan);
        weight = std::move(found.growth);
      } else {
        plan = sinkhorn(view(cost), {.epsilon = o.epsilon, .tolerance = 1e-3, .iterations = 2000}).plan;
      }
      for (Index p = 0; p < o.window; ++p) {
        // All cells of the early side in turn, or by how many descendants they have.
        const Index i = o.relax > 0 ? draw_index(weight, rng) : p % n;
        const Index j = draw_index({plan.data() + i * m, to_size(m)}, rng);
        const double from = time[to_size(early[to_size(i)])], to = time[to_size(late[to_size(j)])];
        std::vector<Index> along{n + j};
        while (o.manifold && along.back() != i) along.push_back(ways[to_size(i)].before[to_size(along.back())]);
        if (!o.manifold) along.push_back(i);
        std::reverse(along.begin(), along.end());
        const Matrix<float> line = metric::pick_rows(view(both), along);
        const Matrix<float> knots = resample_line(view(line), out.knots);
        points.insert(points.end(), knots.data(), knots.data() + knots.size());
        out.from.push_back(from);
        out.to.push_back(to);
        out.growth.push_back(o.growth ? population(to) / population(from) : 1.0);
      }
    }
  }
  out.points = ConstView<float>(points.data(), out.size() * out.knots, d);
  return out;
}

}  // namespace latentcell
