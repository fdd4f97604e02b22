#pragma once

#include <algorithm>
#include <cmath>
#include <vector>

#include <latentcell/core/count_rows.hpp>
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

  /// Of counts, in one pass.     counts (N, G), codes (N), negative in no group
  GroupMoments(const CountRows& counts, const std::vector<int>& codes, Index groups)
      : GroupMoments(groups, counts.cols()) {
    LATENTCELL_REQUIRE(Index(codes.size()) == counts.rows(), "GroupMoments: ", codes.size(), " codes for ",
                       counts.rows(), " cells");
    counts.each_block([&](const CountsView& block, Index first) {
      for (Index i = 0; i < block.rows; ++i) add_counts(block, i, codes[to_size(first + i)]);
    });
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

  void add_counts(const CountsView& block, Index row, Index group) {
    if (group < 0) return;
    LATENTCELL_REQUIRE(group < total.rows(), "GroupMoments: group ", group, " of ", total.rows());
    const double size = block.row_sum(row);
    add_cell(group, size);
    for (std::size_t k = 0; k < block.row_columns(row).size(); ++k) {
      const Index gene = block.row_columns(row)[k];
      const double x = double(block.row_values(row)[k]);
      total(group, gene) += x;
      square(group, gene) += x * x;
      cross(group, gene) += x * size;
    }
  }

  void add_cell(Index group, double size) {
    cells[to_size(group)] += 1;
    library[to_size(group)] += size;
    squares[to_size(group)] += size * size;
  }
};

}  // namespace latentcell
