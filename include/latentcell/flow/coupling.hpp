#pragma once

#include <algorithm>
#include <numeric>
#include <span>
#include <type_traits>
#include <vector>

#include <latentcell/core/error.hpp>
#include <latentcell/core/random_draw.hpp>
#include <latentcell/core/rng.hpp>
#include <latentcell/core/types.hpp>
#include <latentcell/transport/assignment.hpp>
#include <latentcell/transport/sinkhorn.hpp>

namespace LATENTCELL_NAMESPACE {

/// Which noise is led to which cell of a minibatch.
enum class Coupling {
  independent,  ///< any to any: the plain rectified flow
  optimal,   ///< the assignment of least squared distance (Tong et al. 2023; Pooladian et al. 2023): straighter paths
  sinkhorn,  ///< drawn from the entropic plan: softer, for large batches
};

namespace detail {

/// Squared distances of some rows.     rows (n) of a and b -> (n, n)
template <class T>
Matrix<float> squared_distances(ConstView<T> a, ConstView<T> b, std::span<const Index> rows) {
  const Index n = Index(rows.size()), d = a.cols();
  Matrix<float> cost(n, n);
  for (Index i = 0; i < n; ++i) {
    const T* const from = a.data() + rows[to_size(i)] * d;
    for (Index j = 0; j < n; ++j) {
      const T* const to = b.data() + rows[to_size(j)] * d;
      T sum = 0;
      for (Index k = 0; k < d; ++k) sum += (from[k] - to[k]) * (from[k] - to[k]);
      cost(i, j) = float(sum);
    }
  }
  return cost;
}

/// Draws a column for each row, every column once: rows draw from their row of the plan in random order.
inline std::vector<Index> draw_matching(const TransportPlan& plan, Rng& rng) {
  const Index n = plan.plan.rows();
  std::vector<Index> order(to_size(n)), out(to_size(n));
  std::iota(order.begin(), order.end(), Index(0));
  shuffle(std::span<Index>(order), rng);
  std::vector<bool> taken(to_size(n), false);
  for (Index i : order) {
    double left = 0;
    for (Index j = 0; j < n; ++j) left += taken[to_size(j)] ? 0.0 : plan.plan(i, j);
    double at = rng.uniform_double() * left;
    Index chosen = -1;
    for (Index j = 0; j < n; ++j) {
      if (taken[to_size(j)]) continue;
      chosen = j;
      at -= plan.plan(i, j);
      if (at <= 0) break;
    }
    taken[to_size(chosen)] = true;
    out[to_size(i)] = chosen;
  }
  return out;
}

}  // namespace detail

/// Permutes the rows of `noise` over the cells, within each group. Permuting noise across labels would make the noise
/// of a label non-normal, while generation draws it from a standard normal.
/// data (B, D), noise (B, D) reordered, group (B) or empty: one group
template <class T>
void couple(Coupling coupling, std::type_identity_t<ConstView<T>> data, View<T> noise, std::span<const int> group,
            Rng& rng) {
  LATENTCELL_REQUIRE(noise.rows() == data.rows() && noise.cols() == data.cols(), "couple: noise (", noise.rows(), ", ",
                     noise.cols(), ") but data (", data.rows(), ", ", data.cols(), ")");
  LATENTCELL_REQUIRE(group.empty() || Index(group.size()) == data.rows(), "couple: ", group.size(), " groups for ",
                     data.rows(), " cells");
  if (coupling == Coupling::independent) return;
  const Index batch = data.rows(), d = data.cols();
  std::vector<Index> cells(to_size(batch));
  std::iota(cells.begin(), cells.end(), Index(0));
  const auto of = [&](Index b) { return group.empty() ? 0 : group[to_size(b)]; };
  std::stable_sort(cells.begin(), cells.end(), [&](Index a, Index b) { return of(a) < of(b); });
  std::vector<T> moved(to_size(batch * d));
  for (Index first = 0; first < batch;) {
    Index last = first;
    while (last < batch && of(cells[to_size(last)]) == of(cells[to_size(first)])) ++last;
    const std::span<const Index> rows(cells.data() + first, to_size(last - first));
    const Matrix<float> cost = detail::squared_distances<T>(data, ConstView<T>(noise.data(), batch, d), rows);
    const ConstView<float> costs(cost.data(), cost.rows(), cost.cols());
    const std::vector<Index> give =
        coupling == Coupling::optimal ? assign(costs).column : detail::draw_matching(sinkhorn(costs), rng);
    for (std::size_t i = 0; i < rows.size(); ++i) {
      std::copy_n(noise.data() + rows[to_size(give[i])] * d, d, moved.data() + rows[i] * d);
    }
    first = last;
  }
  std::copy(moved.begin(), moved.end(), noise.data());
}

}  // namespace latentcell
