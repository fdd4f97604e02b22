#pragma once

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>
#include <vector>

#include <latentcell/kernel/parallel.hpp>
#include <latentcell/spatial/kriging.hpp>
#include <latentcell/spatial/smoothing.hpp>

// The last step of a prediction: gene by gene a weighted mean of the model's and of what lies around a location, so
// that kriging and smoothing of single genes are special cases of the model.

namespace LATENTCELL_NAMESPACE::spatial {

/// Locations to predict, each under its mask.
struct MaskedLocations {
  const Locations& at;
  const std::vector<SpatialMask>& masks;  ///< (M), or empty: nothing is masked
  bool are_reference = false;             ///< the locations are the reference's own: none is its own neighbour
};

/// Kriging and Gaussian smoothing of single genes.
struct GeneMeans {
  Matrix<float> kriged, smoothed;  ///< (M, F)

  /// Their mean with a share of smoothing in [0, 1].
  Matrix<float> mixed(double smoothing) const { return float(1 - smoothing) * kriged + float(smoothing) * smoothed; }
};

/// Returns what the reference's genes are around locations.
/// width: of smoothing, in units of the coordinates
inline GeneMeans gene_means(const SpatialReference& reference, const MaskedLocations& of, const VariogramOptions& o,
                            const kernel::Variogram& variogram, double width) {
  check_options("gene_means", o);
  const Index n = of.at.size(), f = reference.values.cols();
  LATENTCELL_REQUIRE(of.masks.empty() || Index(of.masks.size()) == n, "gene_means: ", of.masks.size(), " masks for ", n,
                     " locations");
  GeneMeans out{Matrix<float>(n, f), Matrix<float>(n, f)};
  kernel::parallel_items(n, [&](Index i) {
    Location at = of.at[i];
    if (of.are_reference) at.row = i;
    const NeighborQuery near(reference, at, of.masks.empty() ? SpatialMask{} : of.masks[to_size(i)], o.slice_gap,
                             std::max(smoothed_cells, o.neighbors));
    out.kriged.row(i) = krige(reference, near, variogram, o.slice_gap, o.neighbors).cast<float>();
    out.smoothed.row(i) = smooth(reference, near, width).cast<float>();
  });
  return out;
}

/// Held-out reference cells.
struct HeldOutGenes {
  const Matrix<float>& truth;      ///< (N, F)
  const Matrix<float>& predicted;  ///< (N, F) by the model without the cell
  const GeneMeans& around;         ///< of (N, F), without the cell
  const std::vector<char>& used;   ///< (N) 0: a cell without truth
};

/// Weights of a prediction's last step.
struct GeneWeights {
  RowVector<float> around;  ///< (F) weight of what lies around, in [0, 1]; the rest is the model's
  double smoothing = 0;     ///< share of smoothing in it, the rest is kriging
};

namespace detail {

/// Slopes of the model's residuals on the difference of what lies around from the model, gene by gene.
struct GeneSlopes {
  std::vector<double> cross, square, left;  ///< (F) in units of the gene's variance; left: residual square per cell
  double cells = 0, pooled = 0, error = 0;  ///< pooled: slope of all genes together, in [0, 1]; error: its mean
};

inline GeneSlopes gene_slopes(const HeldOutGenes& of, const Matrix<float>& around) {
  const Index f = of.truth.cols();
  GeneSlopes out{std::vector<double>(to_size(f), 0.0), std::vector<double>(to_size(f), 0.0),
                 std::vector<double>(to_size(f), 0.0)};
  for (const char u : of.used) out.cells += u != 0 ? 1.0 : 0.0;
  std::vector<double> total(to_size(f), 0.0);
  for (Index g = 0; g < f; ++g) {
    double sum = 0, square = 0;
    for (Index i = 0; i < of.truth.rows(); ++i) {
      if (of.used[to_size(i)] == 0) continue;
      const double y = double(of.truth(i, g)), own = y - double(of.predicted(i, g)),
                   gap = double(around(i, g)) - double(of.predicted(i, g));
      sum += y, square += y * y;
      out.cross[to_size(g)] += own * gap, out.square[to_size(g)] += gap * gap, total[to_size(g)] += own * own;
    }
    const double variance = (square - sum * sum / std::max(1.0, out.cells)) / std::max(1.0, out.cells);
    const double unit = variance > 1e-9 ? 1 / variance : 0.0;
    out.cross[to_size(g)] *= unit, out.square[to_size(g)] *= unit, total[to_size(g)] *= unit;
  }
  double cross = 0, square = 0;
  for (std::size_t g = 0; g < to_size(f); ++g) cross += out.cross[g], square += out.square[g];
  out.pooled = square > 0 ? std::clamp(cross / square, 0.0, 1.0) : 0.0;
  for (std::size_t g = 0; g < to_size(f); ++g) {
    const double least = out.square[g] > 0 ? out.cross[g] * out.cross[g] / out.square[g] : 0.0;
    out.left[g] = (total[g] - least) / std::max(1.0, out.cells);
    out.error += total[g] - 2 * out.pooled * out.cross[g] + out.pooled * out.pooled * out.square[g];
  }
  return out;
}

/// Slopes moved towards the pooled one by as much as they are uncertain (empirical Bayes).
inline RowVector<float> shrunk_slopes(const GeneSlopes& of) {
  double excess = 0, weights = 0;
  for (std::size_t g = 0; g < of.cross.size(); ++g) {
    if (!(of.square[g] > 0)) continue;
    const double gap = of.cross[g] / of.square[g] - of.pooled;
    excess += of.square[g] * (gap * gap - of.left[g] / of.square[g]);
    weights += of.square[g];
  }
  const double spread = weights > 0 ? std::max(0.0, excess / weights) : 0.0;
  RowVector<float> out(Index(of.cross.size()));
  for (std::size_t g = 0; g < of.cross.size(); ++g) {
    const double noise = of.square[g] > 0 ? of.left[g] / of.square[g] : 1.0, own = spread / (spread + noise + 1e-300);
    const double slope = of.square[g] > 0 ? of.cross[g] / of.square[g] : of.pooled;
    out(Index(g)) = float(std::clamp(of.pooled + own * (slope - of.pooled), 0.0, 1.0));
  }
  return out;
}

/// The weights of least error on the cells used.
inline GeneWeights least_error_weights(const HeldOutGenes& of) {
  GeneWeights out;
  double least = std::numeric_limits<double>::infinity();
  GeneSlopes best;
  for (const double smoothing : {0.0, 0.25, 0.5, 0.75, 1.0}) {
    GeneSlopes now = gene_slopes(of, of.around.mixed(smoothing));
    if (!(now.error < least * (1 - 1e-6))) continue;
    least = now.error;
    out.smoothing = smoothing;
    best = std::move(now);
  }
  out.around = shrunk_slopes(best);
  return out;
}

/// How much lower each used cell's error is with these weights than with `around` alone; genes in units of their
/// variance.
inline std::vector<double> stacking_gains(const HeldOutGenes& of, const Matrix<float>& around,
                                          const GeneWeights& weights) {
  const RowVector<float> variance =
      (of.truth.rowwise() - of.truth.colwise().mean()).array().square().matrix().colwise().mean();
  const Matrix<float> mixed = of.around.mixed(weights.smoothing);
  std::vector<double> out;
  for (Index i = 0; i < of.truth.rows(); ++i) {
    if (of.used[to_size(i)] == 0) continue;
    out.push_back(0);
    for (Index g = 0; g < of.truth.cols(); ++g) {
      if (variance(g) < 1e-9f) continue;
      const double y = double(of.truth(i, g)), a = double(around(i, g)), m = double(of.predicted(i, g)),
                   stacked = m + double(weights.around(g)) * (double(mixed(i, g)) - m);
      out.back() += ((y - a) * (y - a) - (y - stacked) * (y - stacked)) / double(variance(g));
    }
  }
  return out;
}

/// Whether weights fitted to one half of the cells gain on what lies around alone in the other half, by more than one
/// standard error.
inline bool gains(const HeldOutGenes& of, double smoothing) {
  const Matrix<float> around = of.around.mixed(smoothing);
  double sum = 0, square = 0, n = 0;
  for (std::size_t half = 0; half < 2; ++half) {
    std::vector<char> fitted = of.used, evaluated = of.used;
    for (std::size_t i = 0; i < fitted.size(); ++i) (i % 2 == half ? fitted : evaluated)[i] = 0;
    const GeneWeights weights = least_error_weights({of.truth, of.predicted, of.around, fitted});
    for (const double gain : stacking_gains({of.truth, of.predicted, of.around, evaluated}, around, weights))
      sum += gain, square += gain * gain, n += 1;
  }
  if (n < 2) return false;
  const double mean = sum / n;
  return mean > std::sqrt(std::max(0.0, square / n - mean * mean) / n);
}

}  // namespace detail

/// Returns the weights that predict held-out cells best: gene by gene, shrunk to the weight of all genes together.
/// Where the model gains less than a standard error on what lies around alone, that remains (weight 1).
inline GeneWeights fit_gene_weights(const HeldOutGenes& of) {
  const Index n = of.truth.rows(), f = of.truth.cols();
  for (const Matrix<float>* x : {&of.predicted, &of.around.kriged, &of.around.smoothed})
    LATENTCELL_REQUIRE(x->rows() == n && x->cols() == f, "fit_gene_weights: truth (", n, ", ", f, "), a prediction (",
                       x->rows(), ", ", x->cols(), ")");
  LATENTCELL_REQUIRE(Index(of.used.size()) == n, "fit_gene_weights: ", of.used.size(), " marks for ", n, " cells");
  GeneWeights out = detail::least_error_weights(of);
  if (!detail::gains(of, out.smoothing)) out.around.setOnes();
  return out;
}

/// Returns what to add to the model's predictions, negative ones of which count as 0.
/// shapes: predicted (M, F) -> (M, F)
inline Matrix<float> gene_stacking_shift(const GeneWeights& weights, const GeneMeans& around,
                                         const Matrix<float>& predicted) {
  const Matrix<float> positive = predicted.array().max(0.0f);
  Matrix<float> out = around.mixed(weights.smoothing) - positive;
  out.array().rowwise() *= weights.around.array();
  return out + positive - predicted;
}

}  // namespace latentcell::spatial
