#pragma once

#include <algorithm>
#include <cmath>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <latentcell/autodiff/param.hpp>
#include <latentcell/core/dense_counts.hpp>
#include <latentcell/core/options.hpp>
#include <latentcell/data/modality.hpp>
#include <latentcell/kernel/log_normalize.hpp>
#include <latentcell/kernel/pca.hpp>

namespace LATENTCELL_NAMESPACE::conformal {

struct ModalityEncoderOptions {
  std::string name;                        ///< of the modality, for messages
  std::vector<std::string> features = {};  ///< of the modality, at least one
  Index components = 50;  ///< principal components of more than 64 features. Larger: keeps more detail and more noise.

  static void visit(auto& self, auto&& f) {
    f("name", self.name, fixed());
    f("features", self.features, fixed(each({}, 1)));
    f("components", self.components, fixed(at_least(0)));
  }
};

/// Linear encoder of one modality, without training steps. Counts are log1p-normalised to one depth; up to 64 features
/// are centred and scaled (identity), more are projected on principal components.
struct ModalityEncoder {
  static constexpr Index identity_features = 64;  ///< largest number of features that are not projected

  ModalityEncoderOptions options;
  bool identity = false;     ///< latents are the centred and scaled features
  Buffer<float> depth;       // (1, 1) total that counts are normalised to
  Buffer<float> mean;        // (1, F) of the log-normalised features
  Buffer<float> components;  // (D, F) orthonormal rows; (1, F) of zeros for identity
  Buffer<float> scale;       // (1, D) standard deviation of each latent dimension
  Buffer<float> log_total;   // (1, 2) mean and standard deviation of log1p of the cells' totals

  ModalityEncoder() = default;
  explicit ModalityEncoder(const ModalityEncoderOptions& o)
      : options(check_options("ModalityEncoder", o)),
        identity(Index(options.features.size()) <= identity_features),
        depth(1, 1),
        mean(1, Index(options.features.size())),
        components(identity ? 1 : options.components, Index(options.features.size())),
        scale(1, identity ? Index(options.features.size()) : options.components),
        log_total(1, 2) {
    LATENTCELL_REQUIRE(identity || options.components >= 1, "ModalityEncoder: '", name(), "' has ", features().size(),
                       " features, more than ", identity_features, ", and needs at least one component");
  }

  /// Builds an encoder from a model's file.
  static ModalityEncoder from_options(const auto& reader, Rng&) {
    return ModalityEncoder(reader.template options<ModalityEncoderOptions>());
  }

  const std::string& name() const { return options.name; }
  const std::vector<std::string>& features() const { return options.features; }
  /// D.
  Index latent() const { return scale.value.cols(); }
  /// Numbers in the condition of a cell: latent, total, and 1 if the modality was measured.
  Index n_condition() const { return latent() + 2; }

  /// Weight of latent dimension k in conditions and averages. Components weigh as the square root of their standard
  /// deviation, relative to the first: otherwise the many small ones, mostly noise, would dominate.
  float component_weight(Index k) const { return identity ? 1.0f : std::sqrt(scale.value(0, k) / scale.value(0, 0)); }

  /// Takes depth, means, components and scales from the measured cells.
  /// Throws std::invalid_argument unless more cells were measured than the latent has dimensions; identity needs 3.
  void fit(const Modality& from, Rng& rng) {
    check(from);
    std::vector<Index> rows;
    std::vector<double> totals;
    for (Index i = 0; i < from.cells(); ++i) {
      if (!from.measured[to_size(i)]) continue;
      rows.push_back(i);
      totals.push_back(from.counts.view().row_sum(i));
    }
    LATENTCELL_REQUIRE(Index(rows.size()) > latent() || (identity && rows.size() > 2), "modality '", name(), "': only ",
                       rows.size(), " cells were measured, for a latent of ", latent());
    fit_totals(totals);
    const Counts logs = logs_of(from, select_rows(from.counts, rows));
    if (identity) {
      const Matrix<float> x = dense_counts(logs.view());
      mean.value = x.colwise().mean();
      for (Index f = 0; f < x.cols(); ++f)
        scale.value(0, f) = std::max(1e-3f, std::sqrt((x.col(f).array() - mean.value(0, f)).square().mean()));
    } else {
      const kernel::Pca<float> pca = kernel::fit_pca(logs.view(), {.components = latent()}, rng);
      mean.value = pca.mean;
      components.value = pca.components;
      for (Index k = 0; k < latent(); ++k)
        scale.value(0, k) = float(std::max(1e-6, std::sqrt(pca.variance[to_size(k)])));
    }
  }

