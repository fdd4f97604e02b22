#pragma once

#include <algorithm>
#include <cmath>
#include <utility>
#include <vector>

#include <latentcell/conformal/prediction_intervals.hpp>
#include <latentcell/core/median.hpp>
#include <latentcell/core/options.hpp>
#include <latentcell/core/random_draw.hpp>
#include <latentcell/spatial/concentration.hpp>
#include <latentcell/spatial/match_variance.hpp>

// Expression of single cells from wide spots, whose counts are sums over the cells under them.

namespace LATENTCELL_NAMESPACE::spatial {

/// How the cells of a spot share its counts.
struct SpotDeconvolution {
  std::vector<Concentration> genes;  ///< (F) of each gene, given the cells' totals
  Concentration totals;              ///< of the cells' total counts
};

/// Counts of spots and how many cells each has.
struct SpotCounts {
  Matrix<float> counts;      ///< (S, F) sums over the cells of each spot, whole numbers
  std::vector<Index> cells;  ///< (S)
};

/// Log-normalises counts.
/// shapes: counts (N, F) -> (N, F)
/// depth: total that each row is scaled to, above 0
inline Matrix<float> log_at_depth(const Matrix<float>& counts, double depth) {
  Matrix<float> out = counts;
  for (Index j = 0; j < out.rows(); ++j)
    out.row(j) = (out.row(j).array() * (float(depth) / std::max(1.0f, out.row(j).sum()))).log1p();
  return out;
}

/// Fits the concentrations to pairs of neighbouring spots. A spot with 0 cells counts as one of the mean size.
/// Throws std::invalid_argument for fewer than ten pairs.
inline SpotDeconvolution fit_spot_deconvolution(const Locations& spots, const SpotCounts& of) {
  const Matrix<float>& counts = of.counts;
  LATENTCELL_REQUIRE(counts.rows() == spots.size() && Index(of.cells.size()) == spots.size(),
                     "fit_spot_deconvolution: counts (", counts.rows(), ", ", counts.cols(), ") and ", of.cells.size(),
                     " numbers of cells for ", spots.size(), " spots");
  double sum = 0, used = 0;
  for (const Index n : of.cells) sum += double(n), used += n > 0 ? 1.0 : 0.0;
  LATENTCELL_REQUIRE(used > 0, "fit_spot_deconvolution: none of ", spots.size(), " spots has cells");
  std::vector<double> size;
  for (const Index n : of.cells) size.push_back(n > 0 ? double(n) : sum / used);
  const std::vector<SpotPair> pairs = pair_spots(spots, counts, size);
  LATENTCELL_REQUIRE(pairs.size() >= 10, "fit_spot_deconvolution: only ", pairs.size(),
                     " pairs of neighbouring spots with counts; needs ten");
  SpotDeconvolution out;
  out.totals = fit_concentration(
      pairs,
      [&](const SpotPair& p) {
        return std::pair(double(counts.row(p.first).sum()), double(counts.row(p.second).sum()));
      },
      [&](const SpotPair& p) { return size[to_size(p.first)] / p.cells; });
  for (Index g = 0; g < counts.cols(); ++g) {
    out.genes.push_back(fit_concentration(
        pairs, [&](const SpotPair& p) { return std::pair(double(counts(p.first, g)), double(counts(p.second, g))); },
        [](const SpotPair& p) { return p.share; }));
  }
  return out;
}

/// Samples one way in which n cells share the counts of a spot: a total for each cell, then each gene given the totals.
/// shapes: counts (F) -> (n, F)
inline Matrix<float> sample_spot_cells(const SpotDeconvolution& model, const RowVector<float>& counts, Index n,
                                       Rng& rng) {
  std::vector<double> total(to_size(n)), share(to_size(n));
  double sum = 0;
  for (double& t : total) sum += t = std::max(1e-12, draw_gamma(model.totals.cell, rng));
  Matrix<float> out = Matrix<float>::Zero(n, counts.size());
  for (Index g = 0; g < counts.size(); ++g) {
    if (counts(g) <= 0) continue;
    const double all = model.genes[to_size(g)].cell * double(n);
    for (std::size_t j = 0; j < share.size(); ++j)
      share[j] = std::max(1e-300, draw_gamma(std::max(1e-6, all * total[j] / sum), rng));
    for (Index left = Index(std::lround(counts(g))); left > 0; --left) out(draw_index(share, rng), g) += 1;
  }
  return out;
}

/// Log-normalised expression of the cells within each spot, over draws of how they share its counts.
struct SpotCellMoments {
  Matrix<float> mean, deviation;    ///< (S, F); zero for spots without cells
  Matrix<float> half_width;         ///< (2, F) deviations within which 50 % and 80 % of the cells lie
  RowVector<float> cell_deviation;  ///< (F) standard deviation over the cells of all spots
};

struct SpotSamplingOptions {
  double depth = 1e4;  ///< total that cells are normalised to, above 0
  Index draws = 64;    ///< samples of how the cells of a spot share its counts, at least 2. Larger: steadier, slower.

