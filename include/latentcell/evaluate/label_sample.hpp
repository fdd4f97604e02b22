#pragma once

#include <algorithm>
#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <latentcell/core/rng.hpp>
#include <latentcell/data/cell_table.hpp>

namespace LATENTCELL_NAMESPACE::evaluate {

/// A random sample of the cells of each label, out of any number that come block by block. Each cell has a random key
/// by its number, and the cells with the smallest keys are kept ("bottom-k sampling", Cohen and Kaplan 2007): the
/// sample depends on the numbers alone, not on blocks, their order or how many samplers share the work.
class LabelSample {
 public:
  /// levels: of the labels; most: cells of each that are kept
  LabelSample(std::vector<std::string> levels, std::vector<Index> most, const Rng& rng)
      : levels_(std::move(levels)),
        most_(std::move(most)),
        rng_(rng),
        kept_(levels_.size()),
        count_(levels_.size(), 0) {
    LATENTCELL_REQUIRE(most_.size() == levels_.size(), "LabelSample: ", most_.size(), " sizes for ", levels_.size(),
                       " levels");
  }

  /// Adds a block of cells, of which the first has the number `first`.
  /// codes (N) among the levels, negative for cells that are left out
  void add(const CellTable& cells, std::span<const int> codes, Index first) {
    LATENTCELL_REQUIRE(Index(codes.size()) == cells.cells(), "LabelSample: ", codes.size(), " labels for ",
                       cells.cells(), " cells");
    if (genes_.empty()) genes_ = cells.gene_names;
    LATENTCELL_REQUIRE(genes_ == cells.gene_names, "LabelSample: blocks of other genes (", genes_.size(), " and ",
                       cells.genes(), ")");
    const CountsView x = cells.counts.view();
    for (Index i = 0; i < x.rows; ++i) {
      if (codes[to_size(i)] < 0) continue;
      const std::size_t level = std::size_t(codes[to_size(i)]);
      ++count_.at(level);
      Rng own = rng_.at(std::uint64_t(first + i));
      const std::uint64_t high = own(), low = own();
      const Key key{high << 32 | low, first + i};
      std::vector<Cell>& kept = kept_[level];
      if (Index(kept.size()) >= most_[level] && (kept.empty() || !(key < kept.front().key))) continue;
      const auto columns = x.row_columns(i);
      const auto values = x.row_values(i);
      keep(level, {key, {columns.begin(), columns.end()}, {values.begin(), values.end()}});
    }
  }

  /// Adds what another one of the same levels, sizes and random numbers has kept.
  void merge(LabelSample other) {
    LATENTCELL_REQUIRE(other.levels_ == levels_ && other.most_ == most_ && other.rng_.state() == rng_.state() &&
                           (other.genes_.empty() || genes_.empty() || other.genes_ == genes_),
                       "LabelSample: merges one of the same levels, sizes, random numbers and genes alone");
    if (genes_.empty()) genes_ = std::move(other.genes_);
    for (std::size_t l = 0; l < levels_.size(); ++l) {
      count_[l] += other.count_[l];
      for (Cell& cell : other.kept_[l]) keep(l, std::move(cell));
    }
  }

  /// Cells of a level that came by.
  Index count(std::size_t level) const { return count_.at(level); }

  /// Returns part k: of each level the next count[level] cells in the order of their keys, beginning again where there
  /// are no more; all where there are fewer. Parts have no cell in common while there are enough.
  /// count (levels) -> counts with the labels in obs `label`
  CellTable part(Index k, std::span<const Index> count, const std::string& label) const {
    CellTable out;
    out.counts = Counts(Index(genes_.size()));
    out.gene_names = genes_;
    out.gene_columns = Annotation(Index(genes_.size()));
    std::vector<int> codes;
    for (std::size_t l = 0; l < levels_.size(); ++l) {
      std::vector<const Cell*> order;
      for (const Cell& cell : kept_[l]) order.push_back(&cell);
      std::sort(order.begin(), order.end(), [](const Cell* a, const Cell* b) { return a->key < b->key; });
      const Index n = std::min(count[l], Index(order.size()));
      for (Index j = 0; j < n; ++j) {
        const Cell& cell = *order[to_size((k * count[l] + j) % Index(order.size()))];
        out.counts.push_row(cell.columns, cell.values);
        out.cell_names.push_back(text("cell_", cell.key.second));
        codes.push_back(int(l));
      }
    }
    out.cell_columns = Annotation(Index(codes.size()));
    out.cell_columns.set(label, Categorical{levels_, std::move(codes)});
    return out;
  }

 private:
  using Key = std::pair<std::uint64_t, Index>;
  struct Cell {
    Key key;
    std::vector<std::int32_t> columns;
    std::vector<float> values;
  };

  // A heap with the largest key on top.
  void keep(std::size_t level, Cell cell) {
    const auto less = [](const Cell& a, const Cell& b) { return a.key < b.key; };
    std::vector<Cell>& kept = kept_[level];
    kept.push_back(std::move(cell));
    std::push_heap(kept.begin(), kept.end(), less);
    if (Index(kept.size()) <= most_[level]) return;
    std::pop_heap(kept.begin(), kept.end(), less);
    kept.pop_back();
  }

  std::vector<std::string> levels_, genes_;
  std::vector<Index> most_;
  Rng rng_;
  std::vector<std::vector<Cell>> kept_;
  std::vector<Index> count_;
};

}  // namespace latentcell::evaluate
