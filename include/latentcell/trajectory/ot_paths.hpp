#pragma once

#include <algorithm>
#include <cmath>
#include <utility>
#include <vector>

#include <latentcell/core/options.hpp>
#include <latentcell/core/random_draw.hpp>
#include <latentcell/kernel/pairwise.hpp>
#include <latentcell/kernel/parallel.hpp>
#include <latentcell/metric/subsample.hpp>
#include <latentcell/trajectory/random_rows.hpp>
#include <latentcell/trajectory/time_order.hpp>
#include <latentcell/transport/geodesic.hpp>
#include <latentcell/transport/sinkhorn.hpp>
#include <latentcell/transport/unbalanced.hpp>

namespace LATENTCELL_NAMESPACE::trajectory {

/// How the path between two paired cells runs: straight, or along the cells between them.
enum class PathShape { straight, manifold };

struct OtPathOptions {
  PathShape shape = PathShape::straight;  ///< manifold: costs and paths are geodesics along the cells of both sides
  Index window = 100;    ///< cells on either side of a time step that are coupled at once, nearest in time.
                         ///< Larger: pairs from more of the tissue. Smaller: quicker, noisier pairs
  double epsilon = 0.1;  ///< entropy of the coupling, above 0, in units of the mean cost. Larger: softer pairs
  double marginal_relaxation = 1;  ///< weight of the marginals, in units of the mean cost. Larger: descendants are more
                                   ///< equally many for all cells. 0: exactly equally many (balanced transport)
  bool growth = false;   ///< the number of cells of a time is the size of the tissue then, so transport is with growth
  Index pairs = 40'000;  ///< pairs of all time steps together, at least
  GeodesicOptions graph = {};  ///< neighbour graph of the geodesics

  /// Settings measured for two-dimensional embeddings, where straight lines cut through empty space.
  static OtPathOptions along_manifold() { return {.shape = PathShape::manifold, .window = 500, .epsilon = 0.02}; }

  static void visit(auto& self, auto&& f) {
    f("shape", self.shape);
    f("window", self.window, at_least(2));
    f("epsilon", self.epsilon, above(0));
    f("marginal_relaxation", self.marginal_relaxation, at_least(0));
    f("growth", self.growth);
    f("pairs", self.pairs, at_least(1));
    f("graph", self.graph);
  }
};

/// Paths in the latent space, each from a cell of one time to a cell of a later one: what the velocity net learns from.
struct OtPaths {
  Index knots = 2;               ///< points of a path, at equal steps of length
  Matrix<float> points;          ///< (P knots, D)
  std::vector<double> from, to;  ///< (P) times of both ends, from < to
  std::vector<double> growth;    ///< (P) size of the tissue at `to` relative to `from`; 1 without growth

  Index size() const { return Index(from.size()); }

  /// Writes position and velocity, per unit of `s`, at a share `s` in [0, 1] of the time of a path.
  /// -> position (D), velocity (D)
  /// Momentum, mass times velocity, is constant on the shortest path between unequal masses (Chizat, Peyre, Schmitzer
  /// and Vialard 2018, "An interpolating distance between optimal transport and Fisher-Rao metrics"). With sqrt(mass)
  /// linear in time the share of the length is s (1 + c) / (1 + c s), c = sqrt(growth) - 1.
  void at(Index path, double s, float* position, float* velocity) const {
    const double c = std::sqrt(growth[to_size(path)]) - 1, slow = 1 + c * s;
    const double along = std::clamp(s * (1 + c) / slow, 0.0, 1.0), speed = (1 + c) / (slow * slow);
    const double cell = along * double(knots - 1);
    const Index k = std::min(knots - 2, Index(cell));
    const float share = float(cell - double(k));
    const Index d = points.cols();
    const float* const a = points.data() + (path * knots + k) * d;
    for (Index j = 0; j < d; ++j) {
      const float step = a[d + j] - a[j];
      position[j] = a[j] + share * step;
      velocity[j] = step * float(double(knots - 1) * speed);
    }
  }
};

namespace detail {

inline constexpr Index manifold_knots = 16;

/// Two sets of cells with the optimal transport plan between them.
class StepCoupling {
 public:
  /// early (N, D), late (M, D)
  StepCoupling(const Matrix<float>& early, const Matrix<float>& late, const OtPathOptions& options)
      : n_(early.rows()), m_(late.rows()), points_(n_ + m_, early.cols()), weight_(to_size(n_), 1.0) {
    points_ << early, late;
    const Matrix<float> cost = options.shape == PathShape::manifold
                                   ? geodesic_costs(options.graph)
                                   : kernel::squared_distances(view(early), view(late));
    if (options.marginal_relaxation > 0) {
      UnbalancedPlan found = unbalanced_sinkhorn(
          view(cost),
          {.epsilon = options.epsilon, .marginal_relaxation = options.marginal_relaxation, .tolerance = 1e-4});
      plan_ = std::move(found.plan);
      weight_ = std::move(found.growth);
      drawn_by_weight_ = true;
    } else {
      plan_ = sinkhorn(view(cost), {.epsilon = options.epsilon, .tolerance = 1e-3, .iterations = 2000}).plan;
    }
  }