  static void visit(auto& self, auto&& f) {
    f("depth", self.depth, above(0));
    f("draws", self.draws, at_least(2));
  }
};

namespace detail {

/// Deviations within which 50 % and 80 % of sampled cells lie, gene by gene. Where nothing varies (one cell, or no
/// count) a cell lies at its mean.
/// cells: one sample for each spot (n, F) -> (2, F)
inline Matrix<float> half_widths(const std::vector<Matrix<float>>& cells, const Matrix<float>& mean,
                                 const Matrix<float>& deviation) {
  Matrix<float> out(2, mean.cols());
  kernel::parallel_items(mean.cols(), [&](Index g) {
    std::vector<double> far;
    for (Index i = 0; i < mean.rows(); ++i) {
      const bool fixed = deviation(i, g) < 1e-5f;
      const Matrix<float>& here = cells[to_size(i)];
      for (Index j = 0; j < here.rows(); ++j)
        far.push_back(fixed ? 0.0 : double(std::abs(here(j, g) - mean(i, g)) / deviation(i, g)));
    }
    out(0, g) = far.empty() ? 1.0f : float(sample_quantile(far, 0.5));
    out(1, g) = far.empty() ? 1.0f : float(sample_quantile(far, 0.8));
  });
  return out;
}

/// All rows of some matrices.
inline Matrix<float> stack_rows(const std::vector<Matrix<float>>& parts, Index columns) {
  Index rows = 0;
  for (const Matrix<float>& x : parts) rows += x.rows();
  Matrix<float> out(rows, columns);
  rows = 0;
  for (const Matrix<float>& x : parts) {
    if (x.rows() > 0) out.middleRows(rows, x.rows()) = x;
    rows += x.rows();
  }
  return out;
}

}  // namespace detail

/// Samples how the cells of each spot share its counts, `draws` times, and returns the moments.
inline SpotCellMoments spot_cell_moments(const SpotDeconvolution& model, const SpotCounts& spots,
                                         const SpotSamplingOptions& o, Rng& rng) {
  const Matrix<float>& counts = spots.counts;
  check_options("spot_cell_moments", o);
  LATENTCELL_REQUIRE(counts.cols() == Index(model.genes.size()) && Index(spots.cells.size()) == counts.rows(),
                     "spot_cell_moments: counts (", counts.rows(), ", ", counts.cols(), ") for ", spots.cells.size(),
                     " spots and a model of ", model.genes.size(), " genes");
  const Index s = counts.rows(), f = counts.cols();
  SpotCellMoments out{Matrix<float>::Zero(s, f), Matrix<float>::Zero(s, f), {}, {}};
  std::vector<Matrix<float>> independent(to_size(s));  // samples that the moments are not taken from
  const Rng own = rng.fork();
  kernel::parallel_items(s, [&](Index i) {
    const Index cells = spots.cells[to_size(i)];
    if (cells == 0) return;
    Rng here = own.at(std::uint64_t(i));
    const auto sample = [&] { return log_at_depth(sample_spot_cells(model, counts.row(i), cells, here), o.depth); };
    independent[to_size(i)] = sample();
    RowVector<float> square = RowVector<float>::Zero(f);
    std::vector<Matrix<float>> drawn;
    for (Index k = 0; k < o.draws; ++k) {
      drawn.push_back(sample());
      out.mean.row(i) += drawn.back().colwise().mean() / float(o.draws);
    }
    for (const Matrix<float>& x : drawn)
      square += (x.rowwise() - out.mean.row(i)).array().square().matrix().colwise().mean() / float(o.draws);
    out.deviation.row(i) = square.array().sqrt();
  });
  out.half_width = detail::half_widths(independent, out.mean, out.deviation);
  out.cell_deviation = column_deviation(detail::stack_rows(independent, f));
  return out;
}

/// Returns means and intervals of the cells of spots: within a spot the means differ as predicted, and average to the
/// mean of cells that share the spot's counts.
/// shapes: spot (N), predicted (N, F) -> each (N, F)
inline conformal::PredictionIntervals deconvolve_spots(const SpotCellMoments& cells, const std::vector<Index>& spot,
                                                       const Matrix<float>& predicted) {
  constexpr float rounding = 1e-4f;  // half an interval at least
  conformal::PredictionIntervals out;
  out.mean = (predicted + area_to_point_correction(cells.mean, spot, predicted)).array().max(0.0f);
  const auto end = [&](Index level, float sign) {
    Matrix<float> at = out.mean;
    for (Index i = 0; i < at.rows(); ++i) {
      at.row(i).array() +=
          sign * (cells.deviation.row(spot[to_size(i)]).array() * cells.half_width.row(level).array() + rounding);
    }
    return Matrix<float>(at.array().max(0.0f));
  };
  out.low50 = end(0, -1);
  out.high50 = end(0, 1);
  out.low80 = end(1, -1);
  out.high80 = end(1, 1);
  return out;
}

}  // namespace latentcell::spatial
