#pragma once

#include <algorithm>
#include <vector>

#include <latentcell/metric/subsample.hpp>
#include <latentcell/trajectory/predict.hpp>
#include <latentcell/trajectory/random_rows.hpp>

namespace LATENTCELL_NAMESPACE::trajectory {

/// Paths of some early cells through the whole time range, for a picture.
/// reference (N, D) with times -> for each of 31 moments (n, D) coordinates, n <= cells
/// The cells are random ones of the first tenth of the time range.
inline std::vector<Matrix<float>> early_cell_paths(const Model& model, const LatentTable& reference, Index cells,
                                                   Rng& rng) {
  constexpr int moments = 30;
  constexpr Index steps = 4;  // of the integrator between two moments
  const std::vector<double> time = read_times(reference.cell_columns, model.options.time);
  const TimeOrder order(time);
  LATENTCELL_REQUIRE(order.size() > 0, "early_cell_paths: no reference cell has a time");
  const double first = order.times.front(), last = order.times.back();
  std::vector<Index> early;
  for (Index i = 0; i < Index(time.size()); ++i) {
    if (time[to_size(i)] <= first + 0.1 * (last - first)) early.push_back(i);
  }
  early = random_rows(std::move(early), cells, rng);
  const Matrix<float> start = metric::pick_rows(view(reference.mean), early);
  std::vector<double> from, times;
  for (const Index i : early) from.push_back(time[to_size(i)]);
  for (int k = 1; k <= moments; ++k) times.push_back(first + (last - first) * (0.1 + 0.9 * k / double(moments)));
  std::vector<Matrix<float>> out{model.coordinates(start)};
  for (const Matrix<float>& z : rollout(model.velocity, start, from, times, steps, rng))
    out.push_back(model.coordinates(z));
  return out;
}

}  // namespace latentcell::trajectory
