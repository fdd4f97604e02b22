#pragma once

#include <span>

#include <latentcell/core/error.hpp>
#include <latentcell/kernel/parallel.hpp>
#include <latentcell/kernel/rows.hpp>

namespace LATENTCELL_NAMESPACE {

/// Coefficients of data and noise in a cell's point on a path, z_t, and in the target of its prediction.
template <class T>
struct TargetCoefficients {
  T z_data, z_noise, target_data, target_noise;
};

namespace detail {

/// What interpolate() reads and writes. All matrices (B, D), none overlapping.
template <class T>
struct PathRows {
  std::span<const T> t;  // (B)
  ConstView<T> noise, data;
  View<T> z_t, target;
};

/// Writes z_t and target of each cell. `coefficients(t)` gives the weights of data and noise; `caller` names the path
/// in messages.
template <class T, class Coefficients>
void interpolate_rows(const char* caller, PathRows<T> rows, const Coefficients& coefficients) {
  const ConstView<T>& data = rows.data;
  const auto same = [&](const char* name, const auto& m) {
    LATENTCELL_REQUIRE(m.rows() == data.rows() && m.cols() == data.cols(), caller, ": ", name, " (", m.rows(), ", ",
                       m.cols(), ") but data (", data.rows(), ", ", data.cols(), ")");
  };
  same("noise", rows.noise);
  same("z_t", rows.z_t);
  same("target", rows.target);
  LATENTCELL_REQUIRE(Index(rows.t.size()) == data.rows(), caller, ": ", rows.t.size(), " times for ", data.rows(),
                     " cells");
  const Index d = data.cols();
  const T *const noise = rows.noise.data(), *const ends = data.data();
  T *const z_t = rows.z_t.data(), *const target = rows.target.data();
  const std::span<const T> t = rows.t;
  kernel::parallel_ranges(data.rows(), kernel::grain_of(d), [&](Index first, Index last) {
    for (Index b = first; b < last; ++b) {
      const TargetCoefficients<T> s = coefficients(t[to_size(b)]);
      const T *from = noise + b * d, *to = ends + b * d;
      T *z = z_t + b * d, *v = target + b * d;
      for (Index j = 0; j < d; ++j) {
        z[j] = s.z_noise * from[j] + s.z_data * to[j];
        v[j] = s.target_data * to[j] + s.target_noise * from[j];
      }
    }
  });
}

}  // namespace detail

}  // namespace latentcell
