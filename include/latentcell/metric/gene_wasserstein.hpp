#pragma once

#include <algorithm>
#include <cmath>
#include <utility>
#include <vector>

#include <latentcell/core/counts.hpp>
#include <latentcell/kernel/parallel.hpp>

namespace LATENTCELL_NAMESPACE::metric {

namespace detail {

// The stored values of each column, ascending; zeros are left out.
struct SortedColumns {
  std::vector<std::size_t> start;  // (G + 1)
  std::vector<float> values;
};

inline SortedColumns sorted_columns(const CountsView& x) {
  SortedColumns out{std::vector<std::size_t>(to_size(x.cols + 1), 0), {}};
  const auto each = [&](const auto& f) {
    for (Index r = 0; r < x.rows; ++r) {
      const auto columns = x.row_columns(r);
      const auto values = x.row_values(r);
      for (std::size_t k = 0; k < columns.size(); ++k) {
        if (values[k] != 0.0f) f(std::size_t(columns[k]), values[k]);
      }
    }
  };
  each([&](std::size_t g, float) { ++out.start[g + 1]; });
  for (std::size_t g = 1; g < out.start.size(); ++g) out.start[g] += out.start[g - 1];
  out.values.resize(out.start.back());
  std::vector<std::size_t> at = out.start;
  each([&](std::size_t g, float v) { out.values[at[g]++] = v; });
  kernel::parallel_ranges(x.cols, 64, [&](Index first, Index last) {
    for (Index g = first; g < last; ++g) {
      std::sort(out.values.begin() + std::ptrdiff_t(out.start[to_size(g)]),
                out.values.begin() + std::ptrdiff_t(out.start[to_size(g + 1)]));
    }
  });
  return out;
}

// Values with their weights, ascending, the zeros as one entry.
inline void weighted_values(const SortedColumns& columns, Index g, Index rows,
                            std::vector<std::pair<double, double>>& out) {
  out.clear();
  const std::size_t first = columns.start[to_size(g)], last = columns.start[to_size(g + 1)];
  const double zeros = double(rows - Index(last - first));
  bool placed = zeros == 0.0;
  for (std::size_t k = first; k < last; ++k) {
    if (!placed && columns.values[k] > 0.0f) {
      out.emplace_back(0.0, zeros / double(rows));
      placed = true;
    }
    out.emplace_back(double(columns.values[k]), 1.0 / double(rows));
  }
  if (!placed) out.emplace_back(0.0, zeros / double(rows));
}

}  // namespace detail

/// 1-Wasserstein distance between two sets of cells for each gene: the area between the two distribution functions.
/// real (N, G), generated (M, G), N and M may differ -> (G), in the units of the values
inline std::vector<double> gene_wasserstein(const CountsView& real, const CountsView& generated) {
  LATENTCELL_REQUIRE(real.cols == generated.cols, "gene_wasserstein: ", real.cols, " genes and ", generated.cols,
                     " genes");
  LATENTCELL_REQUIRE(real.rows > 0 && generated.rows > 0, "gene_wasserstein: needs cells, got ", real.rows, " and ",
                     generated.rows);
  const detail::SortedColumns a = detail::sorted_columns(real), b = detail::sorted_columns(generated);
  std::vector<double> out(to_size(real.cols), 0.0);
  kernel::parallel_ranges(real.cols, 64, [&](Index first, Index last) {
    std::vector<std::pair<double, double>> p, q;
    for (Index g = first; g < last; ++g) {
      detail::weighted_values(a, g, real.rows, p);
      detail::weighted_values(b, g, generated.rows, q);
      double below_p = 0, below_q = 0, at = 0, area = 0;
      for (std::size_t i = 0, j = 0; i < p.size() || j < q.size();) {
        const bool take_p = j == q.size() || (i < p.size() && p[i].first <= q[j].first);
        const auto& [value, weight] = take_p ? p[i] : q[j];
        area += std::abs(below_p - below_q) * (value - at);
        at = value;
        (take_p ? below_p : below_q) += weight;
        ++(take_p ? i : j);
      }
      out[to_size(g)] = area;
    }
  });
  return out;
}

}  // namespace latentcell::metric
