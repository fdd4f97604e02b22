#pragma once

#include <span>

#include <latentcell/core/error.hpp>
#include <latentcell/kernel/parallel.hpp>
#include <latentcell/kernel/rows.hpp>

namespace latentcell {

/// Shares of data and noise in a cell's point on a path and in its target.
template <class T>
struct TargetCoefficients {
  T z_data, z_noise, target_data, target_noise;
};

namespace detail {

/// z_t and target of each cell, shares(b) telling how they are made.     t (B), all matrices (B, D), none overlapping
template <class T, class Shares>
void blend_rows(const char* who, std::span<const T> t, ConstView<T> noise, ConstView<T> data, View<T> z_t,
                View<T> target, const Shares& shares) {
  const auto same = [&](const char* name, const auto& m) {
    LATENTCELL_REQUIRE(m.rows() == data.rows() && m.cols() == data.cols(), who, ": ", name, " (", m.rows(), ", ",
                       m.cols(), ") but data (", data.rows(), ", ", data.cols(), ")");
  };
  same("noise", noise);
  same("z_t", z_t);
  same("target", target);
  LATENTCELL_REQUIRE(Index(t.size()) == data.rows(), who, ": ", t.size(), " times for ", data.rows(), " cells");
  const Index d = data.cols();
  kernel::parallel_ranges(data.rows(), kernel::row_grain(d), [&](Index first, Index last) {
    for (Index b = first; b < last; ++b) {
      const TargetCoefficients<T> s = shares(t[to_size(b)]);
      const T *from = noise.data() + b * d, *to = data.data() + b * d;
      T *z = z_t.data() + b * d, *v = target.data() + b * d;
      for (Index j = 0; j < d; ++j) {
        z[j] = s.z_noise * from[j] + s.z_data * to[j];
        v[j] = s.target_data * to[j] + s.target_noise * from[j];
      }
    }
  });
}

}  // namespace detail

}  // namespace latentcell
