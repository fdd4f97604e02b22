#pragma once

#include <algorithm>
#include <span>
#include <vector>

#include <latentcell/core/random_draw.hpp>
#include <latentcell/core/types.hpp>

namespace LATENTCELL_NAMESPACE::trajectory {

/// At most `count` of the rows, each subset equally likely, in random order.
inline std::vector<Index> random_rows(std::vector<Index> rows, Index count, Rng& rng) {
  shuffle(std::span<Index>(rows), rng);
  rows.resize(std::min(rows.size(), to_size(count)));
  return rows;
}

}  // namespace latentcell::trajectory
