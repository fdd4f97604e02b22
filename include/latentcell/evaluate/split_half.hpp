#pragma once

#include <algorithm>
#include <span>
#include <vector>

#include <latentcell/core/random_draw.hpp>
#include <latentcell/core/rng.hpp>
#include <latentcell/core/types.hpp>

namespace LATENTCELL_NAMESPACE::evaluate {

/// Two halves of real cells with the same mix of labels: one to evaluate on, the other the ceiling.
struct Halves {
  std::vector<Index> first;   ///< rows
  std::vector<Index> second;  ///< rows; of a label with an odd number of cells it has one more
};

/// Splits the cells of each code in two at random; cells with a negative code are in neither half.
/// codes (N)
inline Halves split_half(std::span<const int> codes, Rng& rng) {
  const int highest = codes.empty() ? -1 : *std::max_element(codes.begin(), codes.end());
  std::vector<std::vector<Index>> rows(to_size(highest + 1));
  for (std::size_t i = 0; i < codes.size(); ++i) {
    if (codes[i] >= 0) rows[std::size_t(codes[i])].push_back(Index(i));
  }
  Halves out;
  for (std::vector<Index>& own : rows) {
    shuffle(std::span<Index>(own), rng);
    const auto middle = own.begin() + std::ptrdiff_t(own.size() / 2);
    out.first.insert(out.first.end(), own.begin(), middle);
    out.second.insert(out.second.end(), middle, own.end());
  }
  return out;
}

}  // namespace latentcell::evaluate
