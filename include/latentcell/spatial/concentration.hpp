#pragma once

#include <cmath>
#include <limits>
#include <utility>
#include <vector>

#include <latentcell/spatial/area_to_point_correction.hpp>

namespace LATENTCELL_NAMESPACE::spatial {

/// How unevenly cells share counts. If the counts of cells are negative binomial of one shape, they are
/// Dirichlet-multinomial given their sum, with the same shape; so sums over spots of given numbers of cells identify it
/// for single cells.
struct Concentration {
  double cell = 1;           ///< negative-binomial shape of one cell's counts, above 0. Larger: more even.
  double between_spots = 0;  ///< squared coefficient of variation between neighbouring spots besides, at least 0

  /// Total of the Dirichlet parameters of two spots with so many cells together.
  double of_spots(double cells) const { return 1 / (1 / (cell * cells) + between_spots); }
};

/// Two neighbouring spots of one slice.
struct SpotPair {
  Index first, second;
  double cells;  ///< of both together
  double share;  ///< of the first one in the total counts of both
};

/// Returns pairs of neighbouring spots that have counts, each spot in one pair at most.
/// shapes: counts (S, F), cells (S)
inline std::vector<SpotPair> pair_spots(const Locations& spots, const Matrix<float>& counts,
                                        const std::vector<double>& cells) {
  constexpr Index candidates = 8;  // nearest spots among which a partner is looked for
  std::vector<std::vector<Index>> near(cells.size());
  kernel::parallel_items(spots.size(), [&](Index i) {
    Location at = spots[i];
    at.row = i;
    near[to_size(i)] = NeighborQuery(spots, at, {}, separate_slices, candidates).row;
  });
  std::vector<char> used(cells.size(), 0);
  const auto usable = [&](Index s) { return !used[to_size(s)] && counts.row(s).sum() > 0; };
  std::vector<SpotPair> out;
  for (Index a = 0; a < spots.size(); ++a) {
    if (!usable(a)) continue;
    for (const Index b : near[to_size(a)]) {
      if (!usable(b) || spots.slice[to_size(a)] != spots.slice[to_size(b)]) continue;
      used[to_size(a)] = used[to_size(b)] = 1;
      const double x = double(counts.row(a).sum()), y = double(counts.row(b).sum());
      out.push_back({a, b, cells[to_size(a)] + cells[to_size(b)], x / (x + y)});
      break;
    }
  }
  return out;
}

namespace detail {

/// Log of the beta-binomial probability of x of n, without the terms free of a and b.
inline double log_beta_binomial(double x, double n, double a, double b) {
  return std::lgamma(x + a) + std::lgamma(n - x + b) - std::lgamma(n + a + b) + std::lgamma(a + b) - std::lgamma(a) -
         std::lgamma(b);
}

}  // namespace detail

/// Returns the concentration of a grid that maximises the beta-binomial likelihood of the pairs. `between_spots` is
/// above 0 only if a likelihood-ratio test at 5 % asks for it. counts(pair) -> {first, second};  share(pair) ->
/// expected share of the first
template <class CountsOf, class Share>
Concentration fit_concentration(const std::vector<SpotPair>& pairs, const CountsOf& counts, const Share& share) {
  constexpr double penalty = 0.5 * 3.84;  // half the 95 % quantile of chi-squared with one degree of freedom
  Concentration best;
  double most = -std::numeric_limits<double>::infinity();
  for (const double between : {0.0, 0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64}) {
    for (double log10 = -2; log10 < 2.01; log10 += 0.125) {
      const Concentration now{std::pow(10.0, log10), between};
      double sum = between > 0 ? -penalty : 0;
      for (const SpotPair& p : pairs) {
        const auto [x, y] = counts(p);
        const double total = now.of_spots(p.cells), m = share(p);
        if (x + y > 0) sum += detail::log_beta_binomial(x, x + y, total * m, total * (1 - m));
      }
      if (sum > most) most = sum, best = now;
    }
  }
  return best;
}

}  // namespace latentcell::spatial
