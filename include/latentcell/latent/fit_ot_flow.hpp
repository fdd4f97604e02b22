#pragma once

#include <algorithm>
#include <cmath>
#include <map>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <latentcell/latent/fit_flow.hpp>

// Flows between two sets of cells in place of noise and cells: control to perturbed, one time to the next.

namespace latentcell {

struct OtFlowOptions {
  std::string match = "";  ///< obs column: a cell starts from a source cell of the same level; empty: from any
  std::vector<Index> pairs =
      {};              ///< row of the source for each target cell, where pairs are known; -1 where not; else empty
  float noise = 0.0f;  ///< standard deviation of noise added to sources, in units of the latents' own; larger lets one
                       ///< source cell become several
};

namespace detail {

/// Rows of the source by level of the matching column.
struct SourceRows {
  std::vector<std::vector<Index>> rows;  // of each level
  std::vector<int> wanted;               // (targets) level of each target cell, 0 where all match

  SourceRows(const LatentTable& from, const LatentTable& to, const std::string& match) {
    if (match.empty()) {
      rows.resize(1);
      for (Index i = 0; i < from.cells(); ++i) rows[0].push_back(i);
      wanted.assign(to_size(to.cells()), 0);
      return;
    }
    const Categorical levels = to.cell_columns.labels(match), have = from.cell_columns.labels(match);
    rows.resize(levels.levels.size());
    for (Index i = 0; i < from.cells(); ++i) {
      const int code = have.codes[to_size(i)];
      if (code < 0) continue;
      const auto at = std::find(levels.levels.begin(), levels.levels.end(), have.levels[std::size_t(code)]);
      if (at != levels.levels.end()) rows[std::size_t(at - levels.levels.begin())].push_back(i);
    }
    wanted = levels.codes;
    for (std::size_t l = 0; l < rows.size(); ++l) {
      LATENTCELL_REQUIRE(levels.count(int(l)) == 0 || !rows[l].empty(), "fit_ot_flow: no source cell has '",
                         levels.levels[l], "' in column '", match, "', which target cells have");
    }
    for (std::size_t i = 0; i < wanted.size(); ++i)
      LATENTCELL_REQUIRE(wanted[i] >= 0, "fit_ot_flow: target cell ", i, " has no label in column '", match, "'");
  }
};

/// One code for target cells of the same level and attributes: only among them may sources change places. Across
/// attributes, transport would hand the sources out by what is done to the cells, and the path of a dose would start
/// where no cell of its own does.     known (N, columns), level (N) -> (N)
inline std::vector<int> coupling_groups(const Matrix<float>& known, const std::vector<int>& level) {
  std::map<std::string, int> codes;
  std::vector<int> out;
  for (Index i = 0; i < known.rows(); ++i) {
    std::string key = text(level[to_size(i)]);
    for (Index k = 0; k < known.cols(); ++k) key += std::isnan(known(i, k)) ? ",?" : text(",", known(i, k));
    out.push_back(codes.try_emplace(std::move(key), int(codes.size())).first->second);
  }
  return out;
}

}  // namespace detail

/// Trains a flow that carries source cells to target cells under the targets' attributes. Sources are paired with
/// targets as the path's coupling says, within the levels of the matching column and among targets of the same
/// attributes (independent: any; optimal and sinkhorn: by transport, Tong et al. 2023), or as given. Library sizes are
/// learned from the targets. Goes on after the epochs that `state` has seen.
template <class Backbone, class Condition, class... Hooks>
void fit_ot_flow(TrainState<float>& state, LatentFlow<Backbone, Condition, RectifiedFlow>& flow,
                 const LatentTable& from, const LatentTable& to, const OtFlowOptions& between,
                 const FitOptions& options, Hooks&&... hooks) {
  LATENTCELL_REQUIRE(from.latent() == flow.latent() && to.latent() == flow.latent(), "fit_ot_flow: latents of ",
                     from.latent(), " and ", to.latent(), " dimensions for a flow of ", flow.latent());
  LATENTCELL_REQUIRE(from.cells() > 0, "fit_ot_flow: there are no source cells");
  LATENTCELL_REQUIRE(between.pairs.empty() || Index(between.pairs.size()) == to.cells(),
                     "fit_ot_flow: ", between.pairs.size(), " pairs for ", to.cells(), " target cells");
  for (const Index row : between.pairs)
    LATENTCELL_REQUIRE(row >= -1 && row < from.cells(), "fit_ot_flow: pair ", row, " but there are ", from.cells(),
                       " source cells");
  const detail::SourceRows source(from, to, between.match);
  const ValidationSplit split = validation_split(to.cells(), options.validation, options.seed);
  const Matrix<float> known = read_conditions(flow.condition, to.cell_columns);
  const std::vector<int> together = detail::coupling_groups(known, source.wanted);
  const Index d = flow.latent();
  const auto loss = [&](Tape<float>& tape, const LatentBatch& batch, const StepInfo&) {
    const Index n = batch.size();
    Matrix<float> start(n, d), end(n, d), here(n, known.cols());
    std::vector<int> group(to_size(n));
    for (Index b = 0; b < n; ++b) {
      const std::size_t cell = to_size(batch.cell[to_size(b)]);
      here.row(b) = known.row(Index(cell));
      group[to_size(b)] = together[cell];
      const std::vector<Index>& pool = source.rows[std::size_t(source.wanted[cell])];
      Index row = between.pairs.empty() ? -1 : between.pairs[cell];
      // A given pair stays together: it is a group of its own.
      if (row >= 0) group[to_size(b)] = -1 - int(b);
      if (row < 0) row = pool[std::size_t(tape.rng().below(pool.size()))];
      for (Index j = 0; j < d; ++j) {
        const float own = from.deviation.size() > 0 ? from.deviation(row, j) * float(tape.rng().normal()) : 0.0f;
        const float noise = between.noise > 0 ? between.noise * float(tape.rng().normal()) : 0.0f;
        start(b, j) = (from.mean(row, j) + own - flow.center.value(0, j)) / flow.spread.value(0, j) + noise;
        end(b, j) = (batch.z(b, j) - flow.center.value(0, j)) / flow.spread.value(0, j);
      }
    }
    couple<float>(flow.path.coupling, view(end), view(start), std::span<const int>(group), tape.rng());
    return std::as_const(flow).loss_between(tape, view(start), view(end),
                                            ConstView<float>(here.data(), n, here.cols()));
  };
  if (state.history.epochs.empty()) {
    // One scale for both ends, and for all that their posteriors hold: a dimension in which cells do not differ is as
    // wide as its posteriors, not as the means of them.
    LatentTable all;
    all.mean.resize(from.cells() + to.cells(), d);
    all.mean << from.mean, to.mean;
    all.deviation = Matrix<float>::Zero(all.mean.rows(), d);
    if (from.deviation.size() > 0) all.deviation.topRows(from.cells()) = from.deviation;
    if (to.deviation.size() > 0) all.deviation.bottomRows(to.cells()) = to.deviation;
    flow.scale_to(all);
    flow.relearn_library(to);
  }
  TrainingData<LatentBatches> data{LatentBatches(to, {.batch = options.batch, .rows = split.train})};
  if (!split.validation.empty()) {
    data.validation.emplace(to, LatentBatchesOptions{.batch = options.batch, .rows = split.validation});
  }
  fit_with(flow, std::move(data), loss, options, state, hooks...);
}

/// The same from the start, giving the history.
template <class Backbone, class Condition, class... Hooks>
History fit_ot_flow(LatentFlow<Backbone, Condition, RectifiedFlow>& flow, const LatentTable& from,
                    const LatentTable& to, const OtFlowOptions& between, const FitOptions& options, Hooks&&... hooks) {
  TrainState<float> state;
  fit_ot_flow(state, flow, from, to, between, options, hooks...);
  return state.history;
}

/// Where a flow of fit_ot_flow leads given cells, under the attributes in `wanted` or, without rows, in their own obs.
/// Steps, sampler and guidance as for generation; `noise` as in training. Each cell keeps its name and library size.
template <class Flow>
LatentTable push_forward(const Flow& flow, const LatentTable& from, const Annotation& wanted, const SampleOptions& o,
                         float noise, Rng& rng) {
  LATENTCELL_REQUIRE(from.latent() == flow.latent(), "carried: latents of ", from.latent(),
                     " dimensions for a flow of ", flow.latent());
  LATENTCELL_REQUIRE(wanted.rows() == 0 || wanted.rows() == from.cells(), "carried: attributes of ", wanted.rows(),
                     " cells for ", from.cells());
  LatentTable out = from;
  out.deviation.resize(0, 0);
  if (wanted.rows() > 0) out.cell_columns = wanted;
  const Matrix<float> known = read_conditions(flow.condition, out.cell_columns);
  const Index d = flow.latent();
  const Rng own = rng.fork();
  Tape<float> tape(Mode::no_gradient);
  for (Index first = 0; first < from.cells(); first += o.batch) {
    const Index count = std::min(o.batch, from.cells() - first);
    View<float> z(out.mean.data() + first * d, count, d);
    std::vector<Rng> fresh;
    for (Index i = 0; i < count; ++i) {
      fresh.push_back(own.at(std::uint64_t(first + i)));
      for (Index j = 0; j < d; ++j) {
        z(i, j) = (z(i, j) - flow.center.value(0, j)) / flow.spread.value(0, j);
        if (noise > 0) z(i, j) += noise * float(fresh.back().normal());
      }
    }
    const Matrix<float> told = known.middleRows(first, count);
    sample_latents(flow, tape, z, told, o, fresh);
    for (Index i = 0; i < count; ++i) {
      for (Index j = 0; j < d; ++j) z(i, j) = z(i, j) * flow.spread.value(0, j) + flow.center.value(0, j);
    }
  }
  return out;
}

}  // namespace latentcell
