#pragma once

#include <algorithm>
#include <string>
#include <vector>

#include <latentcell/data/latent_table.hpp>
#include <latentcell/flow/coupling.hpp>
#include <latentcell/latent/fit_ot_flow.hpp>

namespace latentcell {

/// For each target cell a source cell of its level of a column, by optimal transport of the standardised latents among
/// the targets of the same attributes. Where they are more than the sources of their level, sources are used several
/// times, about equally often.
/// from (N, D), to (M, D), match: obs column, empty: one level; known (M, columns) attributes -> (M) rows of `from`
inline std::vector<Index> match_cells(const LatentTable& from, const LatentTable& to, const std::string& match,
                                      const Matrix<float>& known, Rng& rng) {
  constexpr std::size_t most = 1024;  // the assignment's cost is quadratic in memory, cubic in time
  const detail::SourceRows source(from, to, match);
  std::vector<Index> out(to_size(to.cells()), -1);
  RowVector<float> spread(to.latent());
  for (Index k = 0; k < to.latent(); ++k) {
    const float mean = to.mean.col(k).mean();
    spread(k) = std::max(1e-3f, std::sqrt((to.mean.col(k).array() - mean).square().mean()));
  }
  const std::vector<int> group = detail::coupling_groups(known, source.wanted);
  const int groups = group.empty() ? 0 : *std::max_element(group.begin(), group.end()) + 1;
  for (int code = 0; code < groups; ++code) {
    std::vector<Index> targets;
    for (std::size_t i = 0; i < group.size(); ++i) {
      if (group[i] == code) targets.push_back(Index(i));
    }
    const std::vector<Index>& sources_of = source.rows[std::size_t(source.wanted[to_size(targets.front())])];
    shuffle(std::span<Index>(targets), rng);
    std::vector<Index> pool;
    for (std::size_t first = 0; first < targets.size(); first += most) {
      const std::size_t count = std::min(most, targets.size() - first);
      std::vector<Index> sources;
      while (sources.size() < count) {
        if (pool.empty()) {
          pool = sources_of;
          shuffle(std::span<Index>(pool), rng);
        }
        sources.push_back(pool.back());
        pool.pop_back();
      }
      const Index n = Index(count);
      Matrix<float> cost(n, n);
      for (Index i = 0; i < n; ++i) {
        for (Index j = 0; j < n; ++j) {
          const Index a = targets[first + to_size(i)], b = sources[to_size(j)];
          cost(i, j) = ((to.mean.row(a) - from.mean.row(b)).array() / spread.array()).square().sum();
        }
      }
      const Assignment best = assign(ConstView<float>(cost.data(), n, n));
      for (std::size_t i = 0; i < count; ++i) {
        out[to_size(targets[first + i])] = sources[to_size(best.column[i])];
      }
    }
  }
  return out;
}

}  // namespace latentcell
