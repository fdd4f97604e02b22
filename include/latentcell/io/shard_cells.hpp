#pragma once

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <functional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <latentcell/core/options.hpp>
#include <latentcell/core/random_draw.hpp>
#include <latentcell/io/atomic_folder.hpp>
#include <latentcell/io/bucket_file.hpp>
#include <latentcell/io/h5ad_shards.hpp>
#include <latentcell/io/h5ad_write.hpp>

namespace LATENTCELL_NAMESPACE::io {

struct ShardCellsOptions {
  Index cells = 100000;           ///< in a shard, at most; fewer where their counts do not fit in memory
  Index memory = Index{1} << 30;  ///< bytes that counts may take; names, obs and 40 bytes a cell come on top
  std::uint64_t seed = 0;         ///< of the order
  int compression = 1;            ///< gzip level 0..9 of counts: larger is smaller and slower to write, 0 is none

  static void visit(auto& self, auto&& f) {
    f("cells", self.cells, at_least(1));
    f("memory", self.memory, at_least(1 << 20));
    f("seed", self.seed);
    f("compression", self.compression, in(0, 9));
  }
};

/// What shard_cells wrote.
struct ShardedCells {
  Index cells = 0, nonzeros = 0;
  Index largest = 0;               ///< cells of the largest shard
  std::vector<std::string> files;  ///< names in the folder; none where the work was stopped
};

/// Called now and then with how much of the work is done, in [0, 1]; false stops it.
using ShardProgress = std::function<bool(double)>;

namespace detail {

/// Cells dealt to shards: cell i goes to place `order[i]` of all, and a shard is a range of places.
class ShardDeal {
 public:
  ShardDeal(Index cells, Index shards, std::uint64_t seed) : shards_(shards), order_(to_size(cells)) {
    for (Index i = 0; i < cells; ++i) order_[to_size(i)] = i;
    Rng rng(seed);
    shuffle(std::span<Index>(order_), rng);
  }

  Index place(Index cell) const { return order_[to_size(cell)]; }
  Index start(Index shard) const { return shard * (cells() / shards_) + std::min(shard, cells() % shards_); }
  /// The shard of a place; the first ones have a cell more where cells cannot be dealt evenly.
  Index shard(Index place) const {
    const Index size = cells() / shards_, larger = (size + 1) * (cells() % shards_);
    return place < larger ? place / (size + 1) : (place - larger) / size + cells() % shards_;
  }
  Index cells() const { return Index(order_.size()); }
  /// The cell of each place.
  std::vector<Index> cells_by_place() const {
    std::vector<Index> out(order_.size());
    for (std::size_t i = 0; i < order_.size(); ++i) out[to_size(order_[i])] = Index(i);
    return out;
  }

