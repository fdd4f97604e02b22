#pragma once

#include <algorithm>
#include <cmath>
#include <vector>

#include <latentcell/core/count_rows.hpp>

namespace LATENTCELL_NAMESPACE {

/// Sums over cells that the moments of genes follow from. Sums of whole numbers below 2^53 are exact, so that neither
/// the order of the cells nor how they are dealt out and merged changes a bit. A cell's library size is 1 at least.
struct GeneSums {
  Index cells = 0;
  double total = 0;                            ///< of all counts
  double library_sum = 0, library_square = 0;  ///< of library sizes, of their squares
  std::vector<double> sum, square, cross;      ///< (G) of x, of x^2, of x times the cell's library size
  std::vector<Index> detected;                 ///< (G) cells with a count above 0

  explicit GeneSums(Index genes = 0) : sum(to_size(genes), 0.0), square(sum), cross(sum), detected(to_size(genes), 0) {}

  Index genes() const { return Index(sum.size()); }

  /// Adds the cells of a block.     counts (B, G)
  void add(const CountsView& counts) {
    add_values(counts, [](double x, double) { return x; });
  }
  /// The same of log(1 + x reference / library) in place of x.
  void add_log_normalized(const CountsView& counts, double reference) {
    add_values(counts, [&](double x, double library) { return std::log1p(x * reference / library); });
  }

  /// Adds the sums over other cells.
  GeneSums& operator+=(const GeneSums& other) {
    LATENTCELL_REQUIRE(genes() == other.genes(), "GeneSums: sums of ", genes(), " genes and of ", other.genes());
    cells += other.cells;
    total += other.total;
    library_sum += other.library_sum;
    library_square += other.library_square;
    for (std::size_t g = 0; g < sum.size(); ++g) {
      sum[g] += other.sum[g];
      square[g] += other.square[g];
      cross[g] += other.cross[g];
      detected[g] += other.detected[g];
    }
    return *this;
  }

 private:
  template <class Value>
  void add_values(const CountsView& counts, const Value& value) {
    LATENTCELL_REQUIRE(counts.cols == genes(), "GeneSums: counts of ", counts.cols, " genes but sums of ", genes());
    cells += counts.rows;
    for (Index b = 0; b < counts.rows; ++b) {
      const double own = counts.row_sum(b), library = std::max(1.0, own);
      total += own;
      library_sum += library;
      library_square += library * library;
      const auto c = counts.row_columns(b);
      const auto v = counts.row_values(b);
      for (std::size_t k = 0; k < c.size(); ++k) {
        const std::size_t g = std::size_t(c[k]);
        const double x = value(double(v[k]), library);
        sum[g] += x;
        square[g] += x * x;
        cross[g] += x * library;
        detected[g] += v[k] > 0 ? 1 : 0;
      }
    }
  }
};

/// Sums over all rows, in one pass.
inline GeneSums gene_sums(const CountRows& counts) {
  GeneSums out(counts.cols());
  counts.each_block([&](const CountsView& block, Index) { out.add(block); });
  return out;
}

}  // namespace latentcell
