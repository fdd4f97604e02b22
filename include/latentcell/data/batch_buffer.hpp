#pragma once

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include <latentcell/core/cell_batch.hpp>
#include <latentcell/core/counts.hpp>
#include <latentcell/data/thinning.hpp>

namespace LATENTCELL_NAMESPACE {

/// The memory of one minibatch, which cells are copied into with their library sizes and covariates.
class BatchBuffer {
 public:
  /// batch_covariate, labels: codes of all cells of the table, or empty;  count_thinning: share in (0, 1], 1: none
  BatchBuffer(std::vector<int> batch_covariate, std::vector<int> labels, float count_thinning)
      : batch_covariate_(std::move(batch_covariate)), labels_(std::move(labels)) {
    if (count_thinning < 1) thinning_.emplace(double(count_thinning));
  }

  /// Makes room for minibatches of so many cells and non-zeros.
  void reserve(Index cells, Index nonzeros) {
    counts_.reserve(cells, nonzeros);
    library_.reserve(to_size(cells));
    if (thinning_) {
      input_.reserve(cells, nonzeros);
      input_library_.reserve(to_size(cells));
    }
    batch_covariate_here_.reserve(to_size(cells));
    labels_here_.reserve(to_size(cells));
    cells_.reserve(to_size(cells));
  }

  bool thins() const { return thinning_.has_value(); }

  void clear(Index genes) {
    counts_.clear(genes);
    library_.clear();
    input_.clear(genes);
    input_library_.clear();
    batch_covariate_here_.clear();
    labels_here_.clear();
    cells_.clear();
  }

  /// Adds row `row` of `from`, the cell `cell` of the table.
  void add(const CountsView& from, Index row, Index cell) {
    counts_.push_row(from, row);
    const double total = from.row_sum(row);
    library_.push_back(total > 0 ? float(total) : 1.0f);
    add_covariates(cell);
  }

  /// The same with the cell's molecules dealt out to input and counts.     rng: of the epoch
  void add_thinned(const CountsView& from, Index row, Index cell, const Rng& rng) {
    const auto [shown, left] = (*thinning_)(from, row, rng.at(std::uint64_t(cell)), input_, counts_);
    input_library_.push_back(shown > 0 ? float(shown) : 1.0f);
    library_.push_back(left > 0 ? float(left) : 1.0f);
    add_covariates(cell);
  }

  /// A window on the cells added since clear.
  CellBatch batch() const {
    CellBatch out{counts_.view(), library_, batch_covariate_here_, labels_here_, cells_, {}, {}};
    if (input_.rows() > 0) {
      out.input = input_.view();
      out.input_library = input_library_;
    }
    return out;
  }

 private:
  void add_covariates(Index cell) {
    if (!batch_covariate_.empty()) batch_covariate_here_.push_back(batch_covariate_[to_size(cell)]);
    if (!labels_.empty()) labels_here_.push_back(labels_[to_size(cell)]);
    cells_.push_back(cell);
  }

  std::vector<int> batch_covariate_, labels_;  // (cells of the table), or empty
  std::optional<Thinning> thinning_;
  Counts counts_, input_;
  std::vector<float> library_, input_library_;
  std::vector<int> batch_covariate_here_, labels_here_;
  std::vector<Index> cells_;
};

namespace detail {

/// Cells of the next minibatch of `batch` where `left` are left: a single cell left over joins it.
inline Index next_batch_size(Index left, Index batch) {
  const Index take = std::min(batch, left);
  return left - take == 1 ? left : take;
}

/// Minibatches that these cells make.
inline Index batches_of(Index cells, Index batch) {
  return cells == 0 ? 0 : std::max<Index>(1, cells / batch + (cells % batch > 1 ? 1 : 0));
}

}  // namespace detail

}  // namespace latentcell
