#pragma once

#include <cmath>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include <latentcell/kernel/neighbors.hpp>
#include <latentcell/metric/pearson.hpp>
#include <latentcell/evaluate/baseline/knn_mean.hpp>
#include <latentcell/evaluate/baseline/ridge.hpp>
#include <latentcell/spatial/model.hpp>

namespace latentcell {

/// What predicted expression of places is worth beside the measured one: means over the genes.
struct SpatialScore {
  std::string who;
  double pearson = 0;  ///< over the places
  double ssim = 0;     ///< structural similarity over all places, both scaled by the truth's largest value
  double rmse = 0;     ///< in units of the gene's standard deviation
  double js = 0;       ///< Jensen-Shannon divergence, bits, of where the gene's expression lies
  double moran = 0;    ///< Moran's I of the prediction less that of the truth
  double domain = std::numeric_limits<double>::quiet_NaN();  ///< share of places whose domain is recognised
  double cover50 = std::numeric_limits<double>::quiet_NaN();
  double cover80 = std::numeric_limits<double>::quiet_NaN();
};

inline std::vector<std::pair<std::string, double>> entries(const SpatialScore& s) {
  return {{"pearson", s.pearson}, {"ssim", s.ssim},     {"rmse", s.rmse},       {"js", s.js},
          {"moran", s.moran},     {"domain", s.domain}, {"cover50", s.cover50}, {"cover80", s.cover80}};
}

namespace detail {

/// Structural similarity of two vectors as one window (Wang, Bovik, Sheikh and Simoncelli 2004, equation 13), values
/// scaled to at most 1.
inline double ssim(const std::vector<double>& x, const std::vector<double>& y) {
  const double n = double(x.size()), top = std::max(1e-12, *std::max_element(y.begin(), y.end()));
  double mx = 0, my = 0, vx = 0, vy = 0, cov = 0;
  for (std::size_t i = 0; i < x.size(); ++i) mx += x[i] / top / n, my += y[i] / top / n;
  for (std::size_t i = 0; i < x.size(); ++i) {
    const double a = x[i] / top - mx, b = y[i] / top - my;
    vx += a * a / n, vy += b * b / n, cov += a * b / n;
  }
  constexpr double c1 = 0.01 * 0.01, c2 = 0.03 * 0.03;
  return (2 * mx * my + c1) * (2 * cov + c2) / ((mx * mx + my * my + c1) * (vx + vy + c2));
}

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

/// Moran's I under equal weights of the nearest places.
inline double moran(const std::vector<double>& x, const kernel::Neighbors& near) {
  double mean = 0, square = 0, cross = 0;
  const double n = double(x.size());
  for (const double v : x) mean += v / n;
  for (std::size_t i = 0; i < x.size(); ++i) {
    square += (x[i] - mean) * (x[i] - mean);
    for (Index k = 0; k < near.index.cols(); ++k)
      cross += (x[i] - mean) * (x[to_size(near.index(Index(i), k))] - mean) / double(near.index.cols());
  }
  return square > 0 ? cross / square : 0.0;
}

}  // namespace detail

/// predicted and truth (M, F) log-normalised, at (M, 2). Genes that the places do not show at all count nowhere.
inline SpatialScore spatial_score(const std::string& who, const PredictionIntervals& predicted,
                                  const Matrix<float>& truth, const Matrix<float>& at) {
  LATENTCELL_REQUIRE(
      predicted.mean.rows() == truth.rows() && predicted.mean.cols() == truth.cols() && at.rows() == truth.rows(),
      "spatial_score: predicted (", predicted.mean.rows(), ", ", predicted.mean.cols(), "), truth (", truth.rows(),
      ", ", truth.cols(), "), ", at.rows(), " places");
  LATENTCELL_REQUIRE(truth.rows() >= 8, "spatial_score: only ", truth.rows(), " places");
  const kernel::Neighbors near = kernel::nearest_neighbors(view(at), 6);
  const Index genes = truth.cols();
  Matrix<double> of = Matrix<double>::Zero(genes, 8);
  kernel::parallel_items(genes, [&](Index g) {
    std::vector<double> x, y;
    double error = 0, mean = 0, square = 0;
    for (Index i = 0; i < truth.rows(); ++i) {
      x.push_back(double(predicted.mean(i, g)));
      y.push_back(double(truth(i, g)));
      error += (x.back() - y.back()) * (x.back() - y.back());
      mean += y.back() / double(truth.rows());
    }
    for (const double v : y) square += (v - mean) * (v - mean);
    if (square < 1e-9) return;
    const bool flat = std::all_of(x.begin(), x.end(), [&](double v) { return std::abs(v - x.front()) < 1e-9; });
    of(g, 0) = 1;
    of(g, 1) = flat ? 0.0 : metric::pearson(x, y);
    of(g, 2) = detail::ssim(x, y);
    of(g, 3) = std::sqrt(error / square);
    of(g, 4) = detail::jensen_shannon(x, y);
    of(g, 5) = detail::moran(x, near) - detail::moran(y, near);
    if (predicted.low50.size() == 0) return;
    for (Index i = 0; i < truth.rows(); ++i) {
      of(g, 6) += truth(i, g) >= predicted.low50(i, g) && truth(i, g) <= predicted.high50(i, g) ? 1.0 : 0.0;
      of(g, 7) += truth(i, g) >= predicted.low80(i, g) && truth(i, g) <= predicted.high80(i, g) ? 1.0 : 0.0;
    }
  });
  SpatialScore out{who};
  const double used = std::max(1.0, of.col(0).sum());
  out.pearson = of.col(1).sum() / used;
  out.ssim = of.col(2).sum() / used;
  out.rmse = of.col(3).sum() / used;
  out.js = of.col(4).sum() / used;
  out.moran = of.col(5).sum() / used;
  if (predicted.low50.size() > 0) {
    out.cover50 = of.col(6).sum() / used / double(truth.rows());
    out.cover80 = of.col(7).sum() / used / double(truth.rows());
  }
  return out;
}

/// Floors that see the known cells: nearest cell, smoothing and kriging of each gene with widths that miss the known
/// cells least, the mean, and of a panel the known cells most like a place.     values: log-normalised genes as
/// known.values; own, own_known: the panel, or (0, 0) -> of each floor (M, F)
inline std::vector<std::pair<std::string, Matrix<float>>> spatial_floors(
    const SpatialReference& known, const Matrix<float>& at, const std::vector<int>& slice, const SpatialMask& gap,
    double slice_gap, const Matrix<float>& own_known, const Matrix<float>& own, Rng& rng) {
  std::vector<std::pair<std::string, Matrix<float>>> out;
  const Index n = at.rows(), f = known.values.cols();
  const auto smooth = [&](const detail::Around& around, double width) {
    RowVector<double> sum = RowVector<double>::Zero(f);
    double weights = 0;
    const double nearest = around.distance.empty() ? 0.0 : around.distance.front();
    for (std::size_t k = 0; k < around.row.size(); ++k) {
      const double w = std::exp(-0.5 * (around.distance[k] * around.distance[k] - nearest * nearest) / (width * width));
      sum += w * known.values.row(around.row[k]).cast<double>();
      weights += w;
    }
    return RowVector<double>(sum / std::max(1e-300, weights));
  };
  std::vector<detail::Around> around;
  for (Index i = 0; i < n; ++i)
    around.emplace_back(known, at.data() + 2 * i, slice[to_size(i)], -1, SpatialMask{}, slice_gap, 100);
  double best = std::numeric_limits<double>::infinity(), width = 1;
  std::vector<Index> tried;
  std::vector<detail::Around> around_tried;
  for (Index i = 0; i < std::min<Index>(200, known.cells()); ++i) {
    tried.push_back(Index(rng.below(std::uint64_t(known.cells()))));
    const Index r = tried.back();
    around_tried.emplace_back(known, known.at.data() + 2 * r, known.slice[to_size(r)], r, gap, slice_gap, 100);
  }
  for (const double w : {0.5, 1.0, 1.5, 2.0, 3.0, 5.0, 8.0, 15.0}) {
    double error = 0;
    for (std::size_t i = 0; i < tried.size(); ++i)
      error += (known.values.row(tried[i]).cast<double>() - smooth(around_tried[i], w)).squaredNorm();
    if (error < best) best = error, width = w;
  }
  const Variogram v = fit_variogram(known, gap, slice_gap, rng);
  Matrix<float> nearest(n, f), smoothed(n, f), kriged(n, f);
  kernel::parallel_items(n, [&](Index i) {
    const detail::Around& a = around[to_size(i)];
    nearest.row(i) = known.values.row(a.row.front());
    smoothed.row(i) = smooth(a, width).cast<float>();
    RowVector<double> guess;
    krige(known, a, v, slice_gap, 40, guess);
    kriged.row(i) = guess.cast<float>();
  });
  Matrix<float> stretched = spread_kept(kriged, column_spread(known.values));
  out.emplace_back("mean", Matrix<float>(known.values.colwise().mean()).replicate(n, 1));
  out.emplace_back("nearest cell", std::move(nearest));
  out.emplace_back("Gaussian smoothing", std::move(smoothed));
  out.emplace_back("kriging", std::move(kriged));
  out.emplace_back("kriging, spread kept", std::move(stretched));
  if (own.size() > 0) {
    out.emplace_back("30 most alike", evaluate::baseline::knn_mean({own_known, known.values}, own));
    out.emplace_back("ridge on the panel", evaluate::baseline::ridge({own_known, known.values}, own));
  }
  return out;
}

}  // namespace latentcell
