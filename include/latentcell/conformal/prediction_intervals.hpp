#pragma once

#include <algorithm>
#include <cmath>
#include <numeric>
#include <utility>
#include <vector>

#include <latentcell/conformal/ensemble.hpp>
#include <latentcell/conformal/modality_encoder.hpp>

// Means of an ensemble with intervals that cover what they say.

namespace latentcell {

struct IntervalOptions {
  Index draws = 64;  ///< of each cell, shared out among the members
  Index steps = 4;   ///< of the sampler (Heun); what a coarse one gets wrong of the width, calibration mends
};

/// Predicted features of cells, log-normalised: log1p of counts at the target's depth.
struct PredictionIntervals {
  Matrix<float> mean;           ///< (N, F)
  Matrix<float> low50, high50;  ///< (N, F) ends of the central 50 % interval; (0, 0) where no draws were asked for
  Matrix<float> low80, high80;  ///< (N, F) of the central 80 % interval

  /// Adds to all of it; nothing falls below zero.     by (N, F)
  void shift(const Matrix<float>& by) {
    for (Matrix<float>* m : {&mean, &low50, &high50, &low80, &high80}) {
      if (m->size() > 0) *m = (*m + by).array().max(0.0f);
    }
  }
};

namespace detail {

/// Half-widths of draws below and above their mean, for the 50 % and 80 % intervals.     -> four (N, F)
struct SampleQuantiles {
  Matrix<float> low50, high50, low80, high80;

  // draws: each (N, F)
  explicit SampleQuantiles(const std::vector<Matrix<float>>& draws) {
    const Index n = draws.front().rows(), f = draws.front().cols();
    for (Matrix<float>* m : {&low50, &high50, &low80, &high80}) m->resize(n, f);
    kernel::parallel_items(n, [&](Index i) {
      std::vector<float> x(draws.size());
      for (Index j = 0; j < f; ++j) {
        for (std::size_t k = 0; k < x.size(); ++k) x[k] = draws[k](i, j);
        std::sort(x.begin(), x.end());
        const auto at = [&](double q) {
          const double place = q * double(x.size() - 1);
          const std::size_t k = std::min(x.size() - 2, std::size_t(place));
          return double(x[k]) + (place - double(k)) * double(x[k + 1] - x[k]);
        };
        const double middle = std::accumulate(x.begin(), x.end(), 0.0) / double(x.size());
        low50(i, j) = float(middle - at(0.25));
        high50(i, j) = float(at(0.75) - middle);
        low80(i, j) = float(middle - at(0.1));
        high80(i, j) = float(at(0.9) - middle);
      }
    });
  }
};

/// How strongly features are expressed in each group of cells: the mean of what is predicted, at least `least`. Where a
/// gene is rarer its counts scatter less, and half an interval shrinks alike.
struct GroupMeans {
  static constexpr float least = 1e-3f;
  std::vector<int> group;
  Matrix<float> level;  // (groups, F)

  // mean (N, F) predicted; of (N): each cell's group from 0, or empty: all levels are 1
  GroupMeans(const Matrix<float>& mean, std::vector<int> of) : group(std::move(of)) {
    if (group.empty()) {
      group.assign(to_size(mean.rows()), 0);
      level.setOnes(1, mean.cols());
      return;
    }
    LATENTCELL_REQUIRE(Index(group.size()) == mean.rows() && *std::min_element(group.begin(), group.end()) >= 0,
                       "intervals: ", group.size(), " groups, none below 0, for ", mean.rows(), " cells");
    const Index groups = Index(*std::max_element(group.begin(), group.end())) + 1;
    std::vector<float> cells(to_size(groups), 0.0f);
    level.setZero(groups, mean.cols());
    for (Index i = 0; i < mean.rows(); ++i) {
      level.row(group[to_size(i)]).array() += mean.row(i).array().max(0.0f);
      cells[to_size(group[to_size(i)])] += 1;
    }
    for (Index g = 0; g < groups; ++g) level.row(g) /= std::max(1.0f, cells[to_size(g)]);
    level = level.array().max(least);
  }

