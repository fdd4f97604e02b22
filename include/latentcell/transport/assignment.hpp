#pragma once

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include <latentcell/core/error.hpp>
#include <latentcell/core/types.hpp>

namespace LATENTCELL_NAMESPACE {

/// A one-to-one matching of least total cost.
struct Assignment {
  std::vector<Index> column;         ///< (N), the column each row is given
  double cost = 0;                   ///< sum of the chosen entries
  std::vector<double> row_price;     ///< (N), u with u_i + v_j <= cost(i, j) and equality where matched: the proof
  std::vector<double> column_price;  ///< (N), v
};

namespace detail {

template <class T>
class AssignmentSolver {
 public:
  explicit AssignmentSolver(ConstView<T> cost)
      : cost_(cost.data()),
        n_(cost.rows()),
        column_of_(to_size(n_), -1),
        row_of_(to_size(n_), -1),
        price_(to_size(n_), 0.0) {}

  Assignment solve() {
    std::vector<Index> free = reduce_columns();
    for (int pass = 0; pass < 2 && !free.empty(); ++pass) free = reduce_rows(free);
    for (const Index row : free) augment(row);
    Assignment out;
    for (Index i = 0; i < n_; ++i) {
      const Index j = column_of_[to_size(i)];
      out.cost += at(i, j);
      out.row_price.push_back(at(i, j) - price_[to_size(j)]);
    }
    out.column = std::move(column_of_);
    out.column_price = std::move(price_);
    return out;
  }

 private:
  double at(Index i, Index j) const { return double(cost_[i * n_ + j]); }

  // Each column takes its cheapest row, from the last column to the first; a row that two columns choose keeps the
  // later column. A matched row then hands what it can spare to the price of its column. Returns the rows left without
  // a column.
  std::vector<Index> reduce_columns() {
    std::vector<Index> cheapest(to_size(n_), 0), choices(to_size(n_), 0);
    for (Index j = 0; j < n_; ++j) price_[to_size(j)] = at(0, j);
    for (Index i = 1; i < n_; ++i) {
      for (Index j = 0; j < n_; ++j) {
        if (at(i, j) < price_[to_size(j)]) {
          price_[to_size(j)] = at(i, j);
          cheapest[to_size(j)] = i;
        }
      }
    }
    for (Index j = n_ - 1; j >= 0; --j) {
      const Index i = cheapest[to_size(j)];
      if (++choices[to_size(i)] > 1) continue;
      column_of_[to_size(i)] = j;
      row_of_[to_size(j)] = i;
    }
    std::vector<Index> free;
    for (Index i = 0; i < n_; ++i) {
      if (choices[to_size(i)] == 0) free.push_back(i);
      if (choices[to_size(i)] != 1) continue;
      const Index own = column_of_[to_size(i)];
      double spare = std::numeric_limits<double>::infinity();
      for (Index j = 0; j < n_; ++j) {
        if (j != own) spare = std::min(spare, at(i, j) - price_[to_size(j)]);
      }
      if (std::isfinite(spare)) price_[to_size(own)] -= spare;
    }
    return free;
  }

  // Augmenting row reduction: a free row takes its cheapest column at current prices and lowers that price until the
  // second cheapest is as good; the row it pushes out goes next. Returns the rows still free.
  std::vector<Index> reduce_rows(std::vector<Index> free) {
    std::vector<Index> left;
    std::size_t next = 0;
    // Ties and rounding could make two rows push each other out without end: then they wait for augment().
    Index moves = 20 * n_;
    while (next < free.size()) {
      const Index i = free[next++];
      double best = std::numeric_limits<double>::infinity(), second = best;
      Index first_column = 0, second_column = 0;
      for (Index j = 0; j < n_; ++j) {
        const double reduced = at(i, j) - price_[to_size(j)];
        if (reduced >= second) continue;
        if (reduced < best) {
          second = best;
          second_column = first_column;
          best = reduced;
          first_column = j;
        } else {
          second = reduced;
          second_column = j;
        }
      }
      Index j = first_column, pushed = row_of_[to_size(j)];
      const double lowered = price_[to_size(j)] - (second - best);
      const bool lowers = std::isfinite(second) && lowered < price_[to_size(j)];
      if (lowers) {
        price_[to_size(j)] = lowered;
      } else if (pushed >= 0 && std::isfinite(second)) {
        j = second_column;
        pushed = row_of_[to_size(j)];
      }
      column_of_[to_size(i)] = j;
      row_of_[to_size(j)] = i;
      if (pushed < 0) continue;
      column_of_[to_size(pushed)] = -1;
      if (lowers && --moves > 0) {
        free[--next] = pushed;
      } else {
        left.push_back(pushed);
      }
    }
    return left;
  }

