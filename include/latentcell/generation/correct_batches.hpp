#pragma once

#include <vector>

#include <latentcell/latent/encode.hpp>
#include <latentcell/latent/sample_counts.hpp>

namespace latentcell::generation {

/// Returns the level with most cells, of equally frequent ones the first: the batch that corrects the fewest cells.
inline int largest_level(const Categorical& labels) {
  int largest = 0;
  for (int level = 1; level < int(labels.levels.size()); ++level) {
    if (labels.count(level) > labels.count(largest)) largest = level;
  }
  return largest;
}

/// Samples the counts that cells would have in one batch: encodes them, and samples from the decoder under that batch
/// at the cells' own library sizes (scVI's transform_batch does so for means, Lopez et al. 2018).
/// An autoencoder with a batch covariate; cells (N, G), batch: a code of its batches -> (N, G) with all obs
/// Throws std::invalid_argument for an autoencoder without batches and for a code that is none of them.
template <class Autoencoder>
CellTable transform_batch(const Autoencoder& vae, const CellTable& cells, int batch, Rng& rng) {
  LATENTCELL_REQUIRE(batch >= 0 && Index(batch) < vae.options.batches, "transform_batch: batch ", batch, " of ",
                     vae.options.batches, "; the autoencoder needs a batch covariate");
  return draw(vae, encode(vae, cells), rng, {.batch_codes = std::vector<int>(to_size(cells.cells()), batch)});
}

}  // namespace latentcell::generation
