#pragma once

#include <concepts>
#include <span>

#include <latentcell/core/counts.hpp>
#include <latentcell/core/rng.hpp>

namespace LATENTCELL_NAMESPACE {

/// A minibatch of cells, still sparse. A window on its source, valid until the source's next batch.
struct CellBatch {
  CountsView counts;                     // (B, G)
  std::span<const float> library;        // (B)  counts of each cell, > 0
  std::span<const int> batch_covariate;  // (B)  code of each cell, -1 where unknown; empty where there are none
  std::span<const int> label;            // (B)  label of each cell, -1 where unknown; empty where there are none
  std::span<const Index> cell;           // (B)  row of each cell in the table it came from
  CountsView input;  // (B, G) what the encoder is shown in place of counts; no rows: the counts themselves
  std::span<const float> input_library;  // (B) counts of each cell of input, > 0

  Index size() const { return counts.rows; }
  const CountsView& shown() const { return input.rows > 0 ? input : counts; }
  std::span<const float> shown_library() const { return input.rows > 0 ? input_library : library; }
};

/// Yields shuffled minibatches of cells, as fit_with takes them.
/// Batch                      type of a minibatch; batch.size() is its number of cells
/// begin_epoch(rng)           shuffles
/// next(batch)                the next minibatch, false at the end of the epoch
/// size(), batches()          cells and minibatches in an epoch
/// skip(n)                    optional: passes over the next n minibatches. Without it they are made and thrown away
template <class S>
concept CellSource = requires(S source, Rng& rng, typename S::Batch& batch) {
  source.begin_epoch(rng);
  { source.next(batch) } -> std::same_as<bool>;
  { source.size() } -> std::convertible_to<Index>;
  { source.batches() } -> std::convertible_to<Index>;
  { batch.size() } -> std::convertible_to<Index>;
};

}  // namespace latentcell
