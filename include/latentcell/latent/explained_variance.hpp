#pragma once

#include <string>
#include <vector>

#include <latentcell/latent/decoded_expression.hpp>

namespace LATENTCELL_NAMESPACE {

/// Returns the share of the variance of decoded log1p(CP10K) that is lost with each dimension held at its mean. Shares
/// of interacting dimensions do not sum to 1.
/// latents (N, D) -> (D)
template <class Autoencoder>
std::vector<double> explained_variance(const Autoencoder& model, const LatentTable& latents) {
  const auto variance = [](const Matrix<float>& x) {
    const RowVector<float> centre = x.colwise().mean();
    return double((x.rowwise() - centre).squaredNorm());
  };
  const double total = variance(decoded_expression(model, latents.mean));
  std::vector<double> out;
  for (Index j = 0; j < latents.latent(); ++j) {
    Matrix<float> z = latents.mean;
    z.col(j).setConstant(z.col(j).mean());
    out.push_back(total > 0 ? 1 - variance(decoded_expression(model, z)) / total : 0.0);
  }
  return out;
}

/// Returns the share of each dimension's variance between the levels of an obs column (eta squared): near 1 for a
/// dimension that separates the levels. Cells without a label are ignored.
/// latents (N, D) -> (D)
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
