#pragma once

#include <span>
#include <vector>

#include <latentcell/core/error.hpp>
#include <latentcell/core/random_draw.hpp>
#include <latentcell/core/rng.hpp>
#include <latentcell/core/types.hpp>

namespace LATENTCELL_NAMESPACE {

/// Rows drawn at random to given codes.
struct MatchedRows {
  std::vector<Index> rows;  ///< (n) row i has the code target[i]
  Index repeated = 0;       ///< rows that were drawn again because a code has too few
};

/// Draws a row of each target code, none again before all others of its code.
/// codes (N), negative where missing; target (n) -> (n)
/// Throws std::invalid_argument for a target code that no row has.
inline MatchedRows match_levels(std::span<const int> codes, std::span<const int> target, Rng& rng) {
  std::vector<std::vector<Index>> pool;
  for (std::size_t i = 0; i < codes.size(); ++i) {
    if (codes[i] < 0) continue;
    if (std::size_t(codes[i]) >= pool.size()) pool.resize(std::size_t(codes[i]) + 1);
    pool[std::size_t(codes[i])].push_back(Index(i));
  }
  for (std::vector<Index>& own : pool) shuffle(std::span<Index>(own), rng);
  std::vector<std::size_t> drawn(pool.size(), 0);
  MatchedRows out;
  for (const int code : target) {
    LATENTCELL_REQUIRE(code >= 0 && std::size_t(code) < pool.size() && !pool[std::size_t(code)].empty(),
                       "match_levels: no row has code ", code);
    std::vector<Index>& own = pool[std::size_t(code)];
    const std::size_t at = drawn[std::size_t(code)]++ % own.size();
    if (drawn[std::size_t(code)] > own.size()) {
      ++out.repeated;
      if (at == 0) shuffle(std::span<Index>(own), rng);
    }
    out.rows.push_back(own[at]);
  }
  return out;
}

}  // namespace latentcell
