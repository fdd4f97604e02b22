#pragma once

#include <span>
#include <string>
#include <utility>
#include <vector>

#include <latentcell/latent/fit_flow.hpp>
#include <latentcell/latent/source_rows.hpp>

// Flows between two sets of cells in place of noise and cells: control to perturbed, one time to the next.

namespace LATENTCELL_NAMESPACE {

struct OtFlowOptions {
  std::string match = "";         ///< obs column: a cell starts from a source cell of the same level; empty: from any
  std::vector<Index> pairs = {};  ///< source row of each target cell, -1 where unknown; empty: no pairs are given
  float noise = 0.0f;             ///< standard deviation of noise added to sources, in units of the standardised
                                  ///< latents. Larger: one source cell maps to more different cells

  static void visit(auto& self, auto&& f) {
    f("match", self.match);
    f("pairs", self.pairs, each(at_least(-1)));
    f("noise", self.noise, at_least(0));
  }
};

namespace detail {

template <class Flow>
void check_ot_flow(const Flow& flow, const LatentTable& from, const LatentTable& to, const OtFlowOptions& between) {
  check_options("fit_ot_flow", between);
  from.check();
  to.check();
  LATENTCELL_REQUIRE(from.latent() == flow.latent() && to.latent() == flow.latent(), "fit_ot_flow: latents of ",
                     from.latent(), " and ", to.latent(), " dimensions for a flow of ", flow.latent());
  LATENTCELL_REQUIRE(between.pairs.empty() || Index(between.pairs.size()) == to.cells(),
                     "fit_ot_flow: ", between.pairs.size(), " pairs for ", to.cells(), " target cells");
  for (const Index row : between.pairs)
    LATENTCELL_REQUIRE(row < from.cells(), "fit_ot_flow: pair ", row, " but there are ", from.cells(), " source cells");
}

/// Fits one scale to both ends, posterior variance included: a dimension in which cells do not differ is as wide as its
/// posteriors, not as the means of them.
template <class Flow>
void start_ot_flow(Flow& flow, const LatentTable& from, const LatentTable& to) {
  LatentTable all;
  all.mean.resize(from.cells() + to.cells(), flow.latent());
  all.mean << from.mean, to.mean;
  all.deviation = Matrix<float>::Zero(all.mean.rows(), flow.latent());
  if (from.deviation.size() > 0) all.deviation.topRows(from.cells()) = from.deviation;
  if (to.deviation.size() > 0) all.deviation.bottomRows(to.cells()) = to.deviation;
  flow.fit_scaler(all);
  flow.fit_library_size(to);
}

/// The sources of minibatches of target cells.
template <class Flow>
class SourceSampler {
 public:
  using T = typename Flow::Scalar;
  SourceSampler(const Flow& flow, const LatentTable& from, const LatentTable& to, const Matrix<float>& values,
                const OtFlowOptions& between)
      : flow_(flow),
        from_(from),
        options_(between),
        source_(from, to, between.match, "fit_ot_flow"),
        group_of_(coupling_groups(values, source_.level)) {}

  /// A source for each target, permuted by the path's coupling.     z (B, D) targets -> (B, D) standardised
  Matrix<T> operator()(const LatentBatch& batch, const Matrix<T>& z, Rng& rng) const {
    const Index n = batch.size(), d = flow_.latent();
    Matrix<T> start(n, d), end(n, d);
    std::vector<int> group(to_size(n));
    for (Index b = 0; b < n; ++b) {
      const std::size_t cell = to_size(batch.cell[to_size(b)]);
      group[to_size(b)] = group_of_[cell];
      const std::vector<Index>& pool = source_.rows[std::size_t(source_.level[cell])];
      Index row = options_.pairs.empty() ? -1 : options_.pairs[cell];
      // A given pair stays together: it is a group of its own.
      if (row >= 0) group[to_size(b)] = -1 - int(b);
      if (row < 0) row = pool[std::size_t(rng.below(pool.size()))];
      for (Index j = 0; j < d; ++j) {
        const float own = from_.deviation.size() > 0 ? from_.deviation(row, j) * float(rng.normal()) : 0.0f;
        const float noise = options_.noise > 0 ? options_.noise * float(rng.normal()) : 0.0f;
        start(b, j) = flow_.scaler.apply(T(from_.mean(row, j) + own), j) + T(noise);
        end(b, j) = flow_.scaler.apply(z(b, j), j);
      }
    }
    couple<T>(flow_.path.coupling, view(end), view(start), std::span<const int>(group), rng);
    return start;
  }

 private:
  const Flow& flow_;
  const LatentTable& from_;
  const OtFlowOptions& options_;
  SourceRows source_;
  std::vector<int> group_of_;
};

}  // namespace detail

/// Trains a flow from source cells to target cells under the targets' attributes and returns the history.
/// fit_ot_flow(flow, from, to, between, options, [state,] hooks...): with a TrainState the run continues.
/// Sources are paired with targets by the path's coupling, within the levels of the matching column and among targets
/// of the same attributes (independent: at random; optimal and sinkhorn: Tong et al. 2023), or as given. Library sizes
/// are fitted to the targets.
template <class Backbone, class Condition, class... StateAndHooks>
History fit_ot_flow(LatentFlow<Backbone, Condition, RectifiedFlow>& flow, const LatentTable& from,
                    const LatentTable& to, const OtFlowOptions& between, const FitOptions& options,
                    StateAndHooks&&... state_and_hooks) {
  using T = typename Backbone::Scalar;
  detail::check_ot_flow(flow, from, to, between);
  const Matrix<float> values = read_conditions(flow.condition, to.cell_columns, to.cells());
  const detail::SourceSampler sources(flow, from, to, values, between);
  TrainingData<LatentBatches> data = latent_training_data(to, options);
  Matrix<T> z, start;  // of a minibatch; they outlive its backward pass
  Matrix<float> here;
  const auto loss = [&](Tape<T>& tape, const LatentBatch& batch, const StepInfo&) {
    here.resize(batch.size(), values.cols());
    for (Index b = 0; b < batch.size(); ++b) here.row(b) = values.row(batch.cell[to_size(b)]);
    z = batch.z.template cast<T>();
    start = sources(batch, z, tape.rng());
    return std::as_const(flow).loss(tape, tape.constant(ConstView<T>(z.data(), z.rows(), z.cols())),
                                    ConstView<float>(here.data(), here.rows(), here.cols()),
                                    ConstView<T>(start.data(), start.rows(), start.cols()));
  };
  return with_state<T>(
      [&](TrainState<T>& state, auto&... hooks) {
        if (!state.begun()) detail::start_ot_flow(flow, from, to);
        fit_with(flow, std::move(data), loss, options, state, hooks...);
      },
      state_and_hooks...);
}

}  // namespace latentcell
