#pragma once

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <span>
#include <utility>
#include <vector>

#include <latentcell/core/random_draw.hpp>
#include <latentcell/conformal/prediction_intervals.hpp>
#include <latentcell/conformal/quantile.hpp>
#include <latentcell/spatial/context.hpp>

// Single cells told from wide spots: what a spot shows is what the cells under it show together.

namespace latentcell {

/// The nearest spot of its own slice for each place.     at (N, 2), slice (N) -> (N) rows of the spots
inline std::vector<Index> nearest_spots(const SpatialReference& spots, const Matrix<float>& at,
                                        const std::vector<int>& slice) {
  LATENTCELL_REQUIRE(at.cols() == 2 && Index(slice.size()) == at.rows() && spots.cells() > 0,
                     "nearest_spots: ", at.rows(), " places, ", slice.size(), " slices, ", spots.cells(), " spots");
  std::vector<Index> out(to_size(at.rows()));
  constexpr double far = 1e9;  // of slices: a place lies within a spot of its own slice
  kernel::parallel_items(at.rows(), [&](Index i) {
    out[to_size(i)] = detail::Around(spots, at.data() + 2 * i, slice[to_size(i)], -1, {}, far, 1).row.front();
  });
  for (std::size_t i = 0; i < out.size(); ++i)
    LATENTCELL_REQUIRE(spots.slice[to_size(out[i])] == slice[i], "nearest_spots: slice ", slice[i],
                       " has places but no spot");
  return out;
}

/// Places of each spot.     spot (N) as nearest_spots gives it -> (spots)
inline std::vector<Index> places_of_spots(const std::vector<Index>& spot, Index spots) {
  std::vector<Index> out(to_size(spots), 0);
  for (const Index s : spot) ++out[to_size(s)];
  return out;
}

/// What to add to the values of places, so that the mean of those within a spot is the spot's value (coherence of
/// area-to-point interpolation, Kyriakidis 2004, "A geostatistical framework for area-to-point spatial interpolation").
/// values (S, F) of the spots, spot (N), predicted (N, F) -> (N, F)
inline Matrix<float> coherence(const Matrix<float>& values, const std::vector<Index>& spot,
                               const Matrix<float>& predicted) {
  LATENTCELL_REQUIRE(Index(spot.size()) == predicted.rows() && predicted.cols() == values.cols(),
                     "coherence: ", spot.size(), " places, predicted (", predicted.rows(), ", ", predicted.cols(),
                     "), spots (", values.rows(), ", ", values.cols(), ")");
  const std::vector<Index> places = places_of_spots(spot, values.rows());
  Matrix<float> gap = Matrix<float>::Zero(values.rows(), values.cols()), out(predicted.rows(), predicted.cols());
  for (Index i = 0; i < predicted.rows(); ++i) {
    const Index s = spot[to_size(i)];
    gap.row(s) += (values.row(s) - predicted.row(i)) / float(places[to_size(s)]);
  }
  for (Index i = 0; i < predicted.rows(); ++i) out.row(i) = gap.row(spot[to_size(i)]);
  return out;
}

/// How unevenly counts are shared. Where the counts of cells are negative binomial with shape `cell`, what they are
/// given their sum is Dirichlet-multinomial with that same number: spots of known numbers of cells tell it, and it
/// holds for single cells. Neighbouring spots differ besides, however many cells they have: tissue changes from spot to
/// spot.
struct Concentration {
  double cell = 1;   ///< shape of one cell's counts; larger is more even
  double apart = 0;  ///< what two spots differ besides

