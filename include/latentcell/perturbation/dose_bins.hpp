#pragma once

#include <algorithm>
#include <cmath>
#include <span>
#include <utility>
#include <vector>

#include <latentcell/core/types.hpp>

namespace LATENTCELL_NAMESPACE::perturbation {

/// Cells of similar dose.
struct DoseBin {
  double dose;               ///< mean of the cells' doses
  std::vector<Index> cells;  ///< rows
};

/// Cuts cells into at most eight bins of dose with about equal numbers; cells of one dose share a bin. Cells whose dose
/// is missing, infinite or not above 0 are left out, because they show no effect of a dose.
///
/// cells: rows of `dose`
inline std::vector<DoseBin> dose_bins(std::vector<Index> cells, std::span<const double> dose) {
  constexpr std::size_t most = 8;
  const auto dose_of = [&](Index i) { return dose[to_size(i)]; };
  std::erase_if(cells, [&](Index i) { return !(dose_of(i) > 0 && std::isfinite(dose_of(i))); });
  std::stable_sort(cells.begin(), cells.end(), [&](Index a, Index b) { return dose_of(a) < dose_of(b); });
  std::vector<DoseBin> out;
  const std::size_t per_bin = (cells.size() + most - 1) / most;
  for (const Index i : cells) {
    if (out.empty() || (out.back().cells.size() >= per_bin && dose_of(out.back().cells.back()) < dose_of(i)))
      out.push_back({});
    out.back().cells.push_back(i);
  }
  for (DoseBin& bin : out) {
    double sum = 0;
    for (const Index i : bin.cells) sum += dose_of(i);
    bin.dose = sum / double(bin.cells.size());
  }
  return out;
}

}  // namespace latentcell::perturbation
