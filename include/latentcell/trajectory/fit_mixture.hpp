#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include <latentcell/kernel/pairwise.hpp>
#include <latentcell/metric/subsample.hpp>
#include <latentcell/train/stages.hpp>
#include <latentcell/trajectory/fit_velocity.hpp>
#include <latentcell/trajectory/predict.hpp>
#include <latentcell/transport/assignment.hpp>

namespace LATENTCELL_NAMESPACE::trajectory {

struct MixtureOptions {
  Index fits = 2;  ///< velocities trained for the choice, each without every other inner stretch of time, on half of
                   ///< the pairs. 1: half of the inner stretches are used. Larger than 2: as 2. 0: nothing is left
                   ///< out, a rule chooses

  static void visit(auto& self, auto&& f) { f("fits", self.fits, at_least(0)); }
};

/// Shares by SnapshotPart.
using PartShares = std::array<double, 3>;

/// Mixtures that are compared, the straight plan first: its half-way point is the usual baseline.
inline const std::vector<PartShares>& candidate_mixtures() {
  static const std::vector<PartShares> out = {{0, 0, 1},   {0, 1, 0},   {0, .5, .5},    {1, 0, 0},
                                              {.5, 0, .5}, {.5, .5, 0}, {.34, .33, .33}};
  return out;
}

/// Inner stretches of time to leave out, in sets of which each is left out at once: neighbors are never in one set.
/// With few distinct times each inner one is a stretch; else stretches are about as wide as the largest gap between
/// times, which is what the model is there for, and away from it. Each begins and ends at a time of cells.
/// -> at most `sets`, none where there are fewer than three times
inline std::vector<std::vector<TimeRange>> nested_stretches(const std::vector<double>& time, Index sets) {
  constexpr Index few_times = 12, parts = 10, fewest_cells = 20;
  const TimeOrder order(time);
  std::vector<TimeRange> inner;
  if (order.size() <= few_times) {
    for (Index k = 1; k + 1 < order.size(); ++k) inner.push_back({order.times[to_size(k)], order.times[to_size(k)]});
  } else {
    const double first = order.times.front(), last = order.times.back();
    double gap_from = first, gap = 0;
    for (Index k = 1; k < order.size(); ++k) {
      const double step = order.times[to_size(k)] - order.times[to_size(k - 1)];
      if (step > gap) gap = step, gap_from = order.times[to_size(k - 1)];
    }
    const double width = std::max(gap, (last - first) / double(parts));
    for (double from = first + width; from + 2 * width <= last; from += width) {
      TimeRange stretch{std::nextafter(from, last), from + width};
      const bool by_the_gap =
          gap == width && stretch.to > gap_from - width / 2 && stretch.from < gap_from + gap + width / 2;
      const Index begin = order.at_or_after(stretch.from), end = order.after(stretch.to);
      if (by_the_gap || begin >= end) continue;
      stretch = {order.times[to_size(begin)], order.times[to_size(end - 1)]};
      inner.push_back(stretch);
    }
  }
  std::erase_if(inner, [&](const TimeRange& r) {
    return std::count_if(time.begin(), time.end(), [&](double t) { return r.contains(t); }) < fewest_cells;
  });
  std::vector<std::vector<TimeRange>> out(to_size(std::min<Index>({sets, 2, Index(inner.size())})));
  for (std::size_t k = 0; k < inner.size() && !out.empty(); ++k) {
    if (k % 2 < out.size()) out[k % 2].push_back(inner[k]);
  }
  return out;
}

namespace detail {

/// What the mixtures score on a left-out stretch: distance of each true cell from what it is matched with.
struct StretchScores {
  Matrix<double> distance;      // (mixtures, cells)
  std::array<double, 3> alone;  // W1 of each part alone
};

/// Distance of each true cell from its match under the optimal assignment of a prediction, averaged over its copies.
/// predicted (n, D), truth (m, D), n a multiple of m -> (m)
inline std::vector<double> matched_distances(const Matrix<float>& predicted, const Matrix<float>& truth) {
  const Index copies = predicted.rows() / truth.rows();
  const Matrix<float> repeated = truth.replicate(copies, 1);
  Matrix<float> cost = kernel::squared_distances(view(repeated), view(predicted));
  cost = cost.array().max(0.0f).sqrt();
  const Assignment pairs = assign(view(cost));
  std::vector<double> out(to_size(truth.rows()), 0.0);
  for (Index i = 0; i < repeated.rows(); ++i)
    out[to_size(i % truth.rows())] += double(cost(i, pairs.column[to_size(i)])) / double(copies);
  return out;
}

/// Scores all mixtures on one stretch by a model that was trained without it.
inline StretchScores score_stretch(Model& nested, const LatentTable& reference, const Matrix<float>& truth,
                                   const TimeRange& stretch, Rng& rng) {
  constexpr Index most = 300, fewest_predicted = 500;
  const Matrix<float> cells = metric::subsample(view(truth), std::min(most, truth.rows()), rng);
  const Index n = cells.rows() * std::max<Index>(1, fewest_predicted / cells.rows());
  const std::vector<PartShares>& mixtures = candidate_mixtures();
  StretchScores out{Matrix<double>(Index(mixtures.size()), cells.rows()), {}};
  std::array<Matrix<float>, 3> part;
  for (Index k = 0; k < 3; ++k) {
    nested.mixture.share.value.setZero();
    nested.mixture.share.value(0, k) = 1;
    part[to_size(k)] = interpolate_at(nested, reference, {.time = stretch, .cells = n}, rng).mean;
  }
  for (std::size_t c = 0; c < mixtures.size(); ++c) {
    Matrix<float> mixed(n, cells.cols());
    Index done = 0;
    double sum = 0;
    for (std::size_t k = 0; k < 3; ++k) {
      sum += mixtures[c][k];
      const Index end = std::min(n, Index(std::lround(sum * double(n))));
      mixed.middleRows(done, end - done) = metric::subsample(view(part[k]), end - done, rng);
      done = end;
    }
    const std::vector<double> distance = matched_distances(mixed, cells);
    for (Index i = 0; i < cells.rows(); ++i) out.distance(Index(c), i) = distance[to_size(i)];
    const auto alone = std::find(mixtures[c].begin(), mixtures[c].end(), 1.0);
    if (alone != mixtures[c].end()) out.alone[to_size(alone - mixtures[c].begin())] = out.distance.row(Index(c)).mean();
  }
  return out;
}

}  // namespace detail

/// The best mixture where it beats the straight plan by more than one standard error, else the straight plan, which is
/// the first. The score is W1, relative to the best of each stretch; the standard error is that of the difference over
/// the true cells. A stretch whose best W1 is 0 or not a number tells nothing and is left out.
/// distances: of each stretch (mixtures, cells) -> position in candidate_mixtures()
inline Index choose_mixture(const std::vector<Matrix<double>>& distances) {
  const Index count = Index(candidate_mixtures().size());
  LATENTCELL_REQUIRE(!distances.empty(), "choose_mixture: there is no stretch to choose by");
  std::vector<Matrix<double>> relative;  // distances in units of the stretch's best W1
  for (const Matrix<double>& d : distances) {
    LATENTCELL_REQUIRE(d.rows() == count && d.cols() >= 2, "choose_mixture: scores (", d.rows(), ", ", d.cols(),
                       ") for ", count, " mixtures");
    const double unit = d.rowwise().mean().minCoeff();
    if (unit > 0 && d.allFinite()) relative.push_back(d / unit);
  }
  if (relative.empty()) return 0;
  std::vector<double> score(to_size(count), 0.0);
  for (const Matrix<double>& d : relative) {
    for (Index c = 0; c < count; ++c) score[to_size(c)] += d.row(c).mean() / double(relative.size());
  }
  const Index best = Index(std::min_element(score.begin(), score.end()) - score.begin());
  double variance = 0;
  for (const Matrix<double>& d : relative) {
    const Eigen::ArrayXd gap = (d.row(0) - d.row(best)).transpose().array();
    variance += (gap - gap.mean()).square().sum() / double(gap.size() - 1) / double(gap.size());
  }
  return score[0] - score[to_size(best)] > std::sqrt(variance) / double(relative.size()) ? best : 0;
}

namespace detail {

inline constexpr std::uint64_t mixture_stream = 67;  // random numbers of the choice

inline std::string nested_stage(std::size_t set) { return text("velocity_nested_", set + 1); }

/// The rule where there is nothing to choose by: both plans; along the cells of a low-dimensional embedding, where a
/// straight line cuts through empty space, the flow.
inline PartShares usual_shares(const OtPathOptions& paths) {
  if (paths.shape == PathShape::manifold) return {1, 0, 0};
  return {0, .5, .5};
}

}  // namespace detail

/// Tells `stages` of the stages of fit_mixture.   time: of the training cells
inline void plan_mixture(const Model& model, const std::vector<double>& time, const FitOptions& velocity,
                         const MixtureOptions& o, Stages& stages) {
  const std::size_t sets = nested_stretches(time, o.fits).size();
  for (std::size_t k = 0; k < sets; ++k)
    stages.plan(detail::nested_stage(k), velocity, model.options.paths.pairs / 2, model.velocity);
}

/// Chooses what predicts the cells between snapshots: inner stretches of the training times are left out, a velocity is
/// trained without them, and the mixture that predicts them best is taken. So on the left-out stretches together it is
/// not below the straight plan. Of other times nothing is said.
/// Stages "velocity_nested_1" and "_2", resumable.
/// latents (N, D) with the obs column of times; velocity: the settings of the model's own
inline FitStatus fit_mixture(Model& model, const LatentTable& latents, const FitOptions& velocity,
                             const MixtureOptions& o, Stages& stages) {
  check_options("fit_mixture", o);
  const std::vector<double> time = read_times(latents.cell_columns, model.options.time);
  const std::vector<std::vector<TimeRange>> sets = nested_stretches(time, o.fits);
  Options points = model.options;
  points.autoencoder.reset();
  points.paths.pairs = std::max<Index>(1, points.paths.pairs / 2);
  std::vector<Matrix<double>> distances;
  model.mixture = SnapshotMixture();
  Matrix<double> alone = Matrix<double>::Zero(1, 3);
  for (std::size_t k = 0; k < sets.size(); ++k) {
    std::vector<Index> kept;
    std::vector<std::vector<Index>> left_out(sets[k].size());
    for (Index i = 0; i < latents.cells(); ++i) {
      bool out = false;
      for (std::size_t s = 0; s < sets[k].size(); ++s) {
        if (sets[k][s].contains(time[to_size(i)])) left_out[s].push_back(i), out = true;
      }
      if (!out) kept.push_back(i);
    }
    const LatentTable reference = latents.select_cells(kept);
    Rng rng(velocity.seed, detail::mixture_stream + k);
    Model nested(points, rng);
    const FitStatus status = stages.run<float>(
        detail::nested_stage(k), velocity, nested.velocity,
        [&](TrainState<float>& state, auto&&... hooks) { fit_velocity(nested, reference, velocity, state, hooks...); });
    if (status == FitStatus::interrupted) return status;
    stages.announce("choosing what predicts the cells between snapshots");
    for (std::size_t s = 0; s < sets[k].size(); ++s) {
      const detail::StretchScores scores =
          detail::score_stretch(nested, reference, metric::pick_rows(view(latents.mean), left_out[s]), sets[k][s], rng);
      for (Index p = 0; p < 3; ++p) alone(0, p) += scores.alone[to_size(p)];
      distances.push_back(scores.distance);
    }
  }
  const PartShares shares = distances.empty() ? detail::usual_shares(model.options.paths)
                                              : candidate_mixtures()[to_size(choose_mixture(distances))];
  for (Index p = 0; p < 3; ++p) model.mixture.share.value(0, p) = shares[to_size(p)];
  model.mixture.stretches.value(0, 0) = double(distances.size());
  if (!distances.empty()) model.mixture.nested_w1.value = alone / double(distances.size());
  return FitStatus::finished;
}

}  // namespace latentcell::trajectory
