#pragma once

#include <algorithm>
#include <string>
#include <vector>

#include <latentcell/data/latent_table.hpp>
#include <latentcell/flow/coupling.hpp>
#include <latentcell/latent/source_rows.hpp>

namespace LATENTCELL_NAMESPACE {

namespace detail {

/// The tables that are matched, and the scale of each dimension.
struct MatchedTables {
  const LatentTable &from, &to;
  RowVector<float> scale;
};

/// Matches the targets of one group in blocks, as the assignment's memory is quadratic and its time cubic.
inline void match_group(const MatchedTables& tables, std::vector<Index>& targets, const std::vector<Index>& sources_of,
                        Rng& rng, std::vector<Index>& out) {
  constexpr std::size_t block = 1024;
  shuffle(std::span<Index>(targets), rng);
  std::vector<Index> pool;
  for (std::size_t first = 0; first < targets.size(); first += block) {
    const std::size_t count = std::min(block, targets.size() - first);
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
        cost(i, j) = ((tables.to.mean.row(a) - tables.from.mean.row(b)).array() / tables.scale.array()).square().sum();
      }
    }
    const Assignment best = assign(ConstView<float>(cost.data(), n, n));
    for (std::size_t i = 0; i < count; ++i) out[to_size(targets[first + i])] = sources[to_size(best.column[i])];
  }
}

}  // namespace detail

/// Returns a source cell for each target cell, of its level of a column, by optimal transport of the standardised
/// latents among targets of the same attributes. Sources are used about equally often, several times where targets
/// outnumber them.
/// from (N, D), to (M, D), match: obs column, empty: one level; values (M, columns) of the condition -> (M) rows of
/// `from`
inline std::vector<Index> match_cells(const LatentTable& from, const LatentTable& to, const std::string& match,
                                      const Matrix<float>& values, Rng& rng) {
  from.check();
  to.check();
  LATENTCELL_REQUIRE(from.latent() == to.latent(), "match_cells: latents of ", from.latent(), " and ", to.latent(),
                     " dimensions");
  LATENTCELL_REQUIRE(values.rows() == to.cells(), "match_cells: condition values of ", values.rows(), " cells for ",
                     to.cells(), " target cells");
  const SourceRows source(from, to, match, "match_cells");
  std::vector<Index> out(to_size(to.cells()), -1);
  detail::MatchedTables tables{from, to, RowVector<float>(to.latent())};
  for (Index k = 0; k < to.latent(); ++k) {
    const float mean = to.mean.col(k).mean();
    tables.scale(k) = std::max(1e-3f, std::sqrt((to.mean.col(k).array() - mean).square().mean()));
  }
  const std::vector<int> group = coupling_groups(values, source.level);
  const int groups = group.empty() ? 0 : *std::max_element(group.begin(), group.end()) + 1;
  for (int code = 0; code < groups; ++code) {
    std::vector<Index> targets;
    for (std::size_t i = 0; i < group.size(); ++i) {
      if (group[i] == code) targets.push_back(Index(i));
    }
    const std::vector<Index>& pool = source.rows[std::size_t(source.level[to_size(targets.front())])];
    detail::match_group(tables, targets, pool, rng, out);
  }
  return out;
}

}  // namespace latentcell
