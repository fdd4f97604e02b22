#pragma once

#include <algorithm>
#include <cmath>
#include <span>
#include <vector>

#include <latentcell/core/options.hpp>
#include <latentcell/core/counts.hpp>
#include <latentcell/data/filter.hpp>
#include <latentcell/kernel/log_normalize.hpp>

namespace LATENTCELL_NAMESPACE {

/// What a cell's total is brought to.
struct NormalizeOptions {
  double target = 1e4;  ///< counts a cell has afterwards; 0: the median of the cells that have any

  static void visit(auto& self, auto&& f) { f("target", self.target, at_least(0)); }
};

namespace detail {

inline double normalize_target(const char* caller, std::span<const double> totals, const NormalizeOptions& options) {
  check_options(caller, options);
  if (options.target > 0) return options.target;
  std::vector<double> some;
  for (double total : totals) {
    if (total > 0) some.push_back(total);
  }
  if (some.empty()) return 1;
  const auto middle = some.begin() + Index(some.size() / 2);
  std::nth_element(some.begin(), middle, some.end());
  return some.size() % 2 == 1 ? *middle : (*middle + *std::max_element(some.begin(), middle)) / 2;
}

}  // namespace detail

/// Total of each cell over the target: the number its counts are divided by.   counts (B, G) -> (B), > 0
/// A cell without counts gets 1. Throws std::invalid_argument where target is negative or not finite.
inline std::vector<double> size_factors(const CountsView& counts, const NormalizeOptions& options = {}) {
  std::vector<double> factors = cell_totals(counts).counts;
  const double target = detail::normalize_target("size_factors", factors, options);
  for (double& factor : factors) factor = factor > 0 ? factor / target : 1;
  return factors;
}

/// Divides each cell by its size factor, so that all have the same total.   counts (B, G) -> (B, G), as sparse
inline Counts normalize(const CountsView& counts, const NormalizeOptions& options = {}) {
  const std::vector<double> factors = size_factors(counts, options);
  Counts out(counts.cols);
  out.reserve(counts.rows, counts.nonzeros());
  for (Index b = 0; b < counts.rows; ++b) {
    for (std::size_t k = 0; k < counts.row_values(b).size(); ++k) {
      out.push(counts.row_columns(b)[k], float(double(counts.row_values(b)[k]) / factors[to_size(b)]));
    }
    out.end_row();
  }
  return out;
}

/// log(1 + counts / size factor).   counts (B, G) -> (B, G), as sparse
/// With the default target this is log1p(CP10K).
inline Counts log_normalize(const CountsView& counts, const NormalizeOptions& options = {}) {
  if (options.target > 0) return kernel::log_normalize(counts, options.target);
  return kernel::log_normalize(counts, detail::normalize_target("log_normalize", cell_totals(counts).counts, options));
}

}  // namespace latentcell
