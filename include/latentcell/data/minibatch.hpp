#pragma once

#include <algorithm>
#include <functional>
#include <numeric>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include <latentcell/core/options.hpp>
#include <latentcell/core/cell_batch.hpp>
#include <latentcell/core/random_draw.hpp>
#include <latentcell/data/cell_table.hpp>
#include <latentcell/data/thinning.hpp>

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
        batch_(check_options("CellBatches", options).batch),
        batch_covariate_(std::move(options.batch_covariate)),
        labels_(std::move(options.labels)) {
    LATENTCELL_REQUIRE(batch_covariate_.empty() || Index(batch_covariate_.size()) == table_.rows,
                       "CellBatches: ", batch_covariate_.size(), " codes of the batch covariate for ", table_.rows,
                       " cells");
    LATENTCELL_REQUIRE(labels_.empty() || Index(labels_.size()) == table_.rows, "CellBatches: ", labels_.size(),
                       " labels for ", table_.rows, " cells");
    if (options.count_thinning < 1) thinning_.emplace(double(options.count_thinning));
    if (options.rows) {
      rows_ = std::move(*options.rows);
    } else {
      rows_.resize(to_size(table_.rows));
      std::iota(rows_.begin(), rows_.end(), Index(0));
    }
    LATENTCELL_REQUIRE(!rows_.empty(), "CellBatches: there are no cells");
    std::vector<Index> lengths;
    library_of_.reserve(rows_.size());
    lengths.reserve(rows_.size());
    for (Index row : rows_) {
      LATENTCELL_REQUIRE(row >= 0 && row < table_.rows, "CellBatches: row ", row, " of a table with ", table_.rows,
                         " cells");
      lengths.push_back(Index(table_.row_columns(row).size()));
      const double total = table_.row_sum(row);
      library_of_.push_back(total > 0 ? float(total) : 1.0f);
    }
    // Room for the batch_ + 1 longest rows is room for any batch.
    const std::size_t most = std::min(rows_.size(), to_size(batch_ + 1));
    std::partial_sort(lengths.begin(), lengths.begin() + Index(most), lengths.end(), std::greater<>());
    const Index nonzeros = std::accumulate(lengths.begin(), lengths.begin() + Index(most), Index(0));
    counts_.reserve(Index(most), nonzeros);
    library_.reserve(most);
    if (thinning_) {
      input_.reserve(Index(most), nonzeros);
      input_library_.reserve(most);
    }
    batch_covariate_here_.reserve(most);
    labels_here_.reserve(most);
    cells_.reserve(most);
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
  Index batches() const {
    const Index left = size() % batch_;
    return std::max<Index>(1, size() / batch_ + (left > 1 ? 1 : 0));
  }

  /// Starts an epoch in random order; takes the same number of draws from rng whatever the size.
  void begin_epoch(Rng& rng) {
    begin_ordered();
    Rng own = rng.fork();
    shuffle(std::span<Index>(order_), own);
    if (thinning_) split_rng_ = own.fork();
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
    Index take = std::min(batch_, size() - position_);
    if (size() - position_ - take == 1) ++take;
    counts_.clear(table_.cols);
    library_.clear();
    input_.clear(table_.cols);
    input_library_.clear();
    batch_covariate_here_.clear();
    labels_here_.clear();
    cells_.clear();
    for (Index i = position_; i < position_ + take; ++i) {
      const std::size_t at = to_size(order_[to_size(i)]);
      const Index row = rows_[at];
      if (split_rng_) {
        const auto [shown, left] = (*thinning_)(table_, row, split_rng_->at(std::uint64_t(row)), input_, counts_);
        input_library_.push_back(shown > 0 ? float(shown) : 1.0f);
        library_.push_back(left > 0 ? float(left) : 1.0f);
      } else {
        counts_.push_row(table_, row);
        library_.push_back(library_of_[at]);
      }
      if (!batch_covariate_.empty()) batch_covariate_here_.push_back(batch_covariate_[to_size(row)]);
      if (!labels_.empty()) labels_here_.push_back(labels_[to_size(row)]);
      cells_.push_back(row);
    }
    position_ += take;
    out = {counts_.view(), library_, batch_covariate_here_, labels_here_, cells_, {}, {}};
    if (split_rng_) {
      out.input = input_.view();
      out.input_library = input_library_;
    }
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
  std::vector<Index> rows_;  // (N)  rows of the table
  std::vector<int> batch_covariate_;
  std::vector<int> labels_, labels_here_;  // (rows of the table), or empty
  std::vector<float> library_of_;          // (N)
  std::vector<Index> order_;               // (N)  positions in rows_
  Index position_ = 0;

  std::optional<Thinning> thinning_;
  std::optional<Rng> split_rng_;  // of this epoch; none in an ordered pass

  Counts counts_, input_;  // the batch handed out last, and its companions
  std::vector<float> input_library_;
  std::vector<float> library_;
  std::vector<int> batch_covariate_here_;
  std::vector<Index> cells_;
};

static_assert(CellSource<CellBatches>);

}  // namespace latentcell
