#pragma once

#include <algorithm>
#include <cmath>
#include <span>
#include <vector>

#include <latentcell/autodiff/visit.hpp>
#include <latentcell/core/rng.hpp>
#include <latentcell/kernel/cholesky.hpp>

namespace LATENTCELL_NAMESPACE {

/// Library sizes given condition and latent: log library is linear in the latent with an offset per level, plus a
/// residual drawn from the level's own residuals, clamped to the range of the level's training cells. The last row is
/// for cells of unknown level and is fitted to all cells.
template <class T>
struct LibrarySizeModel {
  static constexpr Index quantiles = 101;
  Buffer<T> slope;     // (1, D)
  Buffer<T> offset;    // (levels + 1, 1), NaN for a level without cells
  Buffer<T> residual;  // (levels + 1, quantiles), ascending
  Buffer<T> range;     // (levels + 1, 2) smallest and largest log library

  LibrarySizeModel() = default;
  LibrarySizeModel(Index latent, Index levels)
      : slope(1, latent), offset(levels + 1, 1), residual(levels + 1, quantiles), range(levels + 1, 2) {}

  /// Whether there is a distribution to draw from; false after a fit without library sizes.
  bool has_sizes() const { return offset.value.size() > 0 && !std::isnan(offset.value(offset.value.rows() - 1, 0)); }

  /// z (N, D) standardised latents, library (N) > 0 or empty for unknown, level (N) in [0, levels) or -1
  void fit(const Matrix<T>& z, std::span<const float> library, std::span<const int> level) {
    const Index n = z.rows(), levels = offset.value.rows() - 1;
    if (library.empty()) {
      offset.value.setConstant(std::numeric_limits<T>::quiet_NaN());
      return;
    }
    LATENTCELL_REQUIRE(Index(library.size()) == n && Index(level.size()) == n, "LibrarySizeModel: ", library.size(),
                       " library sizes and ", level.size(), " levels for ", n, " cells");
    LATENTCELL_REQUIRE(z.cols() == slope.value.cols(), "LibrarySizeModel: latents of ", z.cols(), " dimensions, not ",
                       slope.value.cols());
    for (const int l : level)
      LATENTCELL_REQUIRE(l >= -1 && Index(l) < levels, "LibrarySizeModel: level ", l, " of ", levels);
    const Matrix<double> x = z.template cast<double>();
    Matrix<double> y(n, 1);
    for (Index i = 0; i < n; ++i) y(i, 0) = std::log(double(std::max(1.0f, library[to_size(i)])));
    const Matrix<double> weights = fit_slope(x, y, level);
    for (Index j = 0; j < z.cols(); ++j) slope.value(0, j) = T(weights(j, 0));
    for (Index c = 0; c <= levels; ++c) fit_level(x, y, level, weights, c);
  }

  /// One library size for a cell with standardised latent z (D) of a level, -1 for unknown.
  /// Throws std::invalid_argument for a level out of range.
  float draw(const T* z, int level, Rng& rng) const {
    const Index levels = offset.value.rows() - 1;
    LATENTCELL_REQUIRE(Index(level) < levels, "LibrarySizeModel: level ", level, " of ", levels);
    Index c = level < 0 ? levels : Index(level);
    if (std::isnan(offset.value(c, 0))) c = levels;
    double log_library = double(offset.value(c, 0));
    for (Index j = 0; j < slope.value.cols(); ++j) log_library += double(slope.value(0, j)) * double(z[j]);
    const double at = rng.uniform_double() * double(quantiles - 1);
    const Index low = Index(at);
    const double r0 = double(residual.value(c, low)), r1 = double(residual.value(c, low + 1));
    log_library += r0 + (at - double(low)) * (r1 - r0);
    const double clamped = std::clamp(log_library, double(range.value(c, 0)), double(range.value(c, 1)));
    return float(std::max(1.0, std::round(std::exp(clamped))));
  }

  static void visit(auto& self, auto&& f) {
    f("slope", self.slope);
    f("offset", self.offset);
    f("residual", self.residual);
    f("range", self.range);
  }

 private:
  // Ridge regression of y on x within levels: both sides are centred per level.     x (N, D), y (N, 1) -> (D, 1)
  Matrix<double> fit_slope(const Matrix<double>& x, const Matrix<double>& y, std::span<const int> level) const {
    const Index n = x.rows(), d = x.cols(), levels = offset.value.rows() - 1;
    Matrix<double> mean_x = Matrix<double>::Zero(levels + 1, d), mean_y = Matrix<double>::Zero(levels + 1, 1);
    std::vector<double> count(to_size(levels + 1), 0.0);
    const auto row_of = [&](Index i) { return level[to_size(i)] < 0 ? levels : Index(level[to_size(i)]); };
    for (Index i = 0; i < n; ++i) {
      mean_x.row(row_of(i)) += x.row(i);
      mean_y(row_of(i), 0) += y(i, 0);
      count[to_size(row_of(i))] += 1;
    }
    for (Index c = 0; c <= levels; ++c) {
      mean_x.row(c) /= std::max(1.0, count[to_size(c)]);
      mean_y(c, 0) /= std::max(1.0, count[to_size(c)]);
    }
    Matrix<double> gram = Matrix<double>::Zero(d, d), moment = Matrix<double>::Zero(d, 1);
    RowVector<double> from(d);
    for (Index i = 0; i < n; ++i) {
      from = x.row(i) - mean_x.row(row_of(i));
      const double to = y(i, 0) - mean_y(row_of(i), 0);
      for (Index j = 0; j < d; ++j) {
        moment(j, 0) += from(j) * to;
        for (Index k = 0; k < d; ++k) gram(j, k) += from(j) * from(k);
      }
    }
    // A ridge of a twentieth of the cells: few cells and many dimensions must not make a slope out of noise.
    gram.diagonal().array() += 0.05 * double(n) + 1.0;
    kernel::cholesky_solve(gram, moment);
    return moment;
  }

  // Offset, quantiles of the residuals and range of one level; the last one takes all cells.
  void fit_level(const Matrix<double>& x, const Matrix<double>& y, std::span<const int> level,
                 const Matrix<double>& weights, Index c) {
    const Index levels = offset.value.rows() - 1;
    std::vector<double> rest, sizes;
    for (Index i = 0; i < x.rows(); ++i) {
      if (c < levels && Index(level[to_size(i)]) != c) continue;
      double fitted = 0;
      for (Index j = 0; j < x.cols(); ++j) fitted += x(i, j) * weights(j, 0);
      rest.push_back(y(i, 0) - fitted);
      sizes.push_back(y(i, 0));
    }
    if (rest.empty()) {  // draws use the row of unknown level
      offset.value(c, 0) = std::numeric_limits<T>::quiet_NaN();
      return;
    }
    double mean = 0;
    for (double r : rest) mean += r / double(rest.size());
    std::sort(rest.begin(), rest.end());
    offset.value(c, 0) = T(mean);
    for (Index q = 0; q < quantiles; ++q) {
      const double at = double(q) / double(quantiles - 1) * double(rest.size() - 1);
      const std::size_t low = std::size_t(at), high = std::min(low + 1, rest.size() - 1);
      residual.value(c, q) = T(rest[low] + (at - double(low)) * (rest[high] - rest[low]) - mean);
    }
    range.value(c, 0) = T(*std::min_element(sizes.begin(), sizes.end()));
    range.value(c, 1) = T(*std::max_element(sizes.begin(), sizes.end()));
  }
};

}  // namespace latentcell