  /// Of the cell i.     -> (F)
  auto of(Index i) const { return level.row(group[to_size(i)]); }
};

/// The value within which a share q of some lie; they end in another order.     x: at least one, q in [0, 1)
inline double reach(std::vector<double>& x, double q) {
  const std::size_t k = std::min(x.size() - 1, std::size_t(q * double(x.size())));
  std::nth_element(x.begin(), x.begin() + std::ptrdiff_t(k), x.end());
  return x[k];
}

}  // namespace detail

/// Means and intervals of cells. Both ends and the mean are decoded from latents to which `base` is added.
/// told (N, C), said (N, D): mean_latents of the same, base (N, D), group (N) or empty: as in calibrate_intervals
inline PredictionIntervals predict_around(const ConditionalEnsemble& model, const ModalityEncoder& code,
                                          const Matrix<float>& told, const Matrix<float>& said,
                                          const Matrix<float>& base, const std::vector<int>& group,
                                          const IntervalOptions& o, Rng& rng) {
  LATENTCELL_REQUIRE(o.draws == 0 || o.draws >= 2, "predict: draws must be 0 or at least 2, got ", o.draws);
  PredictionIntervals out;
  out.mean = code.decode(said + base);
  if (o.draws == 0 || told.rows() == 0) return out;
  std::vector<Matrix<float>> draws;
  for (Index k = 0; k < o.draws; ++k) {
    const ConditionalVelocityNet& field = model.members[to_size(k) % model.members.size()];
    draws.push_back(code.decode(base + detail::member_draw(field, told, o.steps, rng)));
  }
  const detail::SampleQuantiles spread(draws);
  const detail::GroupMeans levels(out.mean, group);
  const auto end = [&](const Matrix<float>& half, Index share, float sign) {
    Matrix<float> at = half;
    at.array().rowwise() *= sign * model.widen.value.row(share).array();
    for (Index i = 0; i < at.rows(); ++i) at.row(i).array() *= levels.of(i).array();
    return Matrix<float>((out.mean + at).array().max(0.0f));
  };
  out.low50 = end(spread.low50, 0, -1);
  out.high50 = end(spread.high50, 0, 1);
  out.low80 = end(spread.low80, 1, -1);
  out.high80 = end(spread.high80, 1, 1);
  return out;
}

/// Learns how wide the intervals must be: each cell's draws come from the member that has not seen it, and for each
/// feature the factor is taken at which 50 % and 80 % of the cells fall inside (split-conformal prediction with scaled
/// residuals, Lei et al. 2018, over the members' parts). Call it after all members are trained, on the same cells with
/// the same seed.     truth (N, F) decoded features, usable (N), told (N, C), said (N, D): out_of_fold_means of the
/// same, base (N, D) as of predict_around; group (N): of cells among which a feature's level is one (slices of tissue),
/// by which the widths go, or empty: they do not
inline void calibrate_intervals(ConditionalEnsemble& model, const ModalityEncoder& code, const Matrix<float>& truth,
                                const std::vector<char>& usable, const Matrix<float>& told, const Matrix<float>& said,
                                const Matrix<float>& base, const std::vector<int>& group, std::uint64_t seed,
                                const IntervalOptions& o, Rng& rng) {
  LATENTCELL_REQUIRE(o.draws >= 2, "calibrate_intervals: draws must be at least 2, got ", o.draws);
  const std::size_t features = to_size(truth.cols());
  const double widest = 1000 / (group.empty() ? 1.0 : double(detail::GroupMeans::least));
  std::vector<std::vector<double>> needed50(features), needed80(features);
  const Matrix<float> mean = code.decode(said + base);
  const detail::GroupMeans levels(mean, group);
  detail::each_unseen(model, usable, seed, [&](const ConditionalVelocityNet& field, const std::vector<Index>& rows) {
    const Matrix<float> here = metric::pick_rows(view(told), rows), from = metric::pick_rows(view(base), rows);
    std::vector<Matrix<float>> draws;
    for (Index k = 0; k < o.draws; ++k)
      draws.push_back(code.decode(from + detail::member_draw(field, here, o.steps, rng)));
    const detail::SampleQuantiles spread(draws);
    for (std::size_t i = 0; i < rows.size(); ++i) {
      for (Index f = 0; f < truth.cols(); ++f) {
        const double gap = double(truth(rows[i], f) - mean(rows[i], f)), level = double(levels.of(rows[i])(f));
        const auto factor = [&](const Matrix<float>& low, const Matrix<float>& high) {
          return std::abs(gap) / (level * std::max(1e-6, double(gap < 0 ? low(Index(i), f) : high(Index(i), f))));
        };
        needed50[to_size(f)].push_back(factor(spread.low50, spread.high50));
        needed80[to_size(f)].push_back(factor(spread.low80, spread.high80));
      }
    }
  });
  for (std::size_t f = 0; f < features; ++f) {
    model.widen.value(0, Index(f)) = float(std::clamp(detail::reach(needed50[f], 0.5), 0.05, widest));
    model.widen.value(1, Index(f)) = float(std::clamp(detail::reach(needed80[f], 0.8), 0.05, widest));
  }
}

}  // namespace latentcell
