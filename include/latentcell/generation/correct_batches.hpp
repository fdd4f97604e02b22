#pragma once

#include <vector>

#include <latentcell/latent/encode.hpp>
#include <latentcell/latent/sample_counts.hpp>

namespace LATENTCELL_NAMESPACE::generation {

/// Returns the level with most cells, of equally frequent ones the first: as `level` it moves the fewest cells.
inline int largest_level(const Categorical& labels) {
  int largest = 0;
  for (int level = 1; level < int(labels.levels.size()); ++level) {
    if (labels.count(level) > labels.count(largest)) largest = level;
  }
  return largest;
}

/// Samples the counts that cells would have at one level of the batch covariate: encodes them, and samples from the
/// decoder at that level and at the cells' own library sizes (scVI's transform_batch does so for means, Lopez et al.
/// 2018).
/// An autoencoder with a batch covariate; cells (N, G), level: a code of it -> (N, G) with all obs
/// Throws std::invalid_argument for an autoencoder without a batch covariate and for a code that is none of its levels.
template <class Autoencoder>
CellTable transform_batch(const Autoencoder& vae, const CellTable& cells, int level, Rng& rng) {
  LATENTCELL_REQUIRE(level >= 0 && Index(level) < vae.options.batch_covariate_levels, "transform_batch: level ", level,
                     " of a batch covariate of ", vae.options.batch_covariate_levels, " levels");
  return draw(vae, encode(vae, cells), rng, {.batch_covariate = std::vector<int>(to_size(cells.cells()), level)});
}

}  // namespace latentcell::generation
