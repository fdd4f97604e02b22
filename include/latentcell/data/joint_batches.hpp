#pragma once

#include <utility>
#include <vector>

#include <latentcell/core/options.hpp>
#include <latentcell/core/joint_batch.hpp>
#include <latentcell/data/minibatch.hpp>
#include <latentcell/data/modality.hpp>

namespace LATENTCELL_NAMESPACE {

struct JointBatchesOptions {
  Index batch = 128;                       ///< cells in a minibatch, at least 2
  std::vector<Index> rows = {};            ///< cells to use; all where empty
  std::vector<float> count_thinning = {};  ///< (M) as CellBatchesOptions::count_thinning; empty: no split

  static void visit(auto& self, auto&& f) {
    f("batch", self.batch, at_least(2));
    f("rows", self.rows, each(at_least(0)));
    f("count_thinning", self.count_thinning, each(above_up_to(0, 1)));
  }
};

/// Minibatches of cells with several modalities: CellBatches of each modality in step with one another. The
/// modalities must outlive it.
class JointBatches {
 public:
  using Batch = JointBatch;

  explicit JointBatches(const std::vector<Modality>& modalities, const JointBatchesOptions& options = {}) {
    check_options("JointBatches", options);
    LATENTCELL_REQUIRE(!modalities.empty(), "JointBatches: there is no modality");
    const std::size_t m = modalities.size();
    LATENTCELL_REQUIRE(options.count_thinning.empty() || options.count_thinning.size() == m,
                       "JointBatches: ", options.count_thinning.size(), " input shares for ", m, " modalities");
    const Index cells = modalities.front().cells();
    for (std::size_t k = 0; k < m; ++k) {
      const Modality& from = modalities[k];
      LATENTCELL_REQUIRE(from.cells() == cells && Index(from.measured.size()) == cells, "JointBatches: '", from.name,
                         "' has ", from.cells(), " cells and ", from.measured.size(), " marks but '",
                         modalities.front().name, "' ", cells, " cells");
      CellBatchesOptions o{.batch = options.batch};
      if (!options.rows.empty()) o.rows = options.rows;
      if (!options.count_thinning.empty()) o.count_thinning = options.count_thinning[k];
      parts_.emplace_back(from.counts, std::move(o));
      measured_.push_back(from.measured);
    }
  }
  explicit JointBatches(std::vector<Modality>&&, const JointBatchesOptions& = {}) = delete;  // would not outlive this

  Index size() const { return parts_.front().size(); }
  Index batches() const { return parts_.front().batches(); }

  /// Starts an epoch in random order, the same for every modality.
  void begin_epoch(Rng& rng) {
    const Rng own = rng.fork();
    for (CellBatches& part : parts_) {
      Rng same = own;
      part.begin_epoch(same);
    }
  }

  /// Starts a pass in the order of the rows: for encoding.
  void begin_ordered() {
    for (CellBatches& part : parts_) part.begin_ordered();
  }

  /// Passes over the next n minibatches.
  void skip(Index n) {
    for (CellBatches& part : parts_) part.skip(n);
  }

  /// The next minibatch; false at the end of the epoch.
  bool next(JointBatch& out) {
    out.parts.resize(parts_.size());
    out.measured.resize(parts_.size());
    for (std::size_t k = 0; k < parts_.size(); ++k) {
      if (!parts_[k].next(out.parts[k])) return false;
      out.measured[k].clear();
      for (const Index cell : out.parts[k].cell) out.measured[k].push_back(measured_[k][to_size(cell)]);
    }
    return true;
  }

 private:
  std::vector<CellBatches> parts_;
  std::vector<std::vector<char>> measured_;  // (M, cells)
};

}  // namespace latentcell
