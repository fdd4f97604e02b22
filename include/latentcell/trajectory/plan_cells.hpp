#pragma once

#include <algorithm>
#include <utility>
#include <vector>

#include <latentcell/trajectory/ot_paths.hpp>

namespace LATENTCELL_NAMESPACE::trajectory {

/// Cells on their way along a transport plan.
struct PlanCells {
  Matrix<float> mean;        ///< (n, D)
  std::vector<Index> row;    ///< (n) the cell of the pair that is nearer in time
  std::vector<double> from;  ///< (n) its time
};

/// Cells at times between two sides, each on the path of a pair of the transport plan between them, as far along it as
/// its time is between the pair's (McCann 1997, "A convexity principle for interacting gases"). No net is trained.
/// latents (N, D), time (N), to (n) times -> (n, D)
/// The sides are the cells nearest in time before and after the middle of the times: whole times, until there are
/// `window`. No time of a cell lies strictly between the earliest and the latest of `to`, or those beyond the two sides
/// are moved to the nearer side. Each plan is of 300 cells of either side, or of a larger `window`; more cells are from
/// more plans, at most 16. Throws std::invalid_argument where one side has no cell.
inline PlanCells plan_cells(ConstView<float> latents, const std::vector<double>& time, const std::vector<double>& to,
                            const OtPathOptions& options, Rng& rng) {
  constexpr Index few_plans = 2, many_plans = 16, most = 300;  // cells of a side in a plan: of many, better pairs
  check_options("plan_cells", options);
  PlanCells out;
  out.mean.resize(Index(to.size()), latents.cols());
  if (to.empty()) return out;
  const TimeOrder order(time);
  const auto [first, last] = std::minmax_element(to.begin(), to.end());
  const Index next = order.at_or_after(0.5 * (*first + *last));
  const std::vector<Index> before = order.window(next - 1, -1, options.window),
                           after = order.window(next, 1, options.window);
  LATENTCELL_REQUIRE(!before.empty() && !after.empty(), "plan_cells: no cell is ", before.empty() ? "before" : "after",
                     " the times ", *first, " to ", *last);
  const Index n = Index(to.size()), cells = std::max(most, options.window),
              plans = std::min(n, std::clamp((n + cells - 1) / cells, few_plans, many_plans));
  OtPathBuilder built(latents, time, order, options, cells);
  for (Index k = 0; k < plans; ++k) built.add(before, after, (n * (k + 1)) / plans - (n * k) / plans, rng);
  built.finish();
  std::vector<float> velocity(to_size(latents.cols()));
  for (Index p = 0; p < n; ++p) {
    const double a = built.paths.from[to_size(p)], b = built.paths.to[to_size(p)];
    const double share = std::clamp((to[to_size(p)] - a) / (b - a), 0.0, 1.0);
    built.paths.at(p, share, out.mean.row(p).data(), velocity.data());
    out.row.push_back(share < 0.5 ? built.early[to_size(p)] : built.late[to_size(p)]);
    out.from.push_back(time[to_size(out.row.back())]);
  }
  return out;
}

}  // namespace latentcell::trajectory
