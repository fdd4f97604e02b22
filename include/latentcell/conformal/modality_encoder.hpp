#pragma once

#include <algorithm>
#include <cmath>
#include <span>
#include <string>
#include <vector>

#include <latentcell/autodiff/param.hpp>
#include <latentcell/data/modality.hpp>
#include <latentcell/kernel/log_normalize.hpp>
#include <latentcell/kernel/pca.hpp>

namespace latentcell {

/// Between counts of a modality and a latent of a few numbers, both ways: log1p of counts at one depth, then the
/// features themselves, centred and scaled, where they are few, or their principal components. As a condition, the
/// logarithm of a cell's total goes beside them.
struct ModalityEncoder {
  std::string name;
  std::vector<std::string> features;
  bool whole = false;        ///< the latent is the features themselves
  Buffer<float> depth;       // (1, 1) total that counts are scaled to
  Buffer<float> mean;        // (1, F) of the log-normalised features
  Buffer<float> components;  // (K, F) orthonormal rows; of `whole` (1, F), all zero
  Buffer<float> spread;      // (1, K) standard deviation of each number of the latent
  Buffer<float> total;       // (1, 2) mean and standard deviation of log1p of the cells' totals

  static constexpr Index few = 64;  ///< features that are taken as they are

  ModalityEncoder() = default;
  ModalityEncoder(std::string n, std::vector<std::string> f, Index latent_size)
      : name(std::move(n)),
        features(std::move(f)),
        whole(Index(features.size()) <= few),
        depth(1, 1),
        mean(1, Index(features.size())),
        components(whole ? 1 : latent_size, Index(features.size())),
        spread(1, whole ? Index(features.size()) : latent_size),
        total(1, 2) {
    LATENTCELL_REQUIRE(!features.empty() && (whole || latent_size >= 1), "ModalityEncoder: '", name, "' has ",
                       features.size(), " features and a latent of ", latent_size);
  }

  Index latent() const { return spread.value.cols(); }
  /// Numbers that a cell is told by: latent, total, and whether it was measured.
  Index condition() const { return latent() + 2; }

  /// What a number of the latent counts for where numbers are told or averaged: components in proportion to the root of
  /// their spread, so that the many small ones, mostly noise, do not drown the first; features alike.
  float weight(Index k) const { return whole ? 1.0f : std::sqrt(spread.value(0, k) / spread.value(0, 0)); }

  /// Takes depth, components and scales from the measured cells.
  void start(const Modality& from, Rng& rng) {
    check(from);
    std::vector<Index> rows;
    std::vector<double> totals;
    for (Index i = 0; i < from.cells(); ++i) {
      if (!from.measured[to_size(i)]) continue;
      rows.push_back(i);
      totals.push_back(from.counts.view().row_sum(i));
    }
    LATENTCELL_REQUIRE(Index(rows.size()) > latent() || (whole && rows.size() > 2), "modality '", name, "': only ",
                       rows.size(), " cells were measured, for a latent of ", latent());
    double sum = 0, square = 0;
    for (const double t : totals) sum += std::log1p(t) / double(totals.size());
    for (const double t : totals) square += (std::log1p(t) - sum) * (std::log1p(t) - sum) / double(totals.size());
    total.value << float(sum), float(std::max(1e-3, std::sqrt(square)));
    std::nth_element(totals.begin(), totals.begin() + std::ptrdiff_t(totals.size() / 2), totals.end());
    depth.value(0, 0) = whole ? float(std::max(1.0, totals[totals.size() / 2])) : 1e4f;
    const Counts logs = logs_of(select_rows(from.counts, rows), from.scaled);
    if (whole) {
      const Matrix<float> x = dense(logs);
      mean.value = x.colwise().mean();
      for (Index f = 0; f < x.cols(); ++f)
        spread.value(0, f) = std::max(1e-3f, std::sqrt((x.col(f).array() - mean.value(0, f)).square().mean()));
    } else {
      const kernel::Pca<float> found = kernel::fit_pca(logs.view(), {.components = latent()}, rng);
      mean.value = found.mean;
      components.value = found.components;
      for (Index k = 0; k < latent(); ++k)
        spread.value(0, k) = float(std::max(1e-6, std::sqrt(found.variance[to_size(k)])));
    }
  }

