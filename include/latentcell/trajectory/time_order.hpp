#pragma once

#include <algorithm>
#include <cmath>
#include <map>
#include <utility>
#include <vector>

#include <latentcell/core/types.hpp>

namespace LATENTCELL_NAMESPACE::trajectory {

/// Rows of cells grouped by time, with the distinct times in ascending order. Rows without a finite time are left out.
struct TimeOrder {
  std::vector<double> times;             ///< distinct times, ascending
  std::vector<std::vector<Index>> rows;  ///< rows of the cells of each time, ascending

  explicit TimeOrder(const std::vector<double>& time) {
    std::map<double, std::vector<Index>> by;
    for (std::size_t i = 0; i < time.size(); ++i) {
      if (std::isfinite(time[i])) by[time[i]].push_back(Index(i));
    }
    for (auto& [t, r] : by) {
      times.push_back(t);
      rows.push_back(std::move(r));
    }
  }

  Index size() const { return Index(times.size()); }

  /// Position of the first time that is at least `time`; size() where all are earlier.
  Index at_or_after(double time) const {
    return Index(std::lower_bound(times.begin(), times.end(), time) - times.begin());
  }
  /// Position of the first time that is above `time`; size() where none is.
  Index after(double time) const { return Index(std::upper_bound(times.begin(), times.end(), time) - times.begin()); }

  /// Rows of the cells of position `first` and of further positions, earlier or later ones, until there are `enough`.
  /// All cells of a time are taken or none.     direction: -1 towards earlier times, 1 towards later ones
  std::vector<Index> window(Index first, Index direction, Index enough) const {
    std::vector<Index> out;
    for (Index k = first; k >= 0 && k < size() && Index(out.size()) < enough; k += direction)
      out.insert(out.end(), rows[to_size(k)].begin(), rows[to_size(k)].end());
    return out;
  }
};

}  // namespace latentcell::trajectory
