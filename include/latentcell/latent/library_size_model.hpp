#pragma once

#include <algorithm>
#include <cmath>
#include <span>
#include <vector>

#include <latentcell/autodiff/visit.hpp>
#include <latentcell/core/rng.hpp>
#include <latentcell/kernel/cholesky.hpp>

namespace latentcell {

/// Library sizes given condition and latent, as the training cells show them: log library is linear in the latent
/// with an offset per level, plus a residual drawn from the level's own residuals; never outside what the level showed.
/// The last row stands for cells of unknown level: all cells together.
struct LibrarySizeModel {
  static constexpr Index quantiles = 101;
  Buffer<float> slope;     // (1, D)
  Buffer<float> offset;    // (levels + 1, 1)
  Buffer<float> residual;  // (levels + 1, quantiles), ascending
  Buffer<float> range;     // (levels + 1, 2) least and largest log library

  LibrarySizeModel() = default;
  LibrarySizeModel(Index latent, Index levels)
      : slope(1, latent), offset(levels + 1, 1), residual(levels + 1, quantiles), range(levels + 1, 2) {}

  /// z (N, D) standardised latents, library (N) > 0, level (N) in [0, levels) or -1
  void learn(const Matrix<float>& z, std::span<const float> library, std::span<const int> level) {
    const Index n = z.rows(), d = z.cols(), levels = offset.value.rows() - 1;
    Matrix<double> x = z.cast<double>();
    Matrix<double> y(n, 1);
    for (Index i = 0; i < n; ++i) y(i, 0) = std::log(double(std::max(1.0f, library[to_size(i)])));

    // Slope within levels: both sides lose their level's mean.
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
    for (Index j = 0; j < d; ++j) slope.value(0, j) = float(moment(j, 0));

    for (Index c = 0; c <= levels; ++c) {
      std::vector<double> rest, seen;
      for (Index i = 0; i < n; ++i) {
        if (c < levels && row_of(i) != c) continue;
        double fit = 0;
        for (Index j = 0; j < d; ++j) fit += x(i, j) * moment(j, 0);
        rest.push_back(y(i, 0) - fit);
        seen.push_back(y(i, 0));
      }
      if (rest.empty()) {  // a level without cells is treated as unknown
        offset.value(c, 0) = std::nanf("");
        continue;
      }
      double mean = 0;
      for (double r : rest) mean += r / double(rest.size());
      std::sort(rest.begin(), rest.end());
      offset.value(c, 0) = float(mean);
      for (Index q = 0; q < quantiles; ++q) {
        const double at = double(q) / double(quantiles - 1) * double(rest.size() - 1);
        const std::size_t low = std::size_t(at), high = std::min(low + 1, rest.size() - 1);
        residual.value(c, q) = float(rest[low] + (at - double(low)) * (rest[high] - rest[low]) - mean);
      }
      range.value(c, 0) = float(*std::min_element(seen.begin(), seen.end()));
      range.value(c, 1) = float(*std::max_element(seen.begin(), seen.end()));
    }
  }

  /// One library size for a cell with standardised latent z (D) of a level, -1 for unknown.
  float draw(const float* z, int level, Rng& rng) const {
    const Index levels = offset.value.rows() - 1;
    Index c = level < 0 ? levels : Index(level);
    if (std::isnan(offset.value(c, 0))) c = levels;
    double log_library = double(offset.value(c, 0));
    for (Index j = 0; j < slope.value.cols(); ++j) log_library += double(slope.value(0, j)) * double(z[j]);
    const double at = rng.uniform_double() * double(quantiles - 1);
    const Index low = Index(at);
    const double r0 = double(residual.value(c, low)), r1 = double(residual.value(c, low + 1));
    log_library += r0 + (at - double(low)) * (r1 - r0);
    const double kept = std::clamp(log_library, double(range.value(c, 0)), double(range.value(c, 1)));
    return float(std::max(1.0, std::round(std::exp(kept))));
  }

  static void visit(auto& self, auto&& f) {
    f("slope", self.slope);
    f("offset", self.offset);
    f("residual", self.residual);
    f("range", self.range);
  }
};

}  // namespace latentcell
