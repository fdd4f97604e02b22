#pragma once

#include <algorithm>
#include <functional>
#include <numeric>
#include <optional>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include <latentcell/core/options.hpp>
#include <latentcell/core/cell_batch.hpp>
#include <latentcell/core/random_draw.hpp>
#include <latentcell/data/batch_buffer.hpp>
#include <latentcell/data/cell_table.hpp>

namespace LATENTCELL_NAMESPACE {

/// What CellBatches takes from the table.
struct CellBatchesOptions {
  Index batch = 256;  ///< cells in a minibatch, at least 2; larger: smoother gradients, fewer steps an epoch
  std::optional<std::vector<Index>> rows = {};  ///< the cells to use, in the order of an ordered pass; all if not given
  std::vector<int> batch_covariate = {};        ///< code of each cell of the whole table, -1 where unknown; empty: none
  float count_thinning = 1;      ///< share of a cell's molecules in CellBatch::input, `counts` having the others (see
                                 ///< Thinning); drawn anew in every shuffled epoch; 1 and ordered passes: no split
  std::vector<int> labels = {};  ///< label of each cell of the whole table, -1 where unknown; empty: no labels

  static void visit(auto& self, auto&& f) {
    f("batch", self.batch, at_least(2));
    f("rows", self.rows, each(at_least(0)));
    f("batch_covariate", self.batch_covariate, each(at_least(-1)));
    f("count_thinning", self.count_thinning, above_up_to(0, 1));
    f("labels", self.labels, each(at_least(-1)));
  }
};

namespace detail {

/// The options, where their codes are of a table of so many cells.
inline const CellBatchesOptions& check_cell_batches(std::string_view owner, const CellBatchesOptions& options,
                                                    Index cells) {
  check_options(owner, options);
  LATENTCELL_REQUIRE(options.batch_covariate.empty() || Index(options.batch_covariate.size()) == cells, owner, ": ",
                     options.batch_covariate.size(), " codes of the batch covariate for ", cells, " cells");
  LATENTCELL_REQUIRE(options.labels.empty() || Index(options.labels.size()) == cells, owner, ": ",
                     options.labels.size(), " labels for ", cells, " cells");
  return options;
}

/// The rows to use of a table of so many cells; at least one.
inline std::vector<Index> batch_rows(std::string_view owner, const CellBatchesOptions& options, Index cells) {
  std::vector<Index> rows = options.rows.value_or(std::vector<Index>{});
  if (!options.rows) {
    rows.resize(to_size(cells));
    std::iota(rows.begin(), rows.end(), Index(0));
  }
  LATENTCELL_REQUIRE(!rows.empty(), owner, ": there are no cells");
  for (const Index row : rows)
    LATENTCELL_REQUIRE(row >= 0 && row < cells, owner, ": row ", row, " of a table with ", cells, " cells");
  return rows;
}

}  // namespace detail

/// Minibatches of a count matrix in memory, copied out sparse; models CellSource.   counts (N, G) -> batches (B, G)
/// The matrix must outlive this object. The last batch of an epoch holds what is left; a single cell left over joins
/// the batch before it, which then has B + 1, because a batch of one cell has no spread. A source of one cell yields
/// that cell. The library size of a cell without counts is 1, so that its logarithm exists. The order of an epoch is a
/// function of the generator given to begin_epoch. Nothing is allocated after the constructor.
class CellBatches {
 public:
  using Batch = CellBatch;

  explicit CellBatches(const CountsView& counts, CellBatchesOptions options = {})
      : table_(counts),
        batch_(detail::check_cell_batches("CellBatches", options, counts.rows).batch),
        rows_(detail::batch_rows("CellBatches", options, counts.rows)),
        buffer_(std::move(options.batch_covariate), std::move(options.labels), options.count_thinning) {
    std::vector<Index> lengths;
    lengths.reserve(rows_.size());
    for (const Index row : rows_) lengths.push_back(Index(table_.row_columns(row).size()));
    // Room for the batch_ + 1 longest rows is room for any batch.
    const std::size_t most = std::min(rows_.size(), to_size(batch_ + 1));
    std::partial_sort(lengths.begin(), lengths.begin() + Index(most), lengths.end(), std::greater<>());
    buffer_.reserve(Index(most), std::accumulate(lengths.begin(), lengths.begin() + Index(most), Index(0)));
    order_.resize(rows_.size());
    begin_ordered();
  }
  explicit CellBatches(const Counts& counts, CellBatchesOptions options = {})
      : CellBatches(counts.view(), std::move(options)) {}
  explicit CellBatches(const CellTable& cells, CellBatchesOptions options = {})
      : CellBatches(cells.counts.view(), std::move(options)) {}
  explicit CellBatches(Counts&&, CellBatchesOptions = {}) = delete;     // a temporary would not outlive this
  explicit CellBatches(CellTable&&, CellBatchesOptions = {}) = delete;  // the same

  Index genes() const { return table_.cols; }
  Index size() const { return Index(rows_.size()); }

  /// Minibatches in an epoch.
  Index batches() const { return detail::batches_of(size(), batch_); }

  /// Starts an epoch in random order; takes the same number of draws from rng whatever the size.
  void begin_epoch(Rng& rng) {
    begin_ordered();
    Rng own = rng.fork();
    shuffle(std::span<Index>(order_), own);
    if (buffer_.thins()) split_rng_ = own.fork();
  }

  /// Starts a pass in the order of `rows`: for encoding and evaluation.
  void begin_ordered() {
    std::iota(order_.begin(), order_.end(), Index(0));
    position_ = 0;
    split_rng_.reset();
  }

  /// The next minibatch, valid until the following call; false at the end of the epoch.
  bool next(CellBatch& out) {
    if (position_ >= size()) return false;
    const Index take = detail::next_batch_size(size() - position_, batch_);
    buffer_.clear(table_.cols);
    for (Index i = position_; i < position_ + take; ++i) {
      const Index row = rows_[to_size(order_[to_size(i)])];
      if (split_rng_) {
        buffer_.add_thinned(table_, row, row, *split_rng_);
      } else {
        buffer_.add(table_, row, row);
      }
    }
    position_ += take;
    out = buffer_.batch();
    return true;
  }

  /// Passes over the next n minibatches.
  void skip(Index n) {
    position_ = std::min(size(), position_ + n * batch_);
    if (size() - position_ == 1 && size() > 1) position_ = size();  // that cell is in the minibatch before it
  }

  /// Cells handed out since the epoch began. An epoch cut short goes on after begin_epoch with the same generator state
  /// and skip_to(position()).
  Index position() const { return position_; }
  void skip_to(Index position) {
    LATENTCELL_REQUIRE(position >= 0 && position <= size(), "CellBatches: position ", position, " of an epoch of ",
                       size(), " cells");
    position_ = position;
  }

 private:
  CountsView table_;
  Index batch_;
  std::vector<Index> rows_;   // (N)  rows of the table
  std::vector<Index> order_;  // (N)  positions in rows_
  Index position_ = 0;
  std::optional<Rng> split_rng_;  // of this epoch; none in an ordered pass
  BatchBuffer buffer_;            // the batch handed out last
};

static_assert(CellSource<CellBatches>);

}  // namespace latentcell
