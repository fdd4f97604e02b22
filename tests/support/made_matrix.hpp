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

/// A read-only window, also on a matrix that may be written.
template <class T>
latentcell::ConstView<T> window(const latentcell::Matrix<T>& m) {
  return latentcell::view(m);
}

}  // namespace support