  /// The pair number `p`: early cells take turns, or are drawn by their number of descendants where that may differ.
  std::pair<Index, Index> pair(Index p, Rng& rng) const {
    const Index i = drawn_by_weight_ ? draw_index(weight_, rng) : p % n_;
    return {i, draw_index({plan_.data() + i * m_, to_size(m_)}, rng)};
  }

  /// Points of the path from early cell i to late cell j, at equal steps of length.   -> (knots, D)
  Matrix<float> path(Index i, Index j, Index knots) const {
    std::vector<Index> along{n_ + j};
    if (geodesics_.empty()) {
      along.push_back(i);
    } else {
      while (along.back() != i) along.push_back(geodesics_[to_size(i)].before[to_size(along.back())]);
    }
    std::reverse(along.begin(), along.end());
    const Matrix<float> line = metric::pick_rows(view(points_), along);
    return resample_line(view(line), knots);
  }

 private:
  // Squared lengths of the geodesics, as squared distances are the costs of straight paths.   -> (N, M)
  Matrix<float> geodesic_costs(const GeodesicOptions& options) {
    const GeodesicGraph graph(view(points_), options);
    geodesics_.resize(to_size(n_));
    kernel::parallel_items(n_, [&](Index i) { geodesics_[to_size(i)] = graph.from(i); });
    Matrix<float> cost(n_, m_);
    for (Index i = 0; i < n_; ++i) {
      for (Index j = 0; j < m_; ++j) {
        const double length = geodesics_[to_size(i)].cost[to_size(n_ + j)];
        cost(i, j) = float(length * length);
      }
    }
    return cost;
  }

  Index n_, m_;
  Matrix<float> points_;  // (N + M, D), the early cells first
  std::vector<GeodesicGraph::Paths> geodesics_;
  Matrix<double> plan_;  // (N, M)
  std::vector<double> weight_;
  bool drawn_by_weight_ = false;
};

}  // namespace detail

/// Collects paths between the cells of two sides.
class OtPathBuilder {
 public:
  OtPaths paths;                   // its points are set by finish()
  std::vector<Index> early, late;  // rows of the cells that each path joins

  /// cells: most of a side that are coupled at once
  OtPathBuilder(ConstView<float> latents, const std::vector<double>& time, const TimeOrder& order,
                const OtPathOptions& o, Index cells)
      : latents_(latents), time_(time), order_(order), options_(o), cells_(cells) {
    paths.knots = o.shape == PathShape::manifold ? detail::manifold_knots : 2;
  }

  /// Adds `count` pairs of one plan between random cells of both sides.   before, after: rows
  void add(const std::vector<Index>& before, const std::vector<Index>& after, Index count, Rng& rng) {
    const std::vector<Index> a = random_rows(before, cells_, rng), b = random_rows(after, cells_, rng);
    const detail::StepCoupling coupling(metric::pick_rows(latents_, a), metric::pick_rows(latents_, b), options_);
    for (Index p = 0; p < count; ++p) {
      const auto [i, j] = coupling.pair(p, rng);
      const Matrix<float> path = coupling.path(i, j, paths.knots);
      points_.insert(points_.end(), path.data(), path.data() + path.size());
      early.push_back(a[to_size(i)]);
      late.push_back(b[to_size(j)]);
      paths.from.push_back(time_[to_size(early.back())]);
      paths.to.push_back(time_[to_size(late.back())]);
      paths.growth.push_back(options_.growth ? tissue_size(paths.to.back()) / tissue_size(paths.from.back()) : 1.0);
    }
  }
  void finish() { paths.points = ConstView<float>(points_.data(), paths.size() * paths.knots, latents_.cols()); }

 private:
  double tissue_size(double t) const { return double(order_.rows[to_size(order_.at_or_after(t))].size()); }

  ConstView<float> latents_;
  const std::vector<double>& time_;
  const TimeOrder& order_;
  const OtPathOptions& options_;
  Index cells_;
  std::vector<float> points_;
};

/// Pairs cells across every time step by entropic optimal transport, repeatedly on random subsets of both sides.
/// latents (N, D), time (N) -> paths
/// A step lies between two adjacent distinct times. Its sides are the cells nearest in time, all cells of a time, until
/// there are `window`: this serves many times of a few cells as well as a few snapshots. Cells without a finite time
/// are left out. Throws std::invalid_argument for fewer than two times.
inline OtPaths ot_paths(ConstView<float> latents, const std::vector<double>& time, const OtPathOptions& options,
                        Rng& rng) {
  const OtPathOptions& o = options;
  LATENTCELL_REQUIRE(Index(time.size()) == latents.rows(), "ot_paths: ", time.size(), " times for ", latents.rows(),
                     " cells");
  check_options("ot_paths", options);
  const TimeOrder order(time);
  const Index steps = order.size() - 1;
  LATENTCELL_REQUIRE(steps >= 1, "ot_paths: there must be cells of two times at least, there are ", steps + 1);
  OtPathBuilder out(latents, time, order, o, o.window);
  const Index rounds = std::max<Index>(1, (o.pairs + steps * o.window - 1) / (steps * o.window));
  for (Index round = 0; round < rounds; ++round) {
    for (Index step = 0; step < steps; ++step)
      out.add(order.window(step, -1, o.window), order.window(step + 1, 1, o.window), o.window, rng);
  }
  out.finish();
  return out.paths;
}

}  // namespace latentcell::trajectory
