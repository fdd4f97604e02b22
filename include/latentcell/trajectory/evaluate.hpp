#pragma once

#include <limits>
#include <numeric>
#include <string>
#include <utility>
#include <vector>

#include <latentcell/metric/mmd.hpp>
#include <latentcell/metric/subsample.hpp>
#include <latentcell/metric/wasserstein.hpp>
#include <latentcell/trajectory/model.hpp>

namespace latentcell {

/// How far predicted cells of a time lie from the true ones.
struct TrajectoryScore {
  std::string who;  ///< the model, or the floor's name
  double w1 = 0;    ///< exact 1-Wasserstein distance, in the units of the points
  double w2 = 0;    ///< exact 2-Wasserstein distance
  double mmd = 0;   ///< squared maximum mean discrepancy
};

inline std::vector<std::pair<std::string, double>> entries(const TrajectoryScore& s) {
  return {{"w1", s.w1}, {"w2", s.w2}, {"mmd", s.mmd}};
}

/// `count` points that stand for a set: all of it as often as it goes, the rest without repetition.
/// x (N, D) -> (count, D)
inline Matrix<float> resample_to(ConstView<float> x, Index count, Rng& rng) {
  std::vector<Index> rows;
  for (Index k = 0; k < count / x.rows(); ++k) {
    for (Index i = 0; i < x.rows(); ++i) rows.push_back(i);
  }
  for (const Index i : metric::subsample_rows(x.rows(), count % x.rows(), rng)) rows.push_back(i);
  return metric::pick_rows(x, rows);
}

/// Judges cells predicted for a time that was held out, and the floors that a model has to beat. Floors are made of
/// the known cells alone; the true cells only judge. Transport needs two sets of one size: the true cells are repeated
/// as a whole, others as resample_to() does, to at most 2,000.
class TrajectoryEvaluator {
 public:
  /// known (N, D) with times, truth (M, D), the range of the held-out times
  TrajectoryEvaluator(const LatentTable& known, const std::vector<double>& time, const Matrix<float>& truth,
                      double from, double to, Rng rng)
      : rng_(rng) {
    LATENTCELL_REQUIRE(truth.rows() >= 4, "TrajectoryEvaluator: only ", truth.rows(), " true cells");
    truth_ = metric::subsample(view(truth), std::min<Index>(truth.rows(), most) / 2 * 2, rng_);
    size_ = truth_.rows() * std::max<Index>(1, 1000 / truth_.rows());
    // Cells before and after: a span as long as the range on either side, or the next distinct time.
    const detail::TimeOrder order(time);
    const double span = to - from;
    std::vector<Index> before, after, all;
    double last = -std::numeric_limits<double>::infinity(), next = -last;
    for (const double t : order.times) {
      if (t < from) last = t;
      if (t > to) next = std::min(next, t);
    }
    for (Index i = 0; i < known.cells(); ++i) {
      const double t = time[to_size(i)];
      if (!std::isfinite(t)) continue;
      all.push_back(i);
      if (t < from && t >= std::min(last, from - span)) before.push_back(i);
      if (t > to && t <= std::max(next, to + span)) after.push_back(i);
    }
    const auto pick = [&](const std::vector<Index>& rows) { return metric::pick_rows(view(known.mean), rows); };
    before_ = pick(before);
    after_ = pick(after);
    all_ = pick(all);
  }

  TrajectoryScore score(const std::string& who, ConstView<float> points) {
    const Matrix<float> a = resample_to(points, size_, rng_), b = resample_to(view(truth_), size_, rng_);
    const ConstView<float> x = view(a), y = view(b);
    return {who, metric::wasserstein1(x, y), metric::wasserstein2(x, y),
            metric::mmd(metric_sample(points), view(truth_))};
  }

  std::vector<TrajectoryScore> floors() {
    std::vector<TrajectoryScore> out;
    const auto add = [&](const char* name, const Matrix<float>& points) {
      if (points.rows() >= 2) out.push_back(score(name, view(points)));
    };
    add("previous times", before_);
    add("next times", after_);
    if (before_.rows() >= 2 && after_.rows() >= 2) {
      Matrix<float> both(before_.rows() + after_.rows(), all_.cols());
      both << before_, after_;
      add("previous and next", both);
      const Matrix<float> a = resample_to(view(before_), 1000, rng_), b = resample_to(view(after_), 1000, rng_);
      const Matrix<float> cost = kernel::squared_distances(view(a), view(b));
      const Assignment pairs = assign(view(cost));
      Matrix<float> middle = a;
      for (Index i = 0; i < middle.rows(); ++i) middle.row(i) = 0.5f * (a.row(i) + b.row(pairs.column[to_size(i)]));
      add("transport, half-way", middle);
    }
    add("all other times", all_);
    return out;
  }

  /// One half of the true cells against the other: what a perfect prediction of that size would be worth.
  TrajectoryScore split_half_ceiling() {
    std::vector<Index> order(to_size(truth_.rows()));
    std::iota(order.begin(), order.end(), Index(0));
    shuffle(std::span<Index>(order), rng_);
    const std::size_t half = order.size() / 2;
    const Matrix<float> a = metric::pick_rows(view(truth_), std::span(order).first(half)),
                        b = metric::pick_rows(view(truth_), std::span(order).last(half));
    return {"half of the truth", metric::wasserstein1(view(a), view(b)), metric::wasserstein2(view(a), view(b)),
            metric::mmd(view(a), view(b))};
  }

 private:
  static constexpr Index most = 2000;
  ConstView<float> metric_sample(ConstView<float> points) {
    sample_ = points.rows() > most ? metric::subsample(points, most, rng_) : Matrix<float>(points);
    return view(sample_);
  }

  Rng rng_;
  Index size_ = 0;
  Matrix<float> truth_, before_, after_, all_, sample_;
};

}  // namespace latentcell
