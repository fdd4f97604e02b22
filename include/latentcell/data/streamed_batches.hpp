#pragma once

#include <algorithm>
#include <atomic>
#include <future>
#include <memory>
#include <numeric>
#include <optional>
#include <utility>
#include <vector>

#include <latentcell/core/count_rows.hpp>
#include <latentcell/core/threads.hpp>
#include <latentcell/data/block_order.hpp>
#include <latentcell/data/minibatch.hpp>

namespace LATENTCELL_NAMESPACE {

/// How much memory cells that are read from files may take, and how they are shuffled in it.
struct StreamOptions {
  Index memory = Index(1) << 30;  ///< bytes of counts in memory. Larger: more cells are shuffled together
  Index block = 256;              ///< as BlockOrderOptions::block
  Index lanes = 1;                ///< as BlockOrderOptions::lanes; they share the memory

  static void visit(auto& self, auto&& f) {
    f("memory", self.memory, at_least(4096));
    f("block", self.block, at_least(1));
    f("lanes", self.lanes, at_least(1));
  }
};

/// Bytes that a cell in memory takes: 8 a non-zero, and its places in the window.
inline double bytes_per_cell(double nonzeros) { return 8 * nonzeros + 40; }

/// Cells of a lane's window that the memory allows; all cells where they fit into it. One window is in use while the
/// next is read. A tenth is left for windows of more non-zeros than the average.
inline Index window_cells(Index cells, double nonzeros_per_cell, const StreamOptions& options) {
  check_options("StreamOptions", options);
  const double fit = 0.9 * double(options.memory) / bytes_per_cell(nonzeros_per_cell);
  if (double(cells) <= fit) return cells;
  return std::max(options.block, Index(fit / 2 / double(options.lanes)));
}

namespace detail {

/// The windows of one lane: one in use, the next being filled by a thread.
class WindowReader {
 public:
  WindowReader(const CountRows& counts, const std::vector<Index>& rows, double nonzeros_per_cell)
      : counts_(counts), rows_(rows), nonzeros_per_cell_(nonzeros_per_cell) {}
  ~WindowReader() { stop(); }
  WindowReader(const WindowReader&) = delete;
  WindowReader& operator=(const WindowReader&) = delete;

  /// Ends what is being read.
  void stop() {
    stop_ = true;
    if (next_.valid()) next_.wait();
    next_ = {};
    stop_ = false;
  }

  /// Starts at the first cell of a lane; what was read of another epoch is dropped, but for a window of all cells.
  void begin(const BlockOrder& order, Index lane) {
    stop();
    order_ = &order;
    lane_ = lane;
    starts_ = order.window_starts(lane);
    open_ = -1;
    position_ = 0;
  }

  Index left() const { return starts_.back() - position_; }
  /// Passes over the next cells; windows of these alone are not read.
  void skip(Index cells) { position_ += cells; }

  /// The next cell: its row in `counts`, and its row of the table.
  struct Cell {
    CountsView counts;
    Index row, cell;
  };
  Cell take() {
    if (open_ < 0 || position_ >= starts_[to_size(open_ + 1)]) {
      const auto after = std::upper_bound(starts_.begin(), starts_.end(), position_);
      open(Index(after - starts_.begin()) - 1);
    }
    const Index row = current_.places.order[to_size(position_++ - starts_[to_size(open_)])];
    return {current_.counts.view(), row, rows_[to_size(current_.places.cell[to_size(row)])]};
  }

 private:
  struct Window {
    BlockOrder::Window places;
    Counts counts;
  };

  // Makes a window the current one and has the one after it filled.
  void open(Index window) {
    open_ = -1;
    if (next_.valid() && filling_window_ == window) {
      next_.get();
      std::swap(current_, filling_);
    } else {
      stop();
      fill(window, current_);
    }
    open_ = window;
    filling_window_ = window + 1;
    if (filling_window_ < order_->windows(lane_)) {
      next_ = std::async(std::launch::async, [this] {
        set_threads(1);  // a second team of threads would take the processors from the first
        fill(filling_window_, filling_);
      });
    }
  }

  void fill(Index window, Window& to) {
    to.places = order_->window(lane_, window);
    if (holds_all_ && to.places.cell.size() == rows_.size()) return;
    holds_all_ = false;
    to.counts.clear(counts_.cols());
    // Pages that are not written to take no memory, so there is room for a window of more than the average.
    to.counts.reserve(Index(to.places.cell.size()), Index(1.2 * nonzeros_per_cell_ * double(to.places.cell.size())));
    constexpr std::size_t at_once = 1024;
    std::vector<Index> rows;
    for (std::size_t first = 0; first < to.places.cell.size() && !stop_; first += at_once) {
      const std::size_t last = std::min(first + at_once, to.places.cell.size());
      rows.clear();
      for (std::size_t i = first; i < last; ++i) rows.push_back(rows_[to_size(to.places.cell[i])]);
      counts_.append(rows, to.counts);
    }
    holds_all_ = !stop_ && to.places.cell.size() == rows_.size();
  }

  CountRows counts_;
  const std::vector<Index>& rows_;
  double nonzeros_per_cell_;
  const BlockOrder* order_ = nullptr;
  std::vector<Index> starts_;  // (windows + 1)  the lane's cells before each window
  Index lane_ = 0, position_ = 0, open_ = -1, filling_window_ = -1;
  bool holds_all_ = false;
  Window current_, filling_;
  std::atomic<bool> stop_ = false;
  std::future<void> next_;
};

}  // namespace detail

/// Minibatches of cells that need not fit into memory; models CellSource.   counts (N, G) -> batches (B, G)
/// The rows are read in blocks that are shuffled in windows (BlockOrder), each while the one before is in use, by one
/// thread a lane. What the thread throws, next throws. Minibatches are as those of CellBatches; where the memory holds
/// all cells, they are the same to the bit, and are read once. What `counts` reads from must outlive this object.
class StreamedBatches {
 public:
  using Batch = CellBatch;