 private:
  Index shards_;
  std::vector<Index> order_;
};

/// Non-zeros of a mean cell, or a little more. Files of dense matrices do not say: some cells are read.
inline double mean_nonzeros(H5adShards& cells) {
  const Index n = cells.cells(), entries = cells.entries(0, n);
  if (entries < n * cells.genes()) return double(entries) / double(n);
  constexpr Index parts = 16, part = 32;
  Counts block;
  Index read = 0, nonzeros = 0;
  for (Index i = 0; i < parts; ++i) {
    const Index first = n * i / parts, count = std::min(part, n - first);
    cells.read(first, count, block);
    read += count;
    nonzeros += block.nonzeros();
  }
  return std::min(double(cells.genes()), 1.25 * double(nonzeros) / double(read));
}

/// A cell on its way to its shard; columns and values follow.
struct ShardRecord {
  Index place = 0;
  std::int64_t nonzeros = 0;
};

/// Scatters all cells to the buckets of their shards; false where it was stopped. Fills the non-zeros of each place.
inline bool scatter_cells(H5adShards& cells, const ShardDeal& deal, Index memory, BucketFile& to,
                          std::vector<std::int32_t>& nonzeros, const ShardProgress& go_on) {
  Counts block;
  std::vector<char> bytes;
  for (Index first = 0; first < cells.cells();) {
    // As many cells as fit, by halves: entries() knows without reading.
    Index n = std::min<Index>(cells.cells() - first, 1 << 16);
    while (n > 1 && 16 * cells.entries(first, n) > memory) n = (n + 1) / 2;
    cells.read(first, n, block);
    const CountsView rows = block.view();
    for (Index i = 0; i < n; ++i) {
      const auto columns = rows.row_columns(i);
      const auto values = rows.row_values(i);
      const ShardRecord head{deal.place(first + i), std::int64_t(columns.size())};
      bytes.resize(sizeof head + columns.size_bytes() + values.size_bytes());
      std::memcpy(bytes.data(), &head, sizeof head);
      if (!columns.empty()) {
        std::memcpy(bytes.data() + sizeof head, columns.data(), columns.size_bytes());
        std::memcpy(bytes.data() + sizeof head + columns.size_bytes(), values.data(), values.size_bytes());
      }
      to.append(deal.shard(head.place), bytes);
      nonzeros[to_size(head.place)] = std::int32_t(columns.size());
    }
    first += n;
    if (!go_on(0.5 * double(first) / double(cells.cells()))) return false;
  }
  to.flush();
  return true;
}

/// The counts of a shard, in its order.   nonzeros: of its places
inline Counts gather_cells(const BucketFile& from, Index shard, Index start, std::span<const std::int32_t> nonzeros,
                           Index genes) {
  std::vector<std::int64_t> row_start(1, 0);
  for (const std::int32_t n : nonzeros) row_start.push_back(row_start.back() + n);
  std::vector<std::int32_t> columns(to_size(row_start.back()));
  std::vector<float> values(columns.size());
  from.read(shard, [&](std::span<const char> bytes) {
    for (std::size_t at = 0; at < bytes.size();) {
      ShardRecord head;
      std::memcpy(&head, bytes.data() + at, sizeof head);
      at += sizeof head;
      const std::size_t n = to_size(head.nonzeros), to = to_size(row_start[to_size(head.place - start)]);
      if (n > 0) {
        std::memcpy(columns.data() + to, bytes.data() + at, 4 * n);
        std::memcpy(values.data() + to, bytes.data() + at + 4 * n, 4 * n);
      }
      at += 8 * n;
    }
  });
  return Counts(genes, std::move(row_start), std::move(columns), std::move(values));
}

/// Adds columns that say where each cell was: "source_file", the path as it was given, and "source_row". Those that the
/// cells have already, as shards of shards do, stay.
inline void add_sources(CellTable& table, const H5adShards& of, std::span<const Index> cells) {
  if (table.cell_columns.has("source_row")) return;
  Integers rows;
  std::vector<int> files;
  for (const Index cell : cells) {
    const ShardPlace place = of.place(cell);
    rows.values.push_back(place.row);
    files.push_back(int(place.file));
  }
  table.cell_columns.set("source_file", Categorical{of.files(), std::move(files)});
  table.cell_columns.set("source_row", std::move(rows));
}

inline std::string shard_name(Index shard, Index shards) {
  const std::string number = text(shard), last = text(shards - 1);
  const std::size_t width = std::max<std::size_t>(4, last.size());
  return "shard_" + std::string(width - number.size(), '0') + number + ".h5ad";
}

}  // namespace detail

/// Writes cells in a random order, each order equally likely, to shards of equal size: files shard_0000.h5ad, ... in a
/// new folder. Counts are kept in 16 bits where they fit, by rows, in chunks that a block of rows reads fast; obs has
/// source_file and source_row. The cells are read once; between, their counts are in a file without a name in the
/// folder, 8 bytes a non-zero. The folder appears whole or not at all; the bytes depend on the cells and the options
/// alone.
/// Throws std::runtime_error where a file cannot be read or written, or the counts of matrices that are read whole
/// (CSC) do not fit in memory.
inline ShardedCells shard_cells(H5adShards& cells, const std::string& folder, const ShardCellsOptions& options = {},
                                const ShardProgress& progress = {}) {
  check_options("shard_cells", options);
  const ShardProgress go_on = progress ? progress : [](double) { return true; };
  if (cells.resident_bytes() > options.memory / 2)
    throw_runtime("counts that are kept by genes (CSC) take ", cells.resident_bytes() >> 20, " MB, and ",
                  options.memory >> 20, " may be used: write the files by rows first (adata.X = adata.X.tocsr())");
  AtomicFolder out(folder);
  // In memory a shard takes its counts, what is written of them, and the file.
  const double of_cell = 14 * detail::mean_nonzeros(cells);
  const double fit = double(options.memory - cells.resident_bytes()) * 0.8 / std::max(1.0, of_cell);
  const Index most = std::clamp(Index(std::min(fit, 1e15)), Index{1}, options.cells);
  const Index shards = (cells.cells() + most - 1) / most;
  const detail::ShardDeal deal(cells.cells(), shards, options.seed);
  ShardedCells done{cells.cells(), 0, deal.start(1), {}};
  std::vector<std::int32_t> nonzeros(to_size(cells.cells()));
  BucketFile buckets(out.temporary(), shards,
                     std::clamp<std::size_t>(to_size(options.memory / 4 / shards), 1 << 12, 1 << 22));
  if (!detail::scatter_cells(cells, deal, options.memory / 4, buckets, nonzeros, go_on)) return {};
  const std::vector<Index> cell_of = deal.cells_by_place();
  for (Index s = 0; s < shards; ++s) {
    const std::size_t start = to_size(deal.start(s)), size = to_size(deal.start(s + 1)) - start;
    const std::span<const Index> own = std::span(cell_of).subspan(start, size);
    CellTable table = cells.annotation().select_cells(own);
    detail::add_sources(table, cells, own);
    table.counts =
        detail::gather_cells(buckets, s, Index(start), std::span(nonzeros).subspan(start, size), cells.genes());
    done.nonzeros += table.counts.nonzeros();
    done.files.push_back(detail::shard_name(s, shards));
    write_h5ad(out.temporary() + "/" + done.files.back(), table,
               {.compression = options.compression, .narrow = true, .chunk = 16384});
    if (!go_on(0.5 + 0.5 * double(s + 1) / double(shards))) return {};
  }
  out.commit();
  return done;
}

}  // namespace latentcell::io
