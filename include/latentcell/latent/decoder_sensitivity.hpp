#pragma once

#include <algorithm>
#include <cmath>
#include <numeric>
#include <string>
#include <vector>

#include <latentcell/core/error.hpp>
#include <latentcell/core/types.hpp>

namespace LATENTCELL_NAMESPACE {

/// A gene and its change (log scale) per unit of a latent dimension, relative to the average gene.
struct GeneLoading {
  std::string gene;
  double loading;
};

/// Returns the loadings of a linear decoder: its weights, centred per dimension, as a softmax over genes is invariant
/// to their mean.
/// -> (G, D)
template <class Autoencoder>
Matrix<double> gene_loadings(const Autoencoder& model) {
  LATENTCELL_REQUIRE(model.linear(),
                     "gene_loadings: the decoder is not linear; set linear_decoder, or use latent_traversal");
  const Index d = model.latent();
  Matrix<double> out = model.heads.front().weight.value.leftCols(d).template cast<double>();
  for (Index j = 0; j < d; ++j) out.col(j).array() -= out.col(j).mean();
  return out;
}

/// Returns the genes of the largest absolute loadings of a dimension, in descending order.
template <class Autoencoder>
std::vector<GeneLoading> top_genes(const Autoencoder& model, Index dimension, Index count) {
  const Matrix<double> all = gene_loadings(model);
  LATENTCELL_REQUIRE(dimension >= 0 && dimension < all.cols(), "top_genes: dimension ", dimension, " of a latent of ",
                     all.cols());
  LATENTCELL_REQUIRE(Index(model.gene_names.size()) == all.rows(), "top_genes: the model has ", model.gene_names.size(),
                     " gene names for ", all.rows(), " genes; fit sets them");
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

}  // namespace latentcell
