#pragma once

#include <cmath>
#include <span>
#include <vector>

#include <latentcell/core/counts.hpp>
#include <latentcell/kernel/dot.hpp>
#include <latentcell/kernel/parallel.hpp>
#include <latentcell/metric/dense_columns.hpp>
#include <latentcell/metric/pearson.hpp>

namespace LATENTCELL_NAMESPACE::metric {

/// Pearson's correlation of every pair of columns.      x (N, G) -> (G, G)
/// Rows and columns of a gene that never varies are 0, its diagonal entry too.
inline Matrix<double> correlation_matrix(ConstView<float> x) {
  const Index n = x.rows(), genes = x.cols();
  LATENTCELL_REQUIRE(n >= 2, "correlation_matrix: needs at least two cells, got ", n);
  Matrix<double> scaled(genes, n), out(genes, genes);
  kernel::parallel_ranges(genes, 8, [&](Index first, Index last) {
    for (Index g = first; g < last; ++g) {
      double mean = 0, square = 0;
      for (Index i = 0; i < n; ++i) mean += double(x(i, g)) / double(n);
      for (Index i = 0; i < n; ++i) {
        scaled(g, i) = double(x(i, g)) - mean;
        square += scaled(g, i) * scaled(g, i);
      }
      // A constant gene keeps rounding errors of its mean; they are no variance.
      const double least = 1e-24 * mean * mean * double(n);
      const double scale = square > least ? 1.0 / std::sqrt(square) : 0.0;
      for (Index i = 0; i < n; ++i) scaled(g, i) *= scale;
    }
  });
  kernel::parallel_items(genes, [&](Index g) {
    for (Index h = 0; h <= g; ++h) {
      out(g, h) = out(h, g) = kernel::dot(n, scaled.data() + g * n, scaled.data() + h * n);
    }
  });
  return out;
}

/// Agreement of the gene-gene correlations of two sets of cells: Pearson's r between the entries above the diagonals of
/// their correlation matrices, 1 at best.
/// real (N, G), generated (M, G), usually log1p(CP10K); genes (n) ascending, at least 3, usually the most variable
inline double gene_correlation(const CountsView& real, const CountsView& generated, std::span<const Index> genes) {
  LATENTCELL_REQUIRE(real.cols == generated.cols, "gene_correlation: ", real.cols, " genes and ", generated.cols,
                     " genes");
  LATENTCELL_REQUIRE(genes.size() >= 3, "gene_correlation: needs at least 3 genes, got ", genes.size());
  const auto above_diagonal = [&](const CountsView& cells) {
    const Matrix<float> dense = dense_columns(cells, genes);
    const Matrix<double> r = correlation_matrix(view(dense));
    std::vector<double> out;
    for (Index i = 0; i < r.rows(); ++i) {
      for (Index j = i + 1; j < r.cols(); ++j) out.push_back(r(i, j));
    }
    return out;
  };
  return pearson(above_diagonal(real), above_diagonal(generated));
}

}  // namespace latentcell::metric
