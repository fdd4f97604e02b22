#pragma once

#include <vector>

#include <latentcell/core/counts.hpp>
#include <latentcell/metric/pearson.hpp>

namespace LATENTCELL_NAMESPACE::metric {

/// Mean, variance and share of zeros of each gene over cells.
struct GeneMoments {
  std::vector<double> mean;      ///< (G)
  std::vector<double> variance;  ///< (G), divisor N - 1
  std::vector<double> zeros;     ///< (G), share of cells without a count, in [0, 1]
};

/// Moments of the columns of a sparse matrix.      x (N, G) -> (G) each;  N >= 2
inline GeneMoments gene_moments(const CountsView& x) {
  LATENTCELL_REQUIRE(x.rows >= 2, "gene_moments: needs at least two cells, got ", x.rows);
  const std::size_t genes = to_size(x.cols);
  const double n = double(x.rows);
  GeneMoments out{std::vector<double>(genes, 0.0), std::vector<double>(genes, 0.0), std::vector<double>(genes, n)};
  const auto each = [&](const auto& f) {
    for (Index r = 0; r < x.rows; ++r) {
      const auto columns = x.row_columns(r);
      const auto values = x.row_values(r);
      for (std::size_t k = 0; k < columns.size(); ++k) f(std::size_t(columns[k]), double(values[k]));
    }
  };
  each([&](std::size_t g, double v) {
    out.mean[g] += v;
    if (v != 0.0) out.zeros[g] -= 1;
  });
  for (std::size_t g = 0; g < genes; ++g) out.mean[g] /= n;
  std::vector<double> stored(genes, 0.0);
  each([&](std::size_t g, double v) {
    out.variance[g] += (v - out.mean[g]) * (v - out.mean[g]);
    stored[g] += 1;
  });
  for (std::size_t g = 0; g < genes; ++g) {
    out.variance[g] = (out.variance[g] + (n - stored[g]) * out.mean[g] * out.mean[g]) / (n - 1);
    out.zeros[g] /= n;
  }
  return out;
}

/// How well the genes' moments of two sets of cells agree.
struct MomentAgreement {
  double mean_correlation = 0;      ///< Pearson's r between the genes' means, 1 at best
  double variance_correlation = 0;  ///< Pearson's r between the genes' variances, 1 at best
  double zero_difference = 0;       ///< share of zeros among all entries, generated minus real, 0 at best
};

/// Compares generated cells with real ones gene by gene, usually on log1p(CP10K).   real (N, G), generated (M, G)
inline MomentAgreement compare_moments(const CountsView& real, const CountsView& generated) {
  LATENTCELL_REQUIRE(real.cols == generated.cols, "compare_moments: ", real.cols, " genes and ", generated.cols,
                     " genes");
  const GeneMoments a = gene_moments(real), b = gene_moments(generated);
  MomentAgreement out{pearson(a.mean, b.mean), pearson(a.variance, b.variance), 0.0};
  for (std::size_t g = 0; g < a.zeros.size(); ++g) out.zero_difference += (b.zeros[g] - a.zeros[g]) / double(real.cols);
  return out;
}

}  // namespace latentcell::metric
