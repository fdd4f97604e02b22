#pragma once

#include <span>

#include <latentcell/condition/category.hpp>
#include <latentcell/core/rng.hpp>

namespace latentcell {

/// Makes a share of the labels unknown, so that one network learns the conditional and the unconditional field
/// (Ho and Salimans 2022).    label (B), share in [0, 1]
inline void drop_labels(std::span<int> label, float share, Rng& rng) {
  for (int& l : label) {
    if (rng.uniform() < share) l = Category<float>::unknown;
  }
}

}  // namespace latentcell
