#pragma once

#include <latentcell/core/rng.hpp>
#include <latentcell/core/types.hpp>

namespace support {

/// Standard normal numbers, the same for the same seed.
template <class T = double>
latentcell::Matrix<T> made_matrix(latentcell::Index rows, latentcell::Index cols, std::uint64_t seed) {
  latentcell::Rng rng(seed, 1000);
  latentcell::Matrix<T> out(rows, cols);
  for (latentcell::Index i = 0; i < out.size(); ++i) out.data()[i] = T(rng.normal());
  return out;
}

}  // namespace support
