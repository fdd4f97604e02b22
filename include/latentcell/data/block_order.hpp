#pragma once

#include <algorithm>
#include <numeric>
#include <span>
#include <utility>
#include <vector>

#include <latentcell/core/options.hpp>
#include <latentcell/core/random_draw.hpp>

namespace LATENTCELL_NAMESPACE {

/// How cells that do not fit into memory are shuffled.
struct BlockOrderOptions {
  Index block = 256;      ///< cells that stay together until they are in a window. Larger: faster to read, less random
  Index window = 131072;  ///< cells of a lane that are shuffled together. Larger: more random, more memory
  Index lanes = 1;        ///< streams that an epoch is dealt to; minibatch i is of lane i modulo lanes

  static void visit(auto& self, auto&& f) {
    f("block", self.block, at_least(1));
    f("window", self.window, at_least(1));
    f("lanes", self.lanes, at_least(1));
  }
};

/// The order of the cells in an epoch: blocks of consecutive cells are permuted and dealt to lanes; a lane is cut into
/// windows of equally many blocks, and the cells of a window are permuted. Every cell comes once. The order is a
/// function of the generator given to begin, so of seed and epoch, and of the options; a window can be asked for
/// without those before. One window of all cells is the order of CellBatches.
class BlockOrder {
 public:
  explicit BlockOrder(Index cells, const BlockOrderOptions& options = {})
      : options_(check_options("BlockOrder", options)), cells_(cells), state_(0) {
    LATENTCELL_REQUIRE(cells >= 1, "BlockOrder: there are no cells");
    blocks_.resize(to_size((cells + options_.block - 1) / options_.block));
    LATENTCELL_REQUIRE(options_.lanes <= Index(blocks_.size()), "BlockOrder: ", options_.lanes, " lanes for ",
                       blocks_.size(), " blocks of ", options_.block, " cells");
    begin_ordered();
  }

  Index cells() const { return cells_; }
  /// Lanes of the epoch; an ordered pass has one.
  Index lanes() const { return ordered_ ? 1 : options_.lanes; }

  /// Starts an epoch in random order; takes one fork of rng. Returns a generator for what else is random in the epoch.
  Rng begin(Rng& rng) {
    begin_ordered();
    ordered_ = false;
    state_ = rng.fork();
    Rng of_blocks = state_.at(0);
    shuffle(std::span<Index>(blocks_), of_blocks);
    // The short block stays in the first lane, so that lanes are as long in every epoch.
    const auto last = std::find(blocks_.begin(), blocks_.end(), Index(blocks_.size()) - 1);
    const Index at = Index(last - blocks_.begin());
    std::swap(blocks_[to_size(at)], blocks_[to_size(at - at % options_.lanes)]);
    Rng after = state_;
    (void)shuffled(lane_window_cells(0, 0), after);
    return after.fork();
  }

  /// Starts a pass in order, in one lane.
  void begin_ordered() {
    std::iota(blocks_.begin(), blocks_.end(), Index(0));
    ordered_ = true;
  }

  /// Cells and windows of a lane. Lanes are as long in every epoch.
  Index lane_cells(Index lane) const {
    const Index short_of = Index(blocks_.size()) * options_.block - cells_;
    return lane_blocks(lane) * options_.block - (lane == 0 ? short_of : 0);
  }
  Index windows(Index lane) const {
    if (options_.window >= lane_cells(lane)) return 1;
    const Index most = std::max<Index>(1, options_.window / options_.block);
    return (lane_blocks(lane) + most - 1) / most;
  }

  /// Cells of a window.
  struct Window {
    std::vector<Index> cell;   ///< (W) ascending
    std::vector<Index> order;  ///< (W) the cells' turns, as positions in `cell`
  };

  /// window in [0, windows(lane))
  Window window(Index lane, Index window) const {
    Window out;
    for (const Index block : window_blocks(lane, window)) {
      const Index first = block * options_.block, last = std::min(cells_, first + options_.block);
      for (Index cell = first; cell < last; ++cell) out.cell.push_back(cell);
    }
    if (ordered_) {
      out.order.resize(out.cell.size());
      std::iota(out.order.begin(), out.order.end(), Index(0));
      return out;
    }
    const Index number = window * options_.lanes + lane;
    Rng rng = number == 0 ? state_ : state_.at(std::uint64_t(number));
    out.order = shuffled(Index(out.cell.size()), rng);
    return out;
  }

  /// Cells of a lane before each window, and all.     -> (windows + 1)
  std::vector<Index> window_starts(Index lane) const {
    std::vector<Index> out{0};
    for (Index w = 0; w < windows(lane); ++w) out.push_back(out.back() + lane_window_cells(lane, w));
    return out;
  }

 private:
  Index lane_blocks(Index lane) const {
    const Index n = Index(blocks_.size());
    return n / lanes() + (lane < n % lanes() ? 1 : 0);
  }
  // Block numbers of a window, ascending: they are read in that order.
  std::vector<Index> window_blocks(Index lane, Index window) const {
    const Index n = lane_blocks(lane), count = windows(lane);
    LATENTCELL_REQUIRE(lane >= 0 && lane < lanes() && window >= 0 && window < count, "BlockOrder: window ", window,
                       " of ", count, " in lane ", lane, " of ", lanes());
    std::vector<Index> out;
    for (Index i = n * window / count; i < n * (window + 1) / count; ++i)
      out.push_back(blocks_[to_size(i * lanes() + lane)]);
    std::sort(out.begin(), out.end());
    return out;
  }
  Index lane_window_cells(Index lane, Index window) const {
    Index out = 0;
    for (const Index block : window_blocks(lane, window))
      out += std::min(options_.block, cells_ - block * options_.block);
    return out;
  }
  static std::vector<Index> shuffled(Index n, Rng& rng) {
    std::vector<Index> out(to_size(n));
    std::iota(out.begin(), out.end(), Index(0));
    shuffle(std::span<Index>(out), rng);
    return out;
  }

  BlockOrderOptions options_;
  Index cells_;
  bool ordered_ = true;
  Rng state_;                  // of the epoch
  std::vector<Index> blocks_;  // permuted; lane l has those at l, l + lanes, ...
};

/// Shape of a shuffle, and of the minibatches taken from it.
struct ShuffleShape {
  Index cells = 0, batch = 0, block = 1, window = 0;
};

/// Bound on the variance of a minibatch's mean, relative to one of cells drawn from all: 1 + likeness (B - 1)(b - 1) /
/// (W - 1), for B cells from a window of W in blocks of b (Kish, "Survey Sampling", 1965, the design effect of
/// clusters); 1 where the window holds all cells.
/// likeness: correlation of two cells of a block, in [0, 1]; 1 is cells sorted by what is averaged
inline double shuffle_variance_bound(const ShuffleShape& shape, double likeness = 1) {
  LATENTCELL_REQUIRE(shape.batch >= 1 && shape.block >= 1 && shape.window >= 1 && likeness >= 0 && likeness <= 1,
                     "shuffle_variance_bound: needs a batch, a block and a window of 1 or more and a likeness in "
                     "[0, 1], got ",
                     shape.batch, ", ", shape.block, ", ", shape.window, " and ", likeness);
  if (shape.window >= shape.cells || shape.window == 1) return 1;
  return 1 + likeness * double(shape.batch - 1) * double(shape.block - 1) / double(shape.window - 1);
}

}  // namespace latentcell
