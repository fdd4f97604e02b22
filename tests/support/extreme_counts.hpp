#pragma once

#include <vector>

#include <latentcell/core/counts.hpp>

namespace support {

/// Two cells of four genes: one very large count beside a one, and a cell without counts.
struct ExtremeCounts {
  latentcell::Counts counts{4};
  std::vector<float> library{30001.0f, 1.0f}, weight{1, 1};

  ExtremeCounts() {
    counts.push(0, 30000.0f);
    counts.push(2, 1.0f);
    counts.end_row();
    counts.end_row();
  }
};

}  // namespace support
