#pragma once

#include <algorithm>
#include <cmath>
#include <limits>
#include <set>
#include <vector>

#include <latentcell/conformal/prediction_intervals.hpp>
#include <latentcell/data/annotation.hpp>
#include <latentcell/kernel/neighbors.hpp>
#include <latentcell/kernel/parallel.hpp>
#include <latentcell/metric/neighbor_votes.hpp>
#include <latentcell/metric/pearson.hpp>
#include <latentcell/metric/subsample.hpp>
#include <latentcell/spatial/tissue.hpp>

namespace LATENTCELL_NAMESPACE::spatial {

/// Structural similarity of two maps as one window (Wang, Bovik, Sheikh and Simoncelli 2004, equation 13), both divided
/// by the truth's maximum. There is at least one location.
/// shapes: predicted, truth (M)
inline double structural_similarity(const std::vector<double>& predicted, const std::vector<double>& truth) {
  const double n = double(predicted.size()), top = std::max(1e-12, *std::max_element(truth.begin(), truth.end()));
  double mx = 0, my = 0, vx = 0, vy = 0, cov = 0;
  for (std::size_t i = 0; i < predicted.size(); ++i) mx += predicted[i] / top / n, my += truth[i] / top / n;
  for (std::size_t i = 0; i < predicted.size(); ++i) {
    const double a = predicted[i] / top - mx, b = truth[i] / top - my;
    vx += a * a / n, vy += b * b / n, cov += a * b / n;
  }
  constexpr double c1 = 0.01 * 0.01, c2 = 0.03 * 0.03;
  return (2 * mx * my + c1) * (2 * cov + c2) / ((mx * mx + my * my + c1) * (vx + vy + c2));
}

/// Jensen-Shannon divergence, in bits, of two maps scaled to sum 1; 1 if either is zero everywhere. Negative values
/// count as 0.
/// shapes: x, y (M)
inline double jensen_shannon(const std::vector<double>& x, const std::vector<double>& y) {
  double sx = 0, sy = 0, out = 0;
  for (std::size_t i = 0; i < x.size(); ++i) sx += std::max(0.0, x[i]), sy += std::max(0.0, y[i]);
  if (sx <= 0 || sy <= 0) return 1;
  for (std::size_t i = 0; i < x.size(); ++i) {
    const double p = std::max(0.0, x[i]) / sx, q = std::max(0.0, y[i]) / sy, m = 0.5 * (p + q);
    if (p > 0) out += 0.5 * p * std::log2(p / m);
    if (q > 0) out += 0.5 * q * std::log2(q / m);
  }
  return out;
}

/// Returns the rows of up to k nearest locations of the own slice for each location, -1 where there are no more.
/// shapes: -> (M, k)
inline Matrix<Index> neighbors_in_slice(const Locations& locations, Index k) {
  Matrix<Index> out = Matrix<Index>::Constant(locations.size(), k, -1);
  for (const int slice : std::set<int>(locations.slice.begin(), locations.slice.end())) {
    const std::vector<Index> rows = rows_of_slice(locations, slice);
    const Index found = std::min(k, Index(rows.size()) - 1);
    if (found == 0) continue;
    const Matrix<float> at = metric::pick_rows(view(locations.coordinates), rows);
    const kernel::Neighbors near = kernel::nearest_neighbors(view(at), found);
    for (std::size_t i = 0; i < rows.size(); ++i) {
      for (Index j = 0; j < found; ++j) out(rows[i], j) = rows[to_size(near.index(Index(i), j))];
    }
  }
  return out;
}

/// Moran's I of a map under equal weights of each location's neighbours (Moran 1950); 0 if the map is flat, or nothing
/// has neighbours.
/// near: rows of neighbours, -1 where there is none
/// shapes: x (M), near (M, k)
inline double morans_i(const std::vector<double>& x, const Matrix<Index>& near) {
  double mean = 0, square = 0, cross = 0, linked = 0;
  const double n = double(x.size());
  for (const double v : x) mean += v / n;
  for (std::size_t i = 0; i < x.size(); ++i) {
    square += (x[i] - mean) * (x[i] - mean);
    double sum = 0, count = 0;
    for (Index k = 0; k < near.cols(); ++k) {
      if (near(Index(i), k) >= 0) sum += x[to_size(near(Index(i), k))] - mean, count += 1;
    }
    if (count == 0) continue;
    cross += (x[i] - mean) * sum / count;
    linked += 1;
  }
  const bool flat = square <= 1e-18 * n;  // the mean of equal values is not exact
  return flat || linked == 0 ? 0.0 : cross / square * n / linked;
}

/// Agreement of predicted with measured expression: means over the genes that vary.
struct ImputationScores {
  double pearson = 0;                                         ///< over the locations
  double ssim = 0;                                            ///< structural_similarity
  double rmse = 0;                                            ///< in units of the gene's standard deviation
  double js = 0;                                              ///< jensen_shannon
  double moran = 0;                                           ///< Moran's I of the prediction minus that of the truth
  double cover50 = std::numeric_limits<double>::quiet_NaN();  ///< share of values in the 50 % interval
  double cover80 = std::numeric_limits<double>::quiet_NaN();  ///< share of values in the 80 % interval
};

namespace detail {

/// One gene's part in the scores.
struct GeneScores {
  bool varies = false;
  ImputationScores of;
};

inline GeneScores score_gene(const conformal::PredictionIntervals& predicted, const Matrix<float>& truth, Index g,
                             const Matrix<Index>& near) {
  GeneScores out;
  std::vector<double> x, y;
  double error = 0, mean = 0, square = 0;
  for (Index i = 0; i < truth.rows(); ++i) {
    x.push_back(double(predicted.mean(i, g)));
    y.push_back(double(truth(i, g)));
    error += (x.back() - y.back()) * (x.back() - y.back());
    mean += y.back() / double(truth.rows());
  }
  for (const double v : y) square += (v - mean) * (v - mean);
  if (square < 1e-9) return out;
  const bool flat = std::all_of(x.begin(), x.end(), [&](double v) { return std::abs(v - x.front()) < 1e-9; });
  out.varies = true;
  out.of = {flat ? 0.0 : metric::pearson(x, y),
            structural_similarity(x, y),
            std::sqrt(error / square),
            jensen_shannon(x, y),
            morans_i(x, near) - morans_i(y, near),
            0,
            0};
  if (predicted.low50.size() == 0) return out;
  for (Index i = 0; i < truth.rows(); ++i) {
    out.of.cover50 += truth(i, g) >= predicted.low50(i, g) && truth(i, g) <= predicted.high50(i, g) ? 1.0 : 0.0;
    out.of.cover80 += truth(i, g) >= predicted.low80(i, g) && truth(i, g) <= predicted.high80(i, g) ? 1.0 : 0.0;
  }
  return out;
}

}  // namespace detail

/// Compares predicted with measured expression. Genes without variance in the truth are left out. Neighbours, for
/// Moran's I, are those of the own slice.
/// predicted, truth: log-normalised, of at least 8 locations
/// shapes: predicted, truth (M, F), locations (M)
inline ImputationScores imputation_scores(const conformal::PredictionIntervals& predicted, const Matrix<float>& truth,
                                          const Locations& locations) {
  locations.check("imputation_scores");
  LATENTCELL_REQUIRE(predicted.mean.rows() == truth.rows() && predicted.mean.cols() == truth.cols() &&
                         locations.size() == truth.rows(),
                     "imputation_scores: predicted (", predicted.mean.rows(), ", ", predicted.mean.cols(), "), truth (",
                     truth.rows(), ", ", truth.cols(), "), ", locations.size(), " locations");
  LATENTCELL_REQUIRE(truth.rows() >= 8, "imputation_scores: ", truth.rows(), " locations; needs 8");
  constexpr Index neighbors = 6;  // of Moran's I
  const Matrix<Index> near = neighbors_in_slice(locations, neighbors);
  std::vector<detail::GeneScores> genes(to_size(truth.cols()));
  kernel::parallel_items(truth.cols(),
                         [&](Index g) { genes[to_size(g)] = detail::score_gene(predicted, truth, g, near); });
  double used = 0;
  for (const detail::GeneScores& g : genes) used += g.varies ? 1.0 : 0.0;
  used = std::max(1.0, used);
  const auto mean = [&](double ImputationScores::*of) {
    double sum = 0;
    for (const detail::GeneScores& g : genes) sum += g.varies ? g.of.*of : 0.0;
    return sum / used;
  };
  ImputationScores out{mean(&ImputationScores::pearson), mean(&ImputationScores::ssim), mean(&ImputationScores::rmse),
                       mean(&ImputationScores::js), mean(&ImputationScores::moran)};
  if (predicted.low50.size() > 0) {
    out.cover50 = mean(&ImputationScores::cover50) / double(truth.rows());
    out.cover80 = mean(&ImputationScores::cover80) / double(truth.rows());
  }
  return out;
}

/// Cells with a label each.
struct LabelledValues {
  Matrix<float> values;  ///< (N, F)
  Categorical labels;    ///< (N)
};

/// Returns the share of locations whose label most of the 15 nearest reference cells have, in expression; NaN if no
/// location has a label of the reference. Reference cells without a label do not vote.
/// shapes: predicted (M, F), truth (M)
inline double region_accuracy(const Matrix<float>& predicted, const Categorical& truth,
                              const LabelledValues& reference) {
  const Index levels = Index(reference.labels.levels.size()), voters = std::min<Index>(15, reference.values.rows());
  const std::vector<int> codes = recode(truth, reference.labels.levels);
  std::vector<int> votes = reference.labels.codes;  // a missing label is one level more, which cannot win
  for (int& code : votes) code = code < 0 ? int(levels) : code;
  const kernel::Neighbors near = kernel::nearest_neighbors(view(predicted), view(reference.values), voters);
  const metric::NeighborVotes won =
      metric::most_votes(metric::neighbor_shares(near, votes, levels + 1).leftCols(levels));
  double right = 0, all = 0;
  for (std::size_t i = 0; i < codes.size(); ++i) {
    if (codes[i] < 0) continue;
    right += won.label[i] == codes[i] ? 1.0 : 0.0;
    all += 1;
  }
  return all > 0 ? right / all : std::numeric_limits<double>::quiet_NaN();
}

}  // namespace latentcell::spatial