  /// Latents of unit variance.     -> (N, latent()), of cells not measured zero
  Matrix<float> encode(const Modality& from) const {
    check(from);
    const Counts logs = logs_of(from.counts, from.scaled);
    Matrix<float> out;
    if (whole) {
      out = dense(logs);
      out.rowwise() -= mean.value.row(0);
    } else {
      out = kernel::project({mean.value.row(0), components.value, {}}, logs.view());
    }
    out.array().rowwise() /= spread.value.row(0).array();
    for (Index i = 0; i < out.rows(); ++i) {
      if (!from.measured[to_size(i)]) out.row(i).setZero();
    }
    return out;
  }

  /// What a network is told of each cell: the weighted latent, the total, and 1 where measured; else all zero.     ->
  /// (N, condition())
  Matrix<float> tell(const Modality& from) const {
    const Matrix<float> z = encode(from);
    Matrix<float> out = Matrix<float>::Zero(z.rows(), condition());
    const Index k = latent();
    for (Index i = 0; i < z.rows(); ++i) {
      if (!from.measured[to_size(i)]) continue;
      for (Index j = 0; j < k; ++j) out(i, j) = z(i, j) * weight(j);
      out(i, k) = (float(std::log1p(from.counts.view().row_sum(i))) - total.value(0, 0)) / total.value(0, 1);
      out(i, k + 1) = 1;
    }
    return out;
  }

  /// Log-normalised features of latents.     z (N, latent()) -> (N, F)
  Matrix<float> decode(const Matrix<float>& z) const {
    Matrix<float> scaled = z;
    scaled.array().rowwise() *= spread.value.row(0).array();
    Matrix<float> out = whole ? scaled : Matrix<float>(scaled * components.value);
    out.rowwise() += mean.value.row(0);
    return out;
  }

  /// Log-normalised features of measured cells, as the code takes them.     -> (N, F)
  Matrix<float> log_normalized(const Modality& from) const { return dense(logs_of(from.counts, from.scaled)); }

  static Matrix<float> dense(const Counts& counts) {
    const CountsView c = counts.view();
    Matrix<float> out = Matrix<float>::Zero(c.rows, c.cols);
    for (Index i = 0; i < c.rows; ++i) {
      for (std::size_t k = 0; k < c.row_columns(i).size(); ++k) out(i, c.row_columns(i)[k]) = c.row_values(i)[k];
    }
    return out;
  }

  static void visit(auto& self, auto&& f) {
    f("depth", self.depth);
    f("mean", self.mean);
    f("components", self.components);
    f("spread", self.spread);
    f("total", self.total);
  }

 private:
  Counts logs_of(const Counts& counts, bool scaled) const {
    if (!scaled) return kernel::log_normalize(counts, double(depth.value(0, 0)));
    Counts out(counts.cols());
    const CountsView c = counts.view();
    for (Index i = 0; i < c.rows; ++i) {
      for (std::size_t k = 0; k < c.row_columns(i).size(); ++k)
        out.push(c.row_columns(i)[k], std::log1p(c.row_values(i)[k]));
      out.end_row();
    }
    return out;
  }
  void check(const Modality& from) const {
    LATENTCELL_REQUIRE(from.counts.cols() == Index(features.size()), "modality '", name, "': ", from.counts.cols(),
                       " features but the code has ", features.size());
    LATENTCELL_REQUIRE(Index(from.measured.size()) == from.cells(), "modality '", name, "': ", from.measured.size(),
                       " marks for ", from.cells(), " cells");
  }
};

}  // namespace latentcell