  // Shortest augmenting path from a free row (Dijkstra over reduced costs), then the price update that keeps matched
  // entries tight.
  void augment(Index root) {
    const std::size_t n = to_size(n_);
    distance_.assign(n, std::numeric_limits<double>::infinity());
    parent_.assign(n, root);
    open_.resize(n);
    done_.clear();
    for (Index j = 0; j < n_; ++j) open_[to_size(j)] = j;
    Index row = root, sink = -1;
    double reach = 0;
    double base = 0;  // reduced cost of the entry by which `row` was reached
    while (sink < 0) {
      // One pass relaxes the open columns from `row` and finds the nearest of them.
      const T* costs = cost_ + row * n_;
      double nearest = std::numeric_limits<double>::infinity();
      std::size_t where = 0;
      for (std::size_t k = 0; k < open_.size(); ++k) {
        const std::size_t j = to_size(open_[k]);
        const double through = reach + (double(costs[j]) - price_[j] - base);
        double d = distance_[j];
        if (through < d) {
          distance_[j] = d = through;
          parent_[j] = row;
        }
        // Of equally near columns one without a row ends the search.
        if (d < nearest || (d == nearest && row_of_[j] < 0 && row_of_[to_size(open_[where])] >= 0)) {
          nearest = d;
          where = k;
        }
      }
      const Index j = open_[where];
      reach = nearest;
      open_[where] = open_.back();
      open_.pop_back();
      if (row_of_[to_size(j)] < 0) {
        sink = j;
      } else {
        done_.push_back(j);
        row = row_of_[to_size(j)];
        base = at(row, j) - price_[to_size(j)];
      }
    }
    for (const Index j : done_) price_[to_size(j)] += distance_[to_size(j)] - reach;
    for (Index j = sink;;) {
      const Index i = parent_[to_size(j)];
      row_of_[to_size(j)] = i;
      std::swap(j, column_of_[to_size(i)]);
      if (i == root) break;
    }
  }

  const T* cost_;
  Index n_;
  std::vector<Index> column_of_, row_of_;
  std::vector<double> price_, distance_;
  std::vector<Index> parent_, open_, done_;
};

}  // namespace detail

/// Finds the one-to-one assignment of rows to columns of least total cost, exactly.
/// cost (N, N), finite, of any sign -> column (N)
/// Jonker and Volgenant, "A shortest augmenting path algorithm for dense and sparse linear assignment problems",
/// Computing 38 (1987). Worst case N^3; one thread. Throws std::invalid_argument where cost is not square or not
/// finite.
template <class T>
Assignment assign(ConstView<T> cost) {
  LATENTCELL_REQUIRE(cost.rows() == cost.cols(), "assign: needs as many rows as columns, got (", cost.rows(), ", ",
                     cost.cols(), ")");
  for (Index k = 0; k < cost.size(); ++k) {
    LATENTCELL_REQUIRE(std::isfinite(cost.data()[k]), "assign: cost (", k / cost.cols(), ", ", k % cost.cols(), ") is ",
                       cost.data()[k]);
  }
  if (cost.rows() == 0) return {};
  return detail::AssignmentSolver<T>(cost).solve();
}

template <class T>
Assignment assign(View<T> cost) {
  return assign(ConstView<T>(cost));
}

#ifdef LATENTCELL_INSTANCES
extern template Assignment assign<float>(ConstView<float> cost);
#endif

}  // namespace latentcell
