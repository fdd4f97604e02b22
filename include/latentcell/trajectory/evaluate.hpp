#pragma once

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <latentcell/core/random_draw.hpp>
#include <latentcell/evaluate/score_table.hpp>
#include <latentcell/kernel/pairwise.hpp>
#include <latentcell/metric/median_distance.hpp>
#include <latentcell/metric/mmd.hpp>
#include <latentcell/metric/subsample.hpp>
#include <latentcell/metric/wasserstein.hpp>
#include <latentcell/trajectory/model.hpp>
#include <latentcell/trajectory/time_order.hpp>
#include <latentcell/trajectory/time_range.hpp>
#include <latentcell/transport/assignment.hpp>

namespace LATENTCELL_NAMESPACE::trajectory {

/// Resamples a set to `count` points: every point floor(count / N) times, and a random subset without replacement.
/// x (N, D), at least one -> (count, D)
inline Matrix<float> resample_to(ConstView<float> x, Index count, Rng& rng) {
  LATENTCELL_REQUIRE(x.rows() >= 1, "resample_to: there are no points to make ", count, " of");
  std::vector<Index> rows;
  for (Index k = 0; k < count / x.rows(); ++k) {
    for (Index i = 0; i < x.rows(); ++i) rows.push_back(i);
  }
  for (const Index i : metric::subsample_rows(x.rows(), count % x.rows(), rng)) rows.push_back(i);
  return metric::pick_rows(x, rows);
}

/// Scores points predicted for a held-out time, baselines made of the reference cells, and a ceiling.
/// Metrics, lower is better: "w1" and "w2", the exact Wasserstein distances in units of the points, and "mmd", the
/// squared maximum mean discrepancy under one kernel for all rows, as wide as the median distance of the held-out
/// cells. Transport needs two sets of one size, so sets are resampled to at most 2,000.
class TrajectoryEvaluator {
 public:
  /// reference (N, D) with times (N), truth (M, D) the held-out cells, M >= 4, and the range of their times
  TrajectoryEvaluator(ConstView<float> reference, const std::vector<double>& time, ConstView<float> truth,
                      TimeRange range, Rng rng)
      : rng_(rng) {
    LATENTCELL_REQUIRE(truth.rows() >= 4, "TrajectoryEvaluator: only ", truth.rows(), " true cells");
    truth_ = metric::subsample(truth, std::min<Index>(truth.rows(), largest) / 2 * 2, rng_);
    size_ = truth_.rows() * std::max<Index>(1, 1000 / truth_.rows());
    bandwidth_ = metric::median_distance(view(truth_));
    // Cells before and after: a span as long as the range on either side, or the adjacent distinct time.
    const double span = range.to - range.from;
    std::vector<Index> before, after, all;
    double last = -std::numeric_limits<double>::infinity(), next = -last;
    for (const double t : TimeOrder(time).times) {
      if (t < range.from) last = t;
      if (t > range.to) next = std::min(next, t);
    }
    for (Index i = 0; i < reference.rows(); ++i) {
      const double t = time[to_size(i)];
      if (!std::isfinite(t)) continue;
      all.push_back(i);
      if (t < range.from && t >= std::min(last, range.from - span)) before.push_back(i);
      if (t > range.to && t <= std::max(next, range.to + span)) after.push_back(i);
    }
    before_ = metric::pick_rows(reference, before);
    after_ = metric::pick_rows(reference, after);
    all_ = metric::pick_rows(reference, all);
  }

  /// The predicted points, the baselines that the reference allows, and one half of the truth against the other.
  /// predicted (n, D)
  evaluate::ScoreTable evaluate(const std::string& method, ConstView<float> predicted) {
    using evaluate::Better;
    using evaluate::Role;
    evaluate::ScoreTable out({{"w1", "", Better::lower}, {"w2", "", Better::lower}, {"mmd", "", Better::lower}});
    out.add(method, Role::model, score(predicted));
    const auto baseline = [&](const char* name, const Matrix<float>& points) {
      if (points.rows() >= 2) out.add(name, Role::baseline, score(view(points)));
    };
    baseline("previous times", before_);
    baseline("next times", after_);
    if (before_.rows() >= 2 && after_.rows() >= 2) {
      Matrix<float> both(before_.rows() + after_.rows(), all_.cols());
      both << before_, after_;
      baseline("previous and next", both);
      baseline("transport, half-way", half_way());
    }
    baseline("all other times", all_);
    out.add("half of the true cells", Role::ceiling, split_half());
    return out;
  }

 private:
  static constexpr Index largest = 2000;

  std::vector<double> score(ConstView<float> points) {
    const Matrix<float> a = resample_to(points, size_, rng_), b = resample_to(view(truth_), size_, rng_);
    const Matrix<float> few =
        points.rows() > largest ? metric::subsample(points, largest, rng_) : Matrix<float>(points);
    return {metric::wasserstein1(view(a), view(b)), metric::wasserstein2(view(a), view(b)),
            metric::mmd(view(few), view(truth_), bandwidth_)};
  }

  // Middles of the optimal pairs of 1,000 cells before and after.   -> (1000, D)
  Matrix<float> half_way() {
    const Matrix<float> a = resample_to(view(before_), 1000, rng_), b = resample_to(view(after_), 1000, rng_);
    const Matrix<float> cost = kernel::squared_distances(view(a), view(b));
    const Assignment pairs = assign(view(cost));
    Matrix<float> middle = a;
    for (Index i = 0; i < middle.rows(); ++i) middle.row(i) = 0.5f * (a.row(i) + b.row(pairs.column[to_size(i)]));
    return middle;
  }

  // What a perfect prediction of half as many cells would score.
  std::vector<double> split_half() {
    std::vector<Index> order(to_size(truth_.rows()));
    std::iota(order.begin(), order.end(), Index(0));
    shuffle(std::span<Index>(order), rng_);
    const std::size_t half = order.size() / 2;
    const Matrix<float> a = metric::pick_rows(view(truth_), std::span(order).first(half)),
                        b = metric::pick_rows(view(truth_), std::span(order).last(half));
    return {metric::wasserstein1(view(a), view(b)), metric::wasserstein2(view(a), view(b)),
            metric::mmd(view(a), view(b), bandwidth_)};
  }

  Rng rng_;
  Index size_ = 0;
  double bandwidth_ = 0;  // of mmd
  Matrix<float> truth_, before_, after_, all_;
};

/// Latents that an evaluation compares.
struct HeldOutTime {
  const LatentTable& reference;  ///< (N, D) with times
  const LatentTable& truth;      ///< (M, D) the held-out cells
  const LatentTable& predicted;  ///< (n, D)
  TimeRange time;                ///< of the held-out cells
};

/// Scores a prediction of a held-out time in the units of the coordinates, as "latentcell".
inline evaluate::ScoreTable evaluate(const Model& model, const HeldOutTime& of, Rng rng) {
  const Matrix<float> reference = model.coordinates(of.reference.mean), truth = model.coordinates(of.truth.mean),
                      predicted = model.coordinates(of.predicted.mean);
  TrajectoryEvaluator evaluator(view(reference), read_times(of.reference.cell_columns, model.options.time), view(truth),
                                of.time, rng);
  return evaluator.evaluate("latentcell", view(predicted));
}

}  // namespace latentcell::trajectory
