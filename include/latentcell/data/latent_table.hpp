#pragma once

#include <algorithm>
#include <new>
#include <numeric>
#include <span>
#include <string>
#include <vector>

#include <latentcell/core/options.hpp>
#include <latentcell/core/random_draw.hpp>
#include <latentcell/data/annotation.hpp>

namespace LATENTCELL_NAMESPACE {

/// Cells as latents: what stage 2 is trained on and what it generates. Numbers are stored as float, as counts are;
/// models of another scalar convert on reading and writing.
struct LatentTable {
  Matrix<float> mean;                   ///< (N, D) posterior mean, or the latent itself
  Matrix<float> deviation;              ///< (N, D) posterior standard deviation; (0, 0) where latents are exact
  std::vector<float> library;           ///< (N) counts of each cell; empty: unknown
  std::vector<std::string> cell_names;  ///< (N), or empty
  Annotation cell_columns;              ///< obs of the cells; without rows: all unknown

  Index cells() const { return mean.rows(); }
  Index latent() const { return mean.cols(); }

  /// Throws std::invalid_argument where deviations, library sizes, names or annotation are of another number of cells.
  void check() const {
    LATENTCELL_REQUIRE(deviation.size() == 0 || (deviation.rows() == cells() && deviation.cols() == latent()),
                       "LatentTable: deviations (", deviation.rows(), ", ", deviation.cols(), ") of latents (", cells(),
                       ", ", latent(), ")");
    LATENTCELL_REQUIRE(library.empty() || Index(library.size()) == cells(), "LatentTable: ", library.size(),
                       " library sizes for ", cells(), " cells");
    LATENTCELL_REQUIRE(cell_names.empty() || Index(cell_names.size()) == cells(), "LatentTable: ", cell_names.size(),
                       " cell names for ", cells(), " cells");
    LATENTCELL_REQUIRE(cell_columns.rows() == cells() || (cell_columns.rows() == 0 && cell_columns.columns().empty()),
                       "LatentTable: annotation of ", cell_columns.rows(), " rows for ", cells(), " cells");
  }

  /// One latent of each cell, drawn from its posterior; the latents themselves where they are exact.     -> (N, D)
  Matrix<float> drawn(Rng& rng) const {
    check();
    Matrix<float> z = mean;
    for (Index i = 0; i < deviation.size(); ++i) z.data()[i] += deviation.data()[i] * float(rng.normal());
    return z;
  }

  /// The cells named by `rows`, in that order, with all their annotation.
  LatentTable select_cells(std::span<const Index> rows) const {
    check();
    LatentTable out;
    const Index n = Index(rows.size());
    out.mean.resize(n, mean.cols());
    if (deviation.size() > 0) out.deviation.resize(n, deviation.cols());
    for (Index i = 0; i < n; ++i) {
      const Index row = rows[to_size(i)];
      LATENTCELL_REQUIRE(row >= 0 && row < cells(), "LatentTable: row ", row, " of ", cells(), " cells");
      out.mean.row(i) = mean.row(row);
      if (deviation.size() > 0) out.deviation.row(i) = deviation.row(row);
      if (!library.empty()) out.library.push_back(library.at(to_size(row)));
      if (!cell_names.empty()) out.cell_names.push_back(cell_names.at(to_size(row)));
    }
    out.cell_columns = cell_columns.rows() > 0 ? cell_columns.select(rows) : Annotation(n);
    return out;
  }
};

/// A minibatch of latents, drawn anew from the posteriors in each epoch. A window on its source.
struct LatentBatch {
  ConstView<float> z{nullptr, 0, 0};  // (B, D)
  std::span<const Index> cell;        // (B) rows of the table

  Index size() const { return Index(cell.size()); }
};

struct LatentBatchesOptions {
  Index batch = 128;             ///< cells in a minibatch
  std::vector<Index> rows = {};  ///< cells to use; all where empty

  static void visit(auto& self, auto&& f) {
    f("batch", self.batch, at_least(1));
    f("rows", self.rows, each(at_least(0)));
  }
};

/// Shuffled minibatches of a LatentTable, which must outlive it. Allocates nothing after the constructor.
class LatentBatches {
 public:
  using Batch = LatentBatch;

  explicit LatentBatches(const LatentTable& table, const LatentBatchesOptions& options = {})
      : table_(&table), batch_(check_options("LatentBatches", options).batch), order_(options.rows), rng_(0) {
    table.check();
    for (const Index row : order_)
      LATENTCELL_REQUIRE(row >= 0 && row < table.cells(), "LatentBatches: row ", row, " of a table with ",
                         table.cells(), " cells");
    if (order_.empty()) {
      order_.resize(to_size(table.cells()));
      std::iota(order_.begin(), order_.end(), Index(0));
    }
    first_order_ = order_;
    z_.resize(std::min<Index>(batch_, size()), table.latent());
  }
  explicit LatentBatches(LatentTable&&, const LatentBatchesOptions& = {}) = delete;  // would not outlive this

  Index size() const { return Index(order_.size()); }
  Index batches() const { return (size() + batch_ - 1) / batch_; }

  void begin_epoch(Rng& rng) {
    rng_ = rng.fork();
    order_ = first_order_;
    shuffle(std::span<Index>(order_), rng_);
    position_ = 0;
  }

  /// Passes over the next n minibatches.
  void skip(Index n) {
    const Index cells = std::min(n * batch_, size() - position_);
    position_ += cells;
    if (table_->deviation.size() > 0) rng_.skip(4 * std::uint64_t(cells * table_->latent()));
  }

  /// The next minibatch, valid until the following call; false at the end of the epoch.
  bool next(LatentBatch& out) {
    const Index take = std::min(batch_, size() - position_);
    if (take <= 0) return false;
    const std::span<const Index> cells = std::span<const Index>(order_).subspan(to_size(position_), to_size(take));
    for (Index b = 0; b < take; ++b) {
      const Index row = cells[to_size(b)];
      for (Index j = 0; j < table_->latent(); ++j) {
        z_(b, j) = table_->mean(row, j);
        if (table_->deviation.size() > 0) z_(b, j) += table_->deviation(row, j) * float(rng_.normal());
      }
    }
    position_ += take;
    new (&out.z) ConstView<float>(z_.data(), take, z_.cols());  // how Eigen moves a Map to other memory
    out.cell = cells;
    return true;
  }

 private:
  const LatentTable* table_;
  Index batch_, position_ = 0;
  std::vector<Index> order_, first_order_;
  Rng rng_;
  Matrix<float> z_;
};

}  // namespace latentcell
