#pragma once

#include <algorithm>
#include <atomic>
#include <numeric>

#include <latentcell/autoencoder/autoencoder.hpp>
#include <latentcell/data/latent_table.hpp>
#include <latentcell/data/minibatch.hpp>
#include <latentcell/data/streamed_table.hpp>
#include <latentcell/kernel/parallel.hpp>

namespace LATENTCELL_NAMESPACE {

namespace detail {

/// Posteriors of the cells of a block, in batches of 512 that threads share.     counts (B, G)
/// at: the rows of `out` that they go to. Returns whether there are deviations.
template <Autoencoder Model>
bool encode_block(const Model& vae, const CountsView& counts, Index at, LatentTable& out) {
  using T = typename Model::Scalar;
  constexpr Index size = 512;
  const Index n = counts.rows, batches = batches_of(n, size);
  std::atomic<bool> has_deviation = false;
  kernel::parallel_ranges(batches, 1, [&](Index first, Index last) {
    Index row = first * size;
    std::vector<Index> rows(to_size((last == batches ? n : last * size) - row));
    std::iota(rows.begin(), rows.end(), row);
    CellBatches source(counts, {.batch = size, .rows = std::move(rows)});
    Tape<T> tape(Mode::no_gradient);
    for (CellBatch batch; source.next(batch); row += batch.size()) {
      tape.reset();
      const Posterior<T> q = vae.encode(tape, batch);
      std::copy(batch.library.begin(), batch.library.end(), out.library.begin() + at + row);
      out.mean.middleRows(at + row, batch.size()) = q.mean.value().template cast<float>();
      if (q.log_variance.empty()) continue;
      has_deviation = true;
      out.deviation.middleRows(at + row, batch.size()) =
          (q.log_variance.value().array() * T(0.5)).exp().template cast<float>();
    }
  });
  return has_deviation;
}

}  // namespace detail

/// Returns posterior mean and standard deviation of every cell, in their order; no deviation where the autoencoder has
/// no posterior. Counts that are not in memory are read in blocks of 8,192 cells.
/// counts (N, G) -> mean, deviation (N, D)
/// Batches of 512 cells do not depend on the number of threads, which share them.
/// Throws std::invalid_argument where there are no cells, or other genes.
template <Autoencoder Model>
LatentTable encode(const Model& vae, const CountRows& counts) {
  LATENTCELL_REQUIRE(counts.cols() == vae.genes(), "encode: cells with ", counts.cols(), " genes but the model has ",
                     vae.genes());
  const Index n = counts.rows();
  LATENTCELL_REQUIRE(n > 0, "encode: there are no cells");
  LatentTable out;
  out.mean.resize(n, vae.latent());
  out.deviation.resize(n, vae.latent());
  out.library.resize(to_size(n));
  out.cell_columns = Annotation(n);
  bool has_deviation = false;
  if (const auto all = counts.view()) {
    has_deviation = detail::encode_block(vae, *all, 0, out);
  } else {
    constexpr Index at_once = 8192;  // a multiple of the batches
    Counts block;
    for (Index first = 0, take = 0; first < n; first += take) {
      take = std::min(at_once, n - first);
      if (n - first - take == 1) ++take;  // as the last batch of a table takes a single cell left over
      counts.read(first, take, block);
      has_deviation = detail::encode_block(vae, block.view(), first, out);
    }
  }
  if (!has_deviation) out.deviation.resize(0, 0);
  return out;
}

/// The same with names and obs columns of a table, which is in memory or streamed. A table without names or annotation
/// gives latents without.
template <Autoencoder Model, TableOfCells Cells>
LatentTable encode(const Model& vae, const Cells& cells) {
  LatentTable out = encode(vae, CountRows(cells.counts));
  out.cell_names = header_of(cells).cell_names;
  out.cell_columns = header_of(cells).cell_columns.for_rows(out.cells());
  return out;
}

}  // namespace latentcell
