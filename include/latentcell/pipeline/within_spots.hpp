#pragma once

#include <algorithm>
#include <cmath>
#include <limits>
#include <span>
#include <utility>
#include <vector>

#include <latentcell/core/random_draw.hpp>
#include <latentcell/pipeline/intervals.hpp>
#include <latentcell/pipeline/spatial_context.hpp>

// Single cells told from wide spots: what a spot shows is what the cells under it show together.

namespace latentcell {

/// The nearest spot of its own slice for each place.     at (N, 2), slice (N) -> (N) rows of the spots
inline std::vector<Index> nearest_spots(const SpatialCells& spots, const Matrix<float>& at,
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

/// How unevenly the counts of a spot are shared among its cells. Where the counts of cells are negative binomial with
/// shape `evenness`, what they are given their sum is Dirichlet-multinomial with that same number: the counts of spots
/// of known numbers of cells tell it, and it holds for single cells.
struct SpotSplit {
  std::vector<double> genes;  ///< (F) for each gene, given the cells' totals
  double totals = 1;          ///< for the totals
};

namespace detail {

/// log of the beta-binomial probability of x of n, less what does not depend on a and b.
inline double log_beta_binomial(double x, double n, double a, double b) {
  return std::lgamma(x + a) + std::lgamma(n - x + b) - std::lgamma(n + a + b) + std::lgamma(a + b) - std::lgamma(a) -
         std::lgamma(b);
}

/// Two spots, and what each shows.
struct SpotPair {
  double cells, share;  // of both together; the first one's share of the total
  Index a, b;
};

/// The evenness of a grid under which the sharing among pairs is likeliest.     counts(pair) -> {first, second}; share:
/// of the first to be expected
template <class CountsOf, class Share>
double likeliest_evenness(const std::vector<SpotPair>& pairs, const CountsOf& counts, const Share& share) {
  double best = 1, most = -std::numeric_limits<double>::infinity();
  for (double log10 = -2; log10 < 2.01; log10 += 0.125) {
    double sum = 0;
    for (const SpotPair& p : pairs) {
      const auto [x, y] = counts(p);
      const double all = std::pow(10.0, log10) * p.cells, m = share(p);
      if (x + y > 0) sum += log_beta_binomial(x, x + y, all * m, all * (1 - m));
    }
    if (sum > most) most = sum, best = std::pow(10.0, log10);
  }
  return best;
}

}  // namespace detail

/// Learns the sharing from pairs of neighbouring spots, each spot in one pair at most.
/// counts (S, F): sums over the cells of each spot, whole numbers; cells (S): how many; spots without cells are left
/// out
inline SpotSplit learn_split(const SpatialCells& spots, const Matrix<float>& counts, const std::vector<Index>& cells) {
  LATENTCELL_REQUIRE(counts.rows() == spots.cells() && Index(cells.size()) == spots.cells(), "learn_split: counts (",
                     counts.rows(), ", ", counts.cols(), ") and ", cells.size(), " numbers of cells for ",
                     spots.cells(), " spots");
  std::vector<std::vector<Index>> near(cells.size());
  kernel::parallel_items(spots.cells(), [&](Index i) {
    near[to_size(i)] = detail::Around(spots, spots.at.data() + 2 * i, spots.slice[to_size(i)], i, {}, 1e9, 8).row;
  });
  std::vector<char> used(cells.size(), 0);
  std::vector<detail::SpotPair> pairs;
  const auto usable = [&](Index s) { return !used[to_size(s)] && cells[to_size(s)] > 0 && counts.row(s).sum() > 0; };
  for (Index a = 0; a < spots.cells(); ++a) {
    if (!usable(a)) continue;
    for (const Index b : near[to_size(a)]) {
      if (!usable(b) || spots.slice[to_size(a)] != spots.slice[to_size(b)]) continue;
      used[to_size(a)] = used[to_size(b)] = 1;
      const double x = double(counts.row(a).sum()), y = double(counts.row(b).sum());
      pairs.push_back({double(cells[to_size(a)] + cells[to_size(b)]), x / (x + y), a, b});
      break;
    }
  }
  LATENTCELL_REQUIRE(pairs.size() >= 10, "learn_split: only ", pairs.size(), " pairs of neighbouring spots");
  SpotSplit out;
  out.totals = detail::likeliest_evenness(
      pairs,
      [&](const detail::SpotPair& p) {
        return std::pair(double(counts.row(p.a).sum()), double(counts.row(p.b).sum()));
      },
      [&](const detail::SpotPair& p) { return double(cells[to_size(p.a)]) / p.cells; });
  for (Index g = 0; g < counts.cols(); ++g) {
    out.genes.push_back(detail::likeliest_evenness(
        pairs, [&](const detail::SpotPair& p) { return std::pair(double(counts(p.a, g)), double(counts(p.b, g))); },
        [](const detail::SpotPair& p) { return p.share; }));
  }
  return out;
}

/// What single cells of each spot show: log-normalised, over ways in which the spot's counts may be shared among them.
struct SplitCells {
  Matrix<float> mean, deviation;     ///< (S, F); spots without cells: zero
  Matrix<float> within50, within80;  ///< (1, F) deviations within which 50 % and 80 % of the cells lie
  RowVector<float> spread;           ///< (F) standard deviation over the cells of all spots
};

namespace detail {

/// One way in which the counts of a spot may be shared among n cells: log-normalised.     counts (F) -> (n, F)
inline Matrix<float> share_counts(const SpotSplit& split, const float* counts, Index n, double depth, Rng& rng) {
  const Index f = Index(split.genes.size());
  std::vector<double> total(to_size(n)), share(to_size(n));
  double sum = 0;
  for (double& t : total) sum += t = std::max(1e-12, draw_gamma(split.totals, rng));
  Matrix<float> out = Matrix<float>::Zero(n, f);
  for (Index g = 0; g < f; ++g) {
    if (counts[g] <= 0) continue;
    for (std::size_t j = 0; j < share.size(); ++j)
      share[j] =
          std::max(1e-300, draw_gamma(std::max(1e-6, split.genes[to_size(g)] * double(n) * total[j] / sum), rng));
    for (Index left = Index(std::lround(counts[g])); left > 0; --left) out(draw_index(share, rng), g) += 1;
  }
  for (Index j = 0; j < n; ++j) {
    const float scale = float(depth) / std::max(1.0f, out.row(j).sum());
    out.row(j) = (out.row(j).array() * scale).log1p();
  }
  return out;
}

}  // namespace detail

/// Shares the counts of spots among their cells in `draws` ways.     counts (S, F) and cells (S) as for learn_split;
/// depth: the total that values are normalised to
inline SplitCells split_cells(const SpotSplit& split, const Matrix<float>& counts, const std::vector<Index>& cells,
                              double depth, Index draws, Rng& rng) {
  LATENTCELL_REQUIRE(draws >= 2 && counts.cols() == Index(split.genes.size()), "split_cells: ", draws,
                     " draws, counts of ", counts.cols(), " features for ", split.genes.size());
  const Index s = counts.rows(), f = counts.cols();
  SplitCells out{Matrix<float>::Zero(s, f), Matrix<float>::Zero(s, f), Matrix<float>(1, f), Matrix<float>(1, f), {}};
  std::vector<Matrix<float>> one(to_size(s));  // a way of its own for each spot, which the widths are measured by
  const Rng own = rng.fork();
  kernel::parallel_items(s, [&](Index i) {
    const Index n = cells[to_size(i)];
    if (n == 0) return;
    Rng here = own.at(std::uint64_t(i));
    one[to_size(i)] = detail::share_counts(split, counts.data() + i * f, n, depth, here);
    Matrix<double> sum = Matrix<double>::Zero(2, f);
    for (Index k = 0; k < draws; ++k) {
      const Matrix<double> x = detail::share_counts(split, counts.data() + i * f, n, depth, here).cast<double>();
      sum.row(0) += x.colwise().mean() / double(draws);
      sum.row(1) += x.array().square().matrix().colwise().mean() / double(draws);
    }
    out.mean.row(i) = sum.row(0).cast<float>();
    out.deviation.row(i) = (sum.row(1) - sum.row(0).array().square().matrix()).array().max(0).sqrt().cast<float>();
  });
  RowVector<double> middle = RowVector<double>::Zero(f), square = middle;
  double all = 0;
  for (const Matrix<float>& x : one) {
    if (x.rows() == 0) continue;
    middle += x.cast<double>().colwise().sum();
    square += x.cast<double>().array().square().matrix().colwise().sum();
    all += double(x.rows());
  }
  middle /= std::max(1.0, all);
  out.spread = (square / std::max(1.0, all) - middle.array().square().matrix()).array().max(0).sqrt().cast<float>();
  kernel::parallel_items(f, [&](Index g) {
    std::vector<float> needed;
    for (Index i = 0; i < s; ++i) {
      for (Index j = 0; j < one[to_size(i)].rows(); ++j) {
        if (out.deviation(i, g) > 1e-6f)
          needed.push_back(std::abs(one[to_size(i)](j, g) - out.mean(i, g)) / out.deviation(i, g));
      }
    }
    std::sort(needed.begin(), needed.end());
    const auto at = [&](double q) { return needed.empty() ? 1.0f : needed[std::size_t(q * double(needed.size()))]; };
    out.within50(0, g) = at(0.5);
    out.within80(0, g) = at(0.8);
  });
  return out;
}

/// Means and intervals of the cells of spots: within a spot the cells differ as predicted, and their mean is that of
/// cells which share what the spot shows.     spot (N), predicted (N, F) -> (N, F) each
inline WithIntervals within_spots(const SplitCells& cells, const std::vector<Index>& spot,
                                  const Matrix<float>& predicted) {
  constexpr float rounding = 1e-4f;  // of a spot with one cell, which is known
  WithIntervals out;
  out.mean = (predicted + coherence(cells.mean, spot, predicted)).array().max(0.0f);
  const auto end = [&](const Matrix<float>& within, float sign) {
    Matrix<float> at = out.mean;
    for (Index i = 0; i < at.rows(); ++i) {
      at.row(i).array() += sign * (cells.deviation.row(spot[to_size(i)]).array() * within.row(0).array() + rounding);
    }
    return Matrix<float>(at.array().max(0.0f));
  };
  out.low50 = end(cells.within50, -1);
  out.high50 = end(cells.within50, 1);
  out.low80 = end(cells.within80, -1);
  out.high80 = end(cells.within80, 1);
  return out;
}

}  // namespace latentcell
