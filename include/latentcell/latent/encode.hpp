#pragma once

#include <atomic>
#include <numeric>

#include <latentcell/autoencoder/autoencoder.hpp>
#include <latentcell/data/latent_table.hpp>
#include <latentcell/data/minibatch.hpp>
#include <latentcell/kernel/parallel.hpp>

namespace LATENTCELL_NAMESPACE {

/// Returns posterior mean and standard deviation of every cell, in the order of the table, with names and obs columns;
/// no deviation where the autoencoder has no posterior.
/// cells (N, G) -> mean, deviation (N, D)
/// Batches of 512 cells do not depend on the number of threads, which share them. A table without names or annotation
/// gives latents without. Throws std::invalid_argument for a table without cells or of other genes.
template <Autoencoder Model>
LatentTable encode(const Model& vae, const CellTable& cells) {
  using T = typename Model::Scalar;
  LATENTCELL_REQUIRE(cells.genes() == vae.genes(), "encode: cells with ", cells.genes(), " genes but the model has ",
                     vae.genes());
  LATENTCELL_REQUIRE(cells.cells() > 0, "encode: there are no cells");
  constexpr Index size = 512;
  const Index n = cells.cells(), batches = std::max<Index>(1, n / size + (n % size > 1 ? 1 : 0));
  LatentTable out;
  out.mean.resize(n, vae.latent());
  out.deviation.resize(n, vae.latent());
  out.library.resize(to_size(n));
  out.cell_names = cells.cell_names;
  out.cell_columns = cells.cell_columns.for_rows(n);
  std::atomic<bool> has_deviation = false;
  kernel::parallel_ranges(batches, 1, [&](Index first, Index last) {
    Index at = first * size;
    std::vector<Index> rows(to_size((last == batches ? n : last * size) - at));
    std::iota(rows.begin(), rows.end(), at);
    CellBatches source(cells, {.batch = size, .rows = std::move(rows)});
    Tape<T> tape(Mode::no_gradient);
    for (CellBatch batch; source.next(batch); at += batch.size()) {
      tape.reset();
      const Posterior<T> q = vae.encode(tape, batch);
      std::copy(batch.library.begin(), batch.library.end(), out.library.begin() + at);
      out.mean.middleRows(at, batch.size()) = q.mean.value().template cast<float>();
      if (q.log_variance.empty()) continue;
      has_deviation = true;
      out.deviation.middleRows(at, batch.size()) =
          (q.log_variance.value().array() * T(0.5)).exp().template cast<float>();
    }
  });
  if (!has_deviation) out.deviation.resize(0, 0);
  return out;
}

}  // namespace latentcell