  /// Returns latents of unit variance; zero for cells that were not measured.
  /// -> (N, D)
  Matrix<float> encode(const Modality& from) const {
    check(from);
    const Counts logs = logs_of(from, from.counts);
    Matrix<float> out;
    if (identity) {
      out = dense_counts(logs.view());
      out.rowwise() -= mean.value.row(0);
    } else {
      out = kernel::project({mean.value.row(0), components.value, {}}, logs.view());
    }
    out.array().rowwise() /= scale.value.row(0).array();
    for (Index i = 0; i < out.rows(); ++i) {
      if (!from.measured[to_size(i)]) out.row(i).setZero();
    }
    return out;
  }

  /// Returns the latents of log-normalised features at the encoder's depth.
  /// x (N, F) -> (N, D)
  Matrix<float> encode_log_normalized(Matrix<float> x) const {
    LATENTCELL_REQUIRE(x.cols() == mean.value.cols(), "modality '", name(), "': ", x.cols(), " features but ",
                       mean.value.cols());
    x.rowwise() -= mean.value.row(0);
    Matrix<float> out = identity ? std::move(x) : Matrix<float>(x * components.value.transpose());
    out.array().rowwise() /= scale.value.row(0).array();
    return out;
  }

  /// Returns the condition of each cell: the weighted latent, the standardised log total, and 1; all zero for cells
  /// that were not measured.
  /// -> (N, n_condition())
  Matrix<float> condition_features(const Modality& from) const {
    const Matrix<float> z = encode(from);
    Matrix<float> out = Matrix<float>::Zero(z.rows(), n_condition());
    const Index k = latent();
    for (Index i = 0; i < z.rows(); ++i) {
      if (!from.measured[to_size(i)]) continue;
      for (Index j = 0; j < k; ++j) out(i, j) = z(i, j) * component_weight(j);
      out(i, k) = (float(std::log1p(from.counts.view().row_sum(i))) - log_total.value(0, 0)) / log_total.value(0, 1);
      out(i, k + 1) = 1;
    }
    return out;
  }

  /// Returns the log-normalised features of latents.
  /// z (N, D) -> (N, F)
  Matrix<float> decode(const Matrix<float>& z) const {
    LATENTCELL_REQUIRE(z.cols() == latent(), "modality '", name(), "': latents of ", z.cols(),
                       " numbers but a latent of ", latent());
    Matrix<float> scaled = z;
    scaled.array().rowwise() *= scale.value.row(0).array();
    Matrix<float> out = identity ? scaled : Matrix<float>(scaled * components.value);
    out.rowwise() += mean.value.row(0);
    return out;
  }

  /// Returns the log-normalised features of cells, as encode() takes them.
  /// -> (N, F)
  Matrix<float> log_normalized(const Modality& from) const {
    check(from);
    return dense_counts(logs_of(from, from.counts).view());
  }

  static void visit(auto& self, auto&& f) {
    f("depth", self.depth);
    f("mean", self.mean);
    f("components", self.components);
    f("scale", self.scale);
    f("log_total", self.log_total);
  }

 private:
  // totals: of the measured cells
  void fit_totals(std::vector<double>& totals) {
    double sum = 0, square = 0;
    for (const double t : totals) sum += std::log1p(t) / double(totals.size());
    for (const double t : totals) square += (std::log1p(t) - sum) * (std::log1p(t) - sum) / double(totals.size());
    log_total.value << float(sum), float(std::max(1e-3, std::sqrt(square)));
    std::nth_element(totals.begin(), totals.begin() + std::ptrdiff_t(totals.size() / 2), totals.end());
    depth.value(0, 0) = identity ? float(std::max(1.0, totals[totals.size() / 2])) : 1e4f;
  }

  // Of some counts of a modality.
  Counts logs_of(const Modality& from, const Counts& counts) const {
    if (!from.scaled) return kernel::log_normalize(counts, double(depth.value(0, 0)));
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
    LATENTCELL_REQUIRE(from.counts.cols() == Index(features().size()), "modality '", name(), "': ", from.counts.cols(),
                       " features but the encoder has ", features().size());
    const auto [own, other] =
        std::mismatch(features().begin(), features().end(), from.features.begin(), from.features.end());
    LATENTCELL_REQUIRE(own == features().end() && other == from.features.end(), "modality '", name(), "': feature ",
                       own - features().begin() + 1, " is ",
                       other == from.features.end() ? "missing" : "'" + *other + "'", " but the encoder's is ",
                       own == features().end() ? "missing" : "'" + *own + "'");
    LATENTCELL_REQUIRE(Index(from.measured.size()) == from.cells(), "modality '", name(), "': ", from.measured.size(),
                       " marks for ", from.cells(), " cells");
  }
};

}  // namespace latentcell::conformal
