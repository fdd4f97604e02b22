#pragma once

#include <cmath>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <latentcell/data/filter.hpp>
#include <latentcell/trajectory/snapshots.hpp>
#include <latentcell/trajectory/time_order.hpp>
#include <latentcell/trajectory/time_range.hpp>

namespace LATENTCELL_NAMESPACE::trajectory {

struct TimeSplitOptions {
  std::optional<TimeRange> holdout = {};  ///< times whose cells are held out; none: all cells are for training
  Index min_cells = 10;                   ///< training cells that a gene must be detected in to be kept

  static void visit(auto& self, auto&& f) {
    f("holdout", self.holdout);
    f("min_cells", self.min_cells, at_least(0));
  }
};

/// Cells for training and held-out cells.
struct TimeSplit {
  Snapshots train, test;
  Index without_time = 0;  ///< cells that are in neither, because their time is missing
};

/// Holds out the cells of a time range before anything is computed, the choice of genes included.
/// Throws std::invalid_argument where fewer than two distinct times are left.
inline TimeSplit split_times(const Snapshots& cells, const std::string& time, const TimeSplitOptions& options = {}) {
  check_options("split_times", options);
  if (options.holdout) options.holdout->check("split_times");
  const std::vector<double> times = cells.times(time);
  TimeSplit out;
  std::vector<Index> train, test;
  std::vector<double> kept;
  for (Index i = 0; i < Index(times.size()); ++i) {
    const double t = times[to_size(i)];
    if (!std::isfinite(t)) {
      ++out.without_time;
    } else if (options.holdout && options.holdout->contains(t)) {
      test.push_back(i);
    } else {
      train.push_back(i);
      kept.push_back(t);
    }
  }
  const Index distinct = TimeOrder(kept).size();
  LATENTCELL_REQUIRE(distinct >= 2, "split_times: there must be cells of at least two times, there are ", distinct);
  out.train = cells.select_cells(train);
  out.test = cells.select_cells(test);
  if (out.train.counts)
    out.train.counts = filter_genes(*out.train.counts, GeneFilterOptions{.min_cells = options.min_cells});
  return out;
}

}  // namespace latentcell::trajectory
