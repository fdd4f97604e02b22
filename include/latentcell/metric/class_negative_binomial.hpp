#pragma once

#include <algorithm>
#include <cmath>
#include <limits>
#include <span>
#include <utility>
#include <vector>

#include <latentcell/core/options.hpp>
#include <latentcell/core/counts.hpp>
#include <latentcell/core/random_draw.hpp>
#include <latentcell/kernel/parallel.hpp>

namespace LATENTCELL_NAMESPACE::metric {

/// What the means of a class follow: the library sizes of its cells, or nothing, each cell then having the mean size.
enum class LibrarySizes { of_cells, of_class };

/// Settings of ClassNegativeBinomial.
struct ClassNegativeBinomialOptions {
  LibrarySizes library = LibrarySizes::of_cells;  ///< of_class: the spread of library sizes goes into the dispersions

  static void visit(auto& self, auto&& f) { f("library", self.library); }
};

/// A baseline of generation: within a class every gene is a negative binomial of its own, with a mean in proportion to
/// the cell's library size and a dispersion from the gene's moments. A model that is no better has learnt nothing of
/// how genes vary together.
class ClassNegativeBinomial {
 public:
  /// counts (N, G); labels (N), negative where missing: such cells are left out, as are cells with no counts.
  /// For mu = library * share of the gene: 1 / theta = (sum of (x - mu)^2 - mu) / sum of mu^2 over the cells of the
  /// class, a Poisson law where that is not positive.
  ClassNegativeBinomial(const CountsView& counts, std::span<const int> labels,
                        const ClassNegativeBinomialOptions& options = {})
      : genes_(counts.cols) {
    LATENTCELL_REQUIRE(Index(labels.size()) == counts.rows && counts.rows > 0, "ClassNegativeBinomial: ", labels.size(),
                       " labels for ", counts.rows, " cells");
    const int highest = *std::max_element(labels.begin(), labels.end());
    LATENTCELL_REQUIRE(highest >= 0, "ClassNegativeBinomial: none of ", labels.size(), " cells has a label");
    for (int label = 0; label <= highest; ++label) {
      std::vector<Index> rows;
      for (Index r = 0; r < counts.rows; ++r) {
        if (labels[to_size(r)] == label && counts.row_sum(r) > 0.0) rows.push_back(r);
      }
      parts_.push_back(fit(counts, rows, options.library));
    }
  }

  /// One cell for each label, its library size that of a random training cell of the class.
  /// labels (n), classes that had cells -> (n, G)
  Counts draw(std::span<const int> labels, Rng& rng) const {
    for (const int label : labels) {
      LATENTCELL_REQUIRE(label >= 0 && label < int(parts_.size()) && !parts_[std::size_t(label)].library.empty(),
                         "ClassNegativeBinomial: no cells of class ", label, " to draw from");
    }
    const Rng seeds = rng.fork();
    std::vector<std::vector<std::pair<std::int32_t, float>>> cells(labels.size());
    kernel::parallel_items(Index(labels.size()), 64 * Index(labels.size()) * genes_, [&](Index i) {
      Rng own = seeds.at(std::uint64_t(i));
      const Part& part = parts_[std::size_t(labels[to_size(i)])];
      const double library = part.library[std::size_t(own.below(part.library.size()))];
      for (std::size_t k = 0; k < part.gene.size(); ++k) {
        const double x = draw_negative_binomial(library * part.share[k], part.theta[k], own);
        if (x > 0.0) cells[to_size(i)].emplace_back(part.gene[k], float(x));
      }
    });
    Counts out(genes_);
    for (const auto& cell : cells) {
      for (const auto& [gene, x] : cell) out.push(gene, x);
      out.end_row();
    }
    return out;
  }

 private:
  struct Part {
    std::vector<double> library;       // (cells of the class)
    std::vector<std::int32_t> gene;    // genes with counts in the class
    std::vector<double> share, theta;  // of those genes
  };

  static Part fit(const CountsView& counts, const std::vector<Index>& rows, LibrarySizes sizes) {
    const std::size_t genes = to_size(counts.cols);
    Part part;
    std::vector<double> sum(genes, 0.0), square(genes, 0.0), cross(genes, 0.0);
    double total = 0, total_square = 0;
    for (const Index r : rows) total += counts.row_sum(r);
    for (const Index r : rows) {
      const double library = sizes == LibrarySizes::of_cells ? counts.row_sum(r) : total / double(rows.size());
      const auto columns = counts.row_columns(r);
      const auto values = counts.row_values(r);
      for (std::size_t k = 0; k < columns.size(); ++k) {
        const std::size_t g = std::size_t(columns[k]);
        const double v = double(values[k]);
        sum[g] += v;
        square[g] += v * v;
        cross[g] += v * library;
      }
      part.library.push_back(library);
      total_square += library * library;
    }
    for (std::size_t g = 0; g < genes; ++g) {
      if (sum[g] <= 0.0) continue;
      const double share = sum[g] / total, mu_square = share * share * total_square;
      const double residual = square[g] - 2.0 * share * cross[g] + mu_square;  // sum of (x - mu)^2
      const double excess = residual - sum[g];
      part.gene.push_back(std::int32_t(g));
      part.share.push_back(share);
      part.theta.push_back(excess > 0.0 ? mu_square / excess : std::numeric_limits<double>::infinity());
    }
    return part;
  }

  Index genes_;
  std::vector<Part> parts_;
};

}  // namespace latentcell::metric