  explicit StreamedBatches(const CountRows& counts, CellBatchesOptions options = {}, const StreamOptions& stream = {})
      : s_(std::make_unique<State>(counts, std::move(options), stream)) {}

  Index genes() const { return s_->counts.cols(); }
  Index size() const { return Index(s_->rows.size()); }

  /// Minibatches in an epoch, whether it has begun or not.
  Index batches() const { return s_->batches; }

  /// How the cells are shuffled.
  const ShuffleShape& shape() const { return s_->shape; }

  /// Starts an epoch in random order; takes the same number of draws from rng whatever the size.
  void begin_epoch(Rng& rng) {
    s_->stop();
    Rng own = s_->order.begin(rng);
    s_->split_rng.reset();
    if (s_->buffer.thins()) s_->split_rng = own;
    s_->begin_lanes();
  }

  /// Starts a pass in the order of `rows`: for encoding and evaluation.
  void begin_ordered() {
    s_->stop();
    s_->order.begin_ordered();
    s_->split_rng.reset();
    s_->begin_lanes();
  }

  /// The next minibatch, valid until the following call; false at the end of the epoch. Throws what reading throws.
  bool next(CellBatch& out) {
    State& s = *s_;
    if (s.position >= size()) return false;
    detail::WindowReader& lane = s.next_lane();
    s.buffer.clear(s.counts.cols());
    for (Index take = detail::next_batch_size(lane.left(), s.batch); take > 0; --take) {
      const detail::WindowReader::Cell cell = lane.take();
      if (s.split_rng) {
        s.buffer.add_thinned(cell.counts, cell.row, cell.cell, *s.split_rng);
      } else {
        s.buffer.add(cell.counts, cell.row, cell.cell);
      }
    }
    out = s.buffer.batch();
    s.position += out.size();
    return true;
  }

  /// Passes over the next n minibatches; no window of these alone is read.
  void skip(Index n) {
    State& s = *s_;
    for (; n > 0 && s.position < size(); --n) {
      detail::WindowReader& lane = s.next_lane();
      const Index take = detail::next_batch_size(lane.left(), s.batch);
      lane.skip(take);
      s.position += take;
    }
  }

  /// Cells handed out since the epoch began. An epoch cut short goes on after begin_epoch with the same generator state
  /// and skip_to(position()). With several lanes a position is the end of a minibatch.
  Index position() const { return s_->position; }
  void skip_to(Index position) {
    State& s = *s_;
    LATENTCELL_REQUIRE(position >= 0 && position <= size(), "StreamedBatches: position ", position, " of an epoch of ",
                       size(), " cells");
    s.begin_lanes();
    if (s.order.lanes() == 1) {
      s.lanes[0]->skip(position);
      s.position = position;
    }
    while (s.position < position) skip(1);
    LATENTCELL_REQUIRE(s.position == position, "StreamedBatches: position ", position,
                       " is within a minibatch; with several lanes it must be the end of one");
  }

 private:
  struct State {
    CountRows counts;
    double nonzeros;  // of a cell, on average
    Index batch;
    std::vector<Index> rows;  // (N)  rows of the table
    ShuffleShape shape;
    BlockOrder order;
    std::vector<std::unique_ptr<detail::WindowReader>> lanes;
    BatchBuffer buffer;
    std::optional<Rng> split_rng;    // of this epoch; none in an ordered pass
    Index position = 0, number = 0;  // cells and minibatches so far
    Index batches = 0;               // in an epoch

    State(const CountRows& c, CellBatchesOptions options, const StreamOptions& stream)
        : counts(c),
          nonzeros(c.nonzeros_per_row()),
          batch(detail::check_cell_batches("StreamedBatches", options, c.rows()).batch),
          rows(detail::batch_rows("StreamedBatches", options, c.rows())),
          shape{Index(rows.size()), batch, stream.block, 0},
          order(Index(rows.size()), block_order(stream)),
          buffer(std::move(options.batch_covariate), std::move(options.labels), options.count_thinning) {
      for (Index lane = 0; lane < stream.lanes; ++lane)
        lanes.push_back(std::make_unique<detail::WindowReader>(counts, rows, nonzeros));
      // Of lanes as an epoch has them; a pass in order has one.
      Rng any(0);
      (void)order.begin(any);
      for (Index lane = 0; lane < order.lanes(); ++lane) batches += detail::batches_of(order.lane_cells(lane), batch);
      order.begin_ordered();
      begin_lanes();
    }

    // The order must not change while a thread reads by it.
    void stop() {
      for (auto& lane : lanes) lane->stop();
    }

    void begin_lanes() {
      for (Index lane = 0; lane < order.lanes(); ++lane) lanes[to_size(lane)]->begin(order, lane);
      position = number = 0;
    }

    // The lane of the next minibatch: the next one that has cells left.
    detail::WindowReader& next_lane() {
      for (;;) {
        detail::WindowReader& lane = *lanes[to_size(number++ % order.lanes())];
        if (lane.left() > 0) return lane;
      }
    }

    BlockOrderOptions block_order(const StreamOptions& stream) {
      shape.window = window_cells(shape.cells, nonzeros, stream);
      return {.block = stream.block, .window = shape.window, .lanes = stream.lanes};
    }
  };

  std::unique_ptr<State> s_;
};

static_assert(CellSource<StreamedBatches>);

}  // namespace latentcell
