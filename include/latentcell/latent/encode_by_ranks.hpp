#pragma once

#include <algorithm>
#include <numeric>
#include <span>
#include <vector>

#include <latentcell/latent/encode.hpp>
#include <latentcell/train/team.hpp>

namespace LATENTCELL_NAMESPACE {

/// encode() of a table that every rank has, in memory or streamed, shared by them: each encodes a range of cells, and
/// all get the whole table, to the same bits as from one process. cells (N, G) -> mean, deviation (N, D)
template <Autoencoder Model, TableOfCells Cells, Team Ranks>
LatentTable encode(const Model& vae, const Cells& cells, Ranks& team) {
  if (team.size() == 1) return encode(vae, cells);
  constexpr Index block = 512;  // encode()'s minibatches, whose edges a range must keep
  const Index n = cells.cells(), blocks = std::max<Index>(1, n / block + (n % block > 1 ? 1 : 0));
  const auto edge = [&](Index rank) {
    const Index at = blocks * rank / team.size();
    return at == blocks ? n : at * block;
  };
  const Index first = edge(team.rank()), last = edge(team.rank() + 1);
  LatentTable out;
  out.mean.setZero(n, vae.latent());
  out.deviation.setZero(n, vae.latent());
  out.library.assign(to_size(n), 0.0f);
  double has_deviation = 0;
  if (first < last) {
    std::vector<Index> rows(to_size(last - first));
    std::iota(rows.begin(), rows.end(), first);
    const LatentTable part = encode(vae, CountRows(cells.counts).select_rows(rows));
    out.mean.middleRows(first, last - first) = part.mean;
    std::copy(part.library.begin(), part.library.end(), out.library.begin() + first);
    if (part.deviation.size() > 0) {
      has_deviation = 1;
      out.deviation.middleRows(first, last - first) = part.deviation;
    }
  }
  team.sum(std::span<double>(&has_deviation, 1));
  team.sum(std::span<float>(out.mean.data(), to_size(out.mean.size())));
  team.sum(std::span<float>(out.deviation.data(), to_size(out.deviation.size())));
  team.sum(std::span<float>(out.library));
  if (has_deviation == 0) out.deviation.resize(0, 0);
  out.cell_names = header_of(cells).cell_names;
  out.cell_columns = header_of(cells).cell_columns.for_rows(n);
  return out;
}

}  // namespace latentcell