  /// Total of the Dirichlet's parameters for spots of so many cells together.
  double of_spots(double cells) const { return 1 / (1 / (cell * cells) + apart); }
};

/// How the counts of a spot are shared among its cells.
struct SpotDeconvolution {
  std::vector<Concentration> genes;  ///< (F) of each gene, given the cells' totals
  Concentration totals;
};

namespace detail {

/// log of the beta-binomial probability of x of n, less what does not depend on a and b.
inline double log_beta_binomial(double x, double n, double a, double b) {
  return std::lgamma(x + a) + std::lgamma(n - x + b) - std::lgamma(n + a + b) + std::lgamma(a + b) - std::lgamma(a) -
         std::lgamma(b);
}

/// Two neighbouring spots.
struct SpotPair {
  Index a, b;
  double cells, share;  // of both together; the first one's share of the total
};

/// Neighbours of one slice that have counts, each spot in one pair at most.
inline std::vector<SpotPair> spot_pairs(const SpatialReference& spots, const Matrix<float>& counts,
                                        const std::vector<double>& cells) {
  std::vector<std::vector<Index>> near(cells.size());
  kernel::parallel_items(spots.cells(), [&](Index i) {
    near[to_size(i)] = Around(spots, spots.at.data() + 2 * i, spots.slice[to_size(i)], i, {}, 1e9, 8).row;
  });
  std::vector<char> used(cells.size(), 0);
  const auto usable = [&](Index s) { return !used[to_size(s)] && counts.row(s).sum() > 0; };
  std::vector<SpotPair> out;
  for (Index a = 0; a < spots.cells(); ++a) {
    if (!usable(a)) continue;
    for (const Index b : near[to_size(a)]) {
      if (!usable(b) || spots.slice[to_size(a)] != spots.slice[to_size(b)]) continue;
      used[to_size(a)] = used[to_size(b)] = 1;
      const double x = double(counts.row(a).sum()), y = double(counts.row(b).sum());
      out.push_back({a, b, cells[to_size(a)] + cells[to_size(b)], x / (x + y)});
      break;
    }
  }
  return out;
}

/// The evenness of a grid under which the sharing among pairs is likeliest; spots differ besides only where that is
/// clearly likelier (a likelihood ratio at 5 %).     counts(pair) -> {first, second}; share(pair): of the first, to be
/// expected
template <class CountsOf, class Share>
Concentration likeliest_evenness(const std::vector<SpotPair>& pairs, const CountsOf& counts, const Share& share) {
  Concentration best;
  double most = -std::numeric_limits<double>::infinity();
  for (const double apart : {0.0, 0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64}) {
    for (double log10 = -2; log10 < 2.01; log10 += 0.125) {
      const Concentration now{std::pow(10.0, log10), apart};
      double sum = apart > 0 ? -0.5 * 3.84 : 0;
      for (const SpotPair& p : pairs) {
        const auto [x, y] = counts(p);
        const double all = now.of_spots(p.cells), m = share(p);
        if (x + y > 0) sum += log_beta_binomial(x, x + y, all * m, all * (1 - m));
      }
      if (sum > most) most = sum, best = now;
    }
  }
  return best;
}

/// Log-normalised counts.     counts (N, F), depth: the total that rows are brought to
inline Matrix<float> logs_at(const Matrix<float>& counts, double depth) {
  Matrix<float> out = counts;
  for (Index j = 0; j < out.rows(); ++j)
    out.row(j) = (out.row(j).array() * (float(depth) / std::max(1.0f, out.row(j).sum()))).log1p();
  return out;
}

/// One way in which the counts of a spot may be shared among n cells: log-normalised.     counts (F) -> (n, F)
inline Matrix<float> share_counts(const SpotDeconvolution& split, const RowVector<float>& counts, Index n, double depth,
                                  Rng& rng) {
  std::vector<double> total(to_size(n)), share(to_size(n));
  double sum = 0;
  for (double& t : total) sum += t = std::max(1e-12, draw_gamma(split.totals.cell, rng));
  Matrix<float> out = Matrix<float>::Zero(n, counts.size());
  for (Index g = 0; g < counts.size(); ++g) {
    if (counts(g) <= 0) continue;
    const double all = split.genes[to_size(g)].cell * double(n);
    for (std::size_t j = 0; j < share.size(); ++j)
      share[j] = std::max(1e-300, draw_gamma(std::max(1e-6, all * total[j] / sum), rng));
    for (Index left = Index(std::lround(counts(g))); left > 0; --left) out(draw_index(share, rng), g) += 1;
  }
  return logs_at(out, depth);
}

}  // namespace detail

/// Learns the sharing from pairs of neighbouring spots.     counts (S, F): sums over the cells of each spot, whole
/// numbers; cells (S): how many; where that is 0 it is not known, and taken to be what other spots have
inline SpotDeconvolution learn_split(const SpatialReference& spots, const Matrix<float>& counts,
                                     const std::vector<Index>& cells) {
  LATENTCELL_REQUIRE(counts.rows() == spots.cells() && Index(cells.size()) == spots.cells(), "learn_split: counts (",
                     counts.rows(), ", ", counts.cols(), ") and ", cells.size(), " numbers of cells for ",
                     spots.cells(), " spots");
  using detail::SpotPair;
  double sum = 0, told = 0;
  for (const Index n : cells) sum += double(n), told += n > 0 ? 1.0 : 0.0;
  LATENTCELL_REQUIRE(told > 0, "learn_split: no spot has cells");
  std::vector<double> size;
  for (const Index n : cells) size.push_back(n > 0 ? double(n) : sum / told);
  const std::vector<SpotPair> pairs = detail::spot_pairs(spots, counts, size);
  LATENTCELL_REQUIRE(pairs.size() >= 10, "learn_split: only ", pairs.size(), " pairs of neighbouring spots");
  const Index f = counts.cols();
  SpotDeconvolution out;
  out.totals = detail::likeliest_evenness(
      pairs, [&](const SpotPair& p) { return std::pair(double(counts.row(p.a).sum()), double(counts.row(p.b).sum())); },
      [&](const SpotPair& p) { return size[to_size(p.a)] / p.cells; });
  for (Index g = 0; g < f; ++g) {
    out.genes.push_back(detail::likeliest_evenness(
        pairs, [&](const SpotPair& p) { return std::pair(double(counts(p.a, g)), double(counts(p.b, g))); },
        [](const SpotPair& p) { return p.share; }));
  }
  return out;
}

/// What single cells of each spot show: log-normalised, over ways in which the spot's counts may be shared among them.
struct SplitCells {
  Matrix<float> mean, deviation;  ///< (S, F); spots without cells: zero
  Matrix<float> within;     ///< (2, F) deviations within which 50 % and 80 % of the cells lie, those that are known
                            ///< for certain among them
  RowVector<float> spread;  ///< (F) standard deviation over the cells of all spots
};

/// Shares the counts of spots among their cells in `draws` ways.     counts (S, F), cells (S) and depth: as for
/// learn_split
inline SplitCells split_cells(const SpotDeconvolution& split, const Matrix<float>& counts,
                              const std::vector<Index>& cells, double depth, Index draws, Rng& rng) {
  LATENTCELL_REQUIRE(draws >= 2 && counts.cols() == Index(split.genes.size()), "split_cells: ", draws,
                     " draws, counts of ", counts.cols(), " features for ", split.genes.size());
  const Index s = counts.rows(), f = counts.cols();
  SplitCells out{Matrix<float>::Zero(s, f), Matrix<float>::Zero(s, f), Matrix<float>(2, f), {}};
  std::vector<Matrix<float>> one(to_size(s));  // a way of its own for each spot, which the widths are measured by
  const Rng own = rng.fork();
  kernel::parallel_items(s, [&](Index i) {
    if (cells[to_size(i)] == 0) return;
    Rng here = own.at(std::uint64_t(i));
    one[to_size(i)] = detail::share_counts(split, counts.row(i), cells[to_size(i)], depth, here);
    RowVector<float> square = RowVector<float>::Zero(f);
    std::vector<Matrix<float>> drawn;
    for (Index k = 0; k < draws; ++k) {
      drawn.push_back(detail::share_counts(split, counts.row(i), cells[to_size(i)], depth, here));
      out.mean.row(i) += drawn.back().colwise().mean() / float(draws);
    }
    for (const Matrix<float>& x : drawn)
      square += (x.rowwise() - out.mean.row(i)).array().square().matrix().colwise().mean() / float(draws);
    out.deviation.row(i) = square.array().sqrt();
  });
  kernel::parallel_items(f, [&](Index g) {
    std::vector<double> far;
    for (Index i = 0; i < s; ++i) {
      const bool known = out.deviation(i, g) < 1e-5f;  // one cell, or no count: nothing is shared out
      for (Index j = 0; j < one[to_size(i)].rows(); ++j)
        far.push_back(known ? 0.0 : double(std::abs(one[to_size(i)](j, g) - out.mean(i, g)) / out.deviation(i, g)));
    }
    out.within(0, g) = far.empty() ? 1.0f : float(conformal::quantile(far, 0.5));
    out.within(1, g) = far.empty() ? 1.0f : float(conformal::quantile(far, 0.8));
  });
  Index rows = 0;
  for (const Matrix<float>& x : one) rows += x.rows();
  Matrix<float> all(rows, f);
  rows = 0;
  for (const Matrix<float>& x : one) {
    if (x.rows() > 0) all.middleRows(rows, x.rows()) = x;
    rows += x.rows();
  }
  out.spread = (all.rowwise() - all.colwise().mean()).array().square().colwise().mean().sqrt();
  return out;
}

/// Means and intervals of the cells of spots: within a spot the cells differ as predicted, and their mean is that of
/// cells which share what the spot shows.     spot (N), predicted (N, F) -> (N, F) each
inline conformal::PredictionIntervals within_spots(const SplitCells& cells, const std::vector<Index>& spot,
                                                   const Matrix<float>& predicted) {
  constexpr float rounding = 1e-4f;  // of a spot with one cell, which is known
  conformal::PredictionIntervals out;
  out.mean = (predicted + coherence(cells.mean, spot, predicted)).array().max(0.0f);
  const auto end = [&](Index level, float sign) {
    Matrix<float> at = out.mean;
    for (Index i = 0; i < at.rows(); ++i) {
      at.row(i).array() +=
          sign * (cells.deviation.row(spot[to_size(i)]).array() * cells.within.row(level).array() + rounding);
    }
    return Matrix<float>(at.array().max(0.0f));
  };
  out.low50 = end(0, -1);
  out.high50 = end(0, 1);
  out.low80 = end(1, -1);
  out.high80 = end(1, 1);
  return out;
}

}  // namespace latentcell
