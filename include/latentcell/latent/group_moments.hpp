#pragma once

#include <algorithm>
#include <cmath>
#include <vector>

#include <latentcell/core/counts.hpp>
#include <latentcell/latent/expected_counts.hpp>

namespace LATENTCELL_NAMESPACE {

/// Moments of counts per group of cells and gene, of data or of a likelihood: sums from which mean and over-dispersion
/// follow.
struct GroupMoments {
  Matrix<double> total;                         // (groups, G) sum of x
  Matrix<double> square;                        // (groups, G) sum of x^2, or of its expectation
  Matrix<double> cross;                         // (groups, G) sum of x times the cell's library size
  std::vector<double> cells, library, squares;  // (groups) cells, sum of library sizes, of their squares

  Index genes() const { return total.cols(); }

  /// Returns the variance of x / library beyond Poisson noise over its squared mean: 1 / theta of one negative
  /// binomial. NaN for a gene without counts.
  double overdispersion(Index group, Index gene) const {
    const std::size_t g = to_size(group);
    const double share = total(group, gene) / library[g], scale = squares[g] * share * share;
    return (square(group, gene) - 2 * share * cross(group, gene) + scale - total(group, gene)) / scale;
  }

  /// Of counts.     counts (N, G), codes (N), negative in no group
  GroupMoments(const CountsView& counts, const std::vector<int>& codes, Index groups)
      : GroupMoments(groups, counts.cols) {
    LATENTCELL_REQUIRE(Index(codes.size()) == counts.rows, "GroupMoments: ", codes.size(), " codes for ", counts.rows,
                       " cells");
    for (Index i = 0; i < counts.rows; ++i) {
      const Index g = codes[to_size(i)];
      if (g < 0) continue;
      LATENTCELL_REQUIRE(g < groups, "GroupMoments: group ", g, " of ", groups);
      const double size = counts.row_sum(i);
      add_cell(g, size);
      for (std::size_t k = 0; k < counts.row_columns(i).size(); ++k) {
        const Index gene = counts.row_columns(i)[k];
        const double x = double(counts.row_values(i)[k]);
        total(g, gene) += x;
        square(g, gene) += x * x;
        cross(g, gene) += x * size;
      }
    }
  }

  /// Of a likelihood at latents, with the cells' library sizes.     latents (N, D), codes (N), none negative
  template <class Autoencoder>
  GroupMoments(const Autoencoder& vae, const LatentTable& latents, const std::vector<int>& codes, Index groups)
      : GroupMoments(groups, vae.genes()) {
    LATENTCELL_REQUIRE(Index(codes.size()) == latents.cells(), "GroupMoments: ", codes.size(), " codes for ",
                       latents.cells(), " cells");
    for (const int code : codes)
      LATENTCELL_REQUIRE(code >= 0 && code < groups, "GroupMoments: group ", code, " of ", groups);
    for_each_decoded(vae, latents, [&](Index i, const auto* mean, const auto* log_theta) {
      const Index g = codes[to_size(i)];
      const double size = double(latents.library[to_size(i)]);
      add_cell(g, size);
      for (Index k = 0; k < genes(); ++k) {
        const double mu = double(mean[k]);
        total(g, k) += mu;
        square(g, k) += mu + mu * mu * (1 + (log_theta == nullptr ? 0.0 : std::exp(-double(log_theta[k]))));
        cross(g, k) += mu * size;
      }
    });
  }

 private:
  GroupMoments(Index groups, Index genes)
      : total(Matrix<double>::Zero(groups, genes)),
        square(total),
        cross(total),
        cells(to_size(groups)),
        library(to_size(groups)),
        squares(to_size(groups)) {}

  void add_cell(Index group, double size) {
    cells[to_size(group)] += 1;
    library[to_size(group)] += size;
    squares[to_size(group)] += size * size;
  }
};

}  // namespace latentcell
