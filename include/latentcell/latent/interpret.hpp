#pragma once

#include <algorithm>
#include <cmath>
#include <numeric>
#include <string>
#include <vector>

#include <latentcell/latent/encode.hpp>

// What the dimensions of a latent mean: gene loadings of a linear decoder, traversals, shares of variance and of
// labels.

namespace latentcell {

/// A gene and how much it rises (log scale) with a step of one along a dimension, relative to the average gene.
struct GeneLoading {
  std::string gene;
  double loading;
};

/// Loadings of a linear decoder: its weights, each dimension's mean over the genes taken off, as a softmax over genes
/// does not see it.     -> (G, D)
template <class Autoencoder>
Matrix<double> gene_loadings(const Autoencoder& model) {
  LATENTCELL_REQUIRE(model.linear(),
                     "gene_loadings: the decoder is not linear; set linear_decoder, or look at traverse");
  const Index d = model.latent();
  Matrix<double> out = model.heads.front().weight.value.leftCols(d).template cast<double>();
  for (Index j = 0; j < d; ++j) out.col(j).array() -= out.col(j).mean();
  return out;
}

/// The genes of the largest loadings of a dimension, by size, rising and falling ones together.
template <class Autoencoder>
std::vector<GeneLoading> top_genes(const Autoencoder& model, Index dimension, Index count) {
  const Matrix<double> all = gene_loadings(model);
  LATENTCELL_REQUIRE(dimension >= 0 && dimension < all.cols(), "top_genes: dimension ", dimension, " of a latent of ",
                     all.cols());
  LATENTCELL_REQUIRE(Index(model.gene_names.size()) == all.rows(),
                     "top_genes: the model does not know gene names; fit "
                     "sets them");
  std::vector<Index> order(to_size(all.rows()));
  std::iota(order.begin(), order.end(), Index(0));
  std::sort(order.begin(), order.end(), [&](Index a, Index b) {
    const double x = std::abs(all(a, dimension)), y = std::abs(all(b, dimension));
    return x != y ? x > y : a < b;
  });
  std::vector<GeneLoading> out;
  for (Index i = 0; i < std::min(count, all.rows()); ++i)
    out.push_back({model.gene_names[to_size(order[to_size(i)])], all(order[to_size(i)], dimension)});
  return out;
}

/// Decoded log1p(CP10K) of each row of latents.     z (N, D), batch codes (N) or empty -> (N, G)
template <class Autoencoder>
Matrix<float> decoded_expression(const Autoencoder& model, const Matrix<float>& z,
                                 const std::vector<int>& batch_codes = {}) {
  using T = typename Autoencoder::Scalar;
  LATENTCELL_REQUIRE(z.cols() == model.latent(), "decoded_expression: latents of ", z.cols(),
                     " dimensions but the model has ", model.latent());
  const Index genes = model.genes(), at_once = 256;
  Matrix<float> out(z.rows(), genes);
  Tape<T> tape(Mode::no_gradient);
  std::vector<T> mean(to_size(genes));
  for (Index first = 0; first < z.rows(); first += at_once) {
    const Index count = std::min(at_once, z.rows() - first);
    tape.reset();
    const Matrix<T> some = z.middleRows(first, count).template cast<T>();
    const std::span<const int> codes = batch_codes.empty()
                                           ? std::span<const int>{}
                                           : std::span<const int>(batch_codes).subspan(to_size(first), to_size(count));
    const std::vector<Var<T>> heads = model.decode(tape, tape.constant(view(some)), codes);
    for (Index i = 0; i < count; ++i) {
      kernel::count_means(model.options.link, heads.front().value().data() + i * genes, T(1e4), genes, mean.data());
      for (Index g = 0; g < genes; ++g) out(first + i, g) = float(std::log1p(mean[to_size(g)]));
    }
  }
  return out;
}

/// Decoded log1p(CP10K) along a dimension: at the cells' mean latent, the dimension moved by each of `steps` standard
/// deviations.     steps (K) -> (K, G)
template <class Autoencoder>
Matrix<float> traverse(const Autoencoder& model, const LatentTable& latents, Index dimension,
                       const std::vector<double>& steps) {
  LATENTCELL_REQUIRE(dimension >= 0 && dimension < latents.latent(), "traverse: dimension ", dimension,
                     " of a latent of ", latents.latent());
  LATENTCELL_REQUIRE(latents.cells() > 0, "traverse: there are no cells to take the mean of");
  const RowVector<float> centre = latents.mean.colwise().mean();
  const float spread = std::sqrt((latents.mean.col(dimension).array() - centre(dimension)).square().mean());
  Matrix<float> z(Index(steps.size()), latents.latent());
  for (Index i = 0; i < z.rows(); ++i) {
    z.row(i) = centre;
    z(i, dimension) += float(steps[to_size(i)]) * spread;
  }
  return decoded_expression(model, z);
}

/// Share of the variance of the cells' decoded log1p(CP10K) that is lost where a dimension is held at its mean. The
/// shares of dimensions that work together add up to more or less than 1.     -> (D)
template <class Autoencoder>
std::vector<double> explained_variance(const Autoencoder& model, const LatentTable& latents) {
  const auto variance = [](const Matrix<float>& x) {
    const RowVector<float> centre = x.colwise().mean();
    return double((x.rowwise() - centre).squaredNorm());
  };
  const double whole = variance(decoded_expression(model, latents.mean));
  std::vector<double> out;
  for (Index j = 0; j < latents.latent(); ++j) {
    Matrix<float> z = latents.mean;
    z.col(j).setConstant(z.col(j).mean());
    out.push_back(whole > 0 ? 1 - variance(decoded_expression(model, z)) / whole : 0.0);
  }
  return out;
}

/// Share of each dimension's variance that lies between the levels of an obs column (eta squared): near 1, the
/// dimension tells the levels. Cells without a label are left out.     -> (D)
inline std::vector<double> explained_by_label(const LatentTable& latents, const std::string& column) {
  const Categorical labels = latents.cell_columns.labels(column);
  std::vector<double> out;
  for (Index j = 0; j < latents.latent(); ++j) {
    std::vector<double> sum(labels.levels.size(), 0.0), n(labels.levels.size(), 0.0);
    double all = 0, square = 0, count = 0;
    for (Index i = 0; i < latents.cells(); ++i) {
      const int code = labels.codes[to_size(i)];
      if (code < 0) continue;
      const double x = double(latents.mean(i, j));
      sum[std::size_t(code)] += x;
      n[std::size_t(code)] += 1;
      all += x;
      square += x * x;
      count += 1;
    }
    const double total = count > 0 ? square - all * all / count : 0;
    double between = count > 0 ? -all * all / count : 0;
    for (std::size_t l = 0; l < n.size(); ++l) between += n[l] > 0 ? sum[l] * sum[l] / n[l] : 0;
    out.push_back(total > 0 ? between / total : 0.0);
  }
  return out;
}

}  // namespace latentcell
