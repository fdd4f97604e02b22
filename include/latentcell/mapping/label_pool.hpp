#pragma once

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <span>
#include <vector>

#include <latentcell/core/options.hpp>
#include <latentcell/core/types.hpp>

// One probability of each label from those of several parts, with weights that held-out cells decide.

namespace LATENTCELL_NAMESPACE::mapping {

struct LabelPoolOptions {
  double smoothing = 1.0 / 30;  ///< counts of every part, shared by all labels, beside its own 1. Larger: no part can
                                ///< rule a label out
  Index steps = 4;              ///< weights tried between 0 and that of equal parts. Larger: finer
  double standard_errors = 1;   ///< of the difference in loss, that unequal weights must gain. Larger: equal parts more
                                ///< often

  static void visit(auto& self, auto&& f) {
    f("smoothing", self.smoothing, above(0));
    f("steps", self.steps, at_least(1));
    f("standard_errors", self.standard_errors, at_least(0));
  }
};

/// Held-out cells, as each part labels them.
struct PooledCells {
  const std::vector<Matrix<double>>& parts;  ///< (P) of (N, L) probabilities
  const std::vector<int>& codes;             ///< (N) true labels in [0, L)
  const std::vector<char>& optimistic;   ///< (P) non-zero: the part was fitted with these labels, so it weighs at most
                                         ///< as much as all others together
  std::vector<double> composition = {};  ///< (L) expected share of each label in the query; empty: as the cells'
};

namespace detail {

/// log of smoothed probabilities.     -> (N, L)
inline Matrix<double> smoothed_log(const Matrix<double>& part, double smoothing) {
  return ((part.array() + smoothing / double(part.cols())) / (1 + smoothing)).log();
}

/// Negative log of the pooled probability of each cell's label.
inline std::vector<double> pooled_losses(const std::vector<Matrix<double>>& logs, std::span<const double> weight,
                                         const std::vector<int>& codes) {
  std::vector<double> out(codes.size());
  RowVector<double> row;
  for (std::size_t i = 0; i < codes.size(); ++i) {
    row = weight[0] * logs[0].row(Index(i));
    for (std::size_t p = 1; p < logs.size(); ++p) row += weight[p] * logs[p].row(Index(i));
    const double top = row.maxCoeff();
    out[i] = top + std::log((row.array() - top).exp().sum()) - row(codes[i]);
  }
  return out;
}

/// Half of it in the query's composition, half equal for all labels: both accuracy and mean F1 count.
/// composition (L), or empty: that of the cells     -> sums to 1
inline std::vector<double> balanced_weights(const std::vector<int>& codes, Index labels,
                                            std::span<const double> composition) {
  std::vector<double> cells(to_size(labels), 0.0), share(composition.begin(), composition.end()), out;
  for (const int c : codes) cells[std::size_t(c)] += 1;
  if (share.empty()) share = cells;
  double present = 0, all = 0;
  for (std::size_t l = 0; l < cells.size(); ++l) {
    if (cells[l] > 0) present += 1, all += share[l];
  }
  for (const int c : codes) {
    const std::size_t l = std::size_t(c);
    out.push_back((0.5 * share[l] / std::max(1e-300, all) + 0.5 / present) / cells[l]);
  }
  return out;
}

/// All divisions of `units` among `parts`, in order.
inline void share_units(Index parts, Index units, std::vector<Index>& now, std::vector<std::vector<Index>>& out) {
  if (parts == 1) {
    now.push_back(units);
    out.push_back(now);
    now.pop_back();
    return;
  }
  for (Index k = 0; k <= units; ++k) {
    now.push_back(k);
    share_units(parts - 1, units - k, now, out);
    now.pop_back();
  }
}

/// Factor on all weights with the least mean loss: below 1 where the pool is surer than right, above where it is less.
inline double fit_sharpness(const std::vector<Matrix<double>>& logs, std::vector<double> weight,
                            const std::vector<int>& codes) {
  double best = std::numeric_limits<double>::infinity(), out = 1;
  for (const double factor : {1.0, 0.5, 0.6, 0.7, 0.85, 1.2, 1.4, 1.7, 2.0, 2.5, 3.0}) {
    std::vector<double> now = weight;
    for (double& w : now) w *= factor;
    const std::vector<double> loss = pooled_losses(logs, now, codes);
    const double sum = std::accumulate(loss.begin(), loss.end(), 0.0);
    if (sum < best) best = sum, out = factor;
  }
  return out;
}

}  // namespace detail

/// The logarithmic pool of Genest and Zidek (1986): probabilities proportional to the product of the parts', each to
/// the power of its weight.
/// shapes: parts (P, N, L), weight (P) -> (N, L)
inline Matrix<double> pool_labels(const std::vector<Matrix<double>>& parts, std::span<const double> weight,
                                  const LabelPoolOptions& o = {}) {
  check_options("pool_labels", o);
  LATENTCELL_REQUIRE(!parts.empty() && parts.size() == weight.size(), "pool_labels: ", parts.size(), " parts and ",
                     weight.size(), " weights");
  Matrix<double> out = Matrix<double>::Zero(parts[0].rows(), parts[0].cols());
  for (std::size_t p = 0; p < parts.size(); ++p) {
    LATENTCELL_REQUIRE(parts[p].rows() == out.rows() && parts[p].cols() == out.cols(), "pool_labels: part ", p, " is (",
                       parts[p].rows(), ", ", parts[p].cols(), "), the first (", out.rows(), ", ", out.cols(), ")");
    if (weight[p] != 0) out += weight[p] * detail::smoothed_log(parts[p], o.smoothing);
  }
  for (Index i = 0; i < out.rows(); ++i) {
    out.row(i) = (out.row(i).array() - out.row(i).maxCoeff()).exp();
    out.row(i) /= out.row(i).sum();
  }
  return out;
}

/// Weights of the parts: of a grid those with the least log loss on held-out cells, or the most equal ones within
/// `standard_errors` of it (Breiman et al. 1984), all times a factor that calibrates the pool.
/// Stacking with shrinkage to equal weights: Wolpert 1992. Without cells the weights are equal.
/// -> (P), at least 0
inline std::vector<double> fit_pool_weights(const PooledCells& cells, const LabelPoolOptions& o = {}) {
  check_options("fit_pool_weights", o);
  const Index parts = Index(cells.parts.size()), units = parts * o.steps;
  LATENTCELL_REQUIRE(parts >= 1 && cells.optimistic.size() == cells.parts.size(), "fit_pool_weights: ", parts,
                     " parts and ", cells.optimistic.size(), " marks of optimism");
  std::vector<double> equal(to_size(parts), 1.0 / double(parts));
  if (cells.codes.empty()) return equal;
  std::vector<Matrix<double>> logs;
  for (const Matrix<double>& part : cells.parts) {
    LATENTCELL_REQUIRE(part.rows() == Index(cells.codes.size()), "fit_pool_weights: ", part.rows(),
                       " rows of probabilities for ", cells.codes.size(), " labels");
    logs.push_back(detail::smoothed_log(part, o.smoothing));
  }
  const std::vector<double> importance = detail::balanced_weights(cells.codes, logs[0].cols(), cells.composition);
  struct Tried {
    std::vector<double> weight, loss;
    double total = 0, unequal = 0;
  };
  std::vector<Tried> tried;
  std::vector<std::vector<Index>> shares;
  std::vector<Index> now;
  detail::share_units(parts, units, now, shares);
  for (const std::vector<Index>& share : shares) {
    Tried t;
    bool allowed = true;
    for (std::size_t p = 0; p < share.size(); ++p) {
      allowed = allowed && (cells.optimistic[p] == 0 || 2 * share[p] <= units);
      t.weight.push_back(double(share[p]) / double(units));
      t.unequal += std::pow(t.weight.back() - 1.0 / double(parts), 2);
    }
    if (!allowed) continue;
    t.loss = detail::pooled_losses(logs, t.weight, cells.codes);
    t.total = std::inner_product(t.loss.begin(), t.loss.end(), importance.begin(), 0.0);
    tried.push_back(std::move(t));
  }
  const auto least = [](const Tried& a, const Tried& b) { return a.total < b.total; };
  const Tried* best = &*std::min_element(tried.begin(), tried.end(), least);
  const Tried* chosen = best;
  for (const Tried& t : tried) {
    const double gap = t.total - best->total;
    double square = 0;
    for (std::size_t i = 0; i < t.loss.size(); ++i) {
      square += std::pow(importance[i] * (t.loss[i] - best->loss[i] - gap), 2);
    }
    if (gap <= o.standard_errors * std::sqrt(square) && t.unequal < chosen->unequal) chosen = &t;
  }
  std::vector<double> out = chosen->weight;
  const double factor = detail::fit_sharpness(logs, out, cells.codes);
  for (double& w : out) w *= factor;
  return out;
}

}  // namespace latentcell::mapping
