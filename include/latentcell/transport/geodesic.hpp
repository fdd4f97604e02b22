#pragma once

#include <algorithm>
#include <cmath>
#include <limits>
#include <queue>
#include <utility>
#include <vector>

#include <latentcell/core/options.hpp>
#include <latentcell/kernel/neighbors.hpp>

// Paths along a cloud of points in place of straight lines through the empty space between its branches.

namespace LATENTCELL_NAMESPACE {

struct GeodesicOptions {
  Index neighbors = 15;  ///< edges of a point, at least; more: shorter cuts through empty space
  double power = 2;      ///< an edge of length d costs d^power; above 1, paths follow dense regions

  static void visit(auto& self, auto&& f) {
    f("neighbors", self.neighbors, at_least(1));
    f("power", self.power, above(0));
  }
};

/// Points joined with their nearest neighbours, and the cheapest paths among them.
class GeodesicGraph {
 public:
  /// points (N, D), N >= 2. The graph is made connected: where it falls apart, the nearest points of the parts are
  /// joined.
  explicit GeodesicGraph(ConstView<float> points, const GeodesicOptions& options = {})
      : power_(options.power), edges_(to_size(points.rows())) {
    const Index n = points.rows();
    LATENTCELL_REQUIRE(n >= 2, "GeodesicGraph: needs at least two points, got ", n);
    check_options("GeodesicGraph", options);
    const Index k = std::min(options.neighbors, n - 1);
    const kernel::Neighbors near = kernel::nearest_neighbors(points, k);
    for (Index i = 0; i < n; ++i) {
      for (Index e = 0; e < k; ++e) join(i, near.index(i, e), near.distance(i, e));
    }
    connect(points);
  }

  Index points() const { return Index(edges_.size()); }

  /// The cheapest paths from one point to all others.
  struct Paths {
    std::vector<double> cost;   ///< (N) sum of the edges' costs
    std::vector<Index> before;  ///< (N) the point before this one on its way, -1 for the start
  };

  /// Dijkstra (1959).
  Paths from(Index start) const {
    const std::size_t n = edges_.size();
    Paths out{std::vector<double>(n, std::numeric_limits<double>::infinity()), std::vector<Index>(n, -1)};
    using Reached = std::pair<double, Index>;
    std::priority_queue<Reached, std::vector<Reached>, std::greater<>> open;
    out.cost[to_size(start)] = 0;
    open.emplace(0.0, start);
    while (!open.empty()) {
      const auto [cost, i] = open.top();
      open.pop();
      if (cost > out.cost[to_size(i)]) continue;
      for (const auto& [j, length] : edges_[to_size(i)]) {
        const double through = cost + length;
        if (through >= out.cost[to_size(j)]) continue;
        out.cost[to_size(j)] = through;
        out.before[to_size(j)] = i;
        open.emplace(through, j);
      }
    }
    return out;
  }

 private:
  void join(Index i, Index j, double distance) {
    const double cost = std::pow(distance, power_);
    edges_[to_size(i)].emplace_back(j, cost);
    edges_[to_size(j)].emplace_back(i, cost);
  }

  // Joins what is not yet reached to what is, by the shortest edge there is, until nothing is left.
  void connect(ConstView<float> points) {
    for (;;) {
      const Paths paths = from(0);
      std::vector<Index> inside, outside;
      for (Index i = 0; i < this->points(); ++i)
        (std::isfinite(paths.cost[to_size(i)]) ? inside : outside).push_back(i);
      if (outside.empty()) return;
      const auto pick = [&](const std::vector<Index>& rows) {
        Matrix<float> out(Index(rows.size()), points.cols());
        for (std::size_t r = 0; r < rows.size(); ++r) out.row(Index(r)) = points.row(rows[r]);
        return out;
      };
      const Matrix<float> a = pick(outside), b = pick(inside);
      const kernel::Neighbors near = kernel::nearest_neighbors(view(a), view(b), 1);
      Index best = 0;
      for (Index i = 1; i < a.rows(); ++i) {
        if (near.distance(i, 0) < near.distance(best, 0)) best = i;
      }
      join(outside[to_size(best)], inside[to_size(near.index(best, 0))], near.distance(best, 0));
    }
  }

  double power_;
  std::vector<std::vector<std::pair<Index, double>>> edges_;
};

/// Points at even steps of length along a line through given points, both ends included.
/// line (M, D), M >= 1 -> (knots, D)
inline Matrix<float> resample_line(ConstView<float> line, Index knots) {
  LATENTCELL_REQUIRE(line.rows() >= 1 && knots >= 2, "resample_line: ", line.rows(), " points and ", knots, " knots");
  std::vector<double> along{0.0};
  for (Index i = 1; i < line.rows(); ++i)
    along.push_back(along.back() + double((line.row(i) - line.row(i - 1)).norm()));
  Matrix<float> out(knots, line.cols());
  Index at = 0;
  for (Index k = 0; k < knots; ++k) {
    const double target = along.back() * double(k) / double(knots - 1);
    while (at + 2 < line.rows() && along[to_size(at + 1)] < target) ++at;
    const Index next = std::min(at + 1, line.rows() - 1);
    const double length = along[to_size(next)] - along[to_size(at)];
    const float share = length > 0 ? float(std::clamp((target - along[to_size(at)]) / length, 0.0, 1.0)) : 0.0f;
    out.row(k) = (1 - share) * line.row(at) + share * line.row(next);
  }
  return out;
}

}  // namespace latentcell
