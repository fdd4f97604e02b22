#pragma once

#include <cmath>
#include <string>
#include <utility>
#include <vector>

#include <latentcell/core/median.hpp>
#include <latentcell/evaluate/score_table.hpp>

namespace LATENTCELL_NAMESPACE::evaluate {

/// Returns one sentence about the first model of each table, all tables together: in how many metrics it beats every
/// baseline, and how much of the way from the best baseline to the ceiling it goes (median over the metrics). Of values
/// with errors only those count that differ (ScoreTable::add). It names the model if all tables with baselines are of
/// the same one.
inline std::string verdict(const std::vector<ScoreTable>& tables) {
  ScoreTable::Comparison all;
  std::string lone;  // a model without baselines
  bool same = true;
  for (const ScoreTable& table : tables) {
    const ScoreTable::Comparison one = table.compare();
    if (one.metrics == 0) {
      if (lone.empty()) lone = one.method;
      continue;
    }
    if (all.method.empty()) all.method = one.method;
    same = same && one.method == all.method;
    all.metrics += one.metrics;
    all.better += one.better;
    all.undecided += one.undecided;
    all.shares.insert(all.shares.end(), one.shares.begin(), one.shares.end());
  }
  if (all.metrics == 0) return lone.empty() ? "no model was evaluated" : lone + ": no baseline to compare with";
  std::string out = text(same ? all.method + ": " : "", "better than every baseline in ", all.better, " of ",
                         all.metrics, " metrics");
  if (all.undecided > 0) out += text(" (within two errors of the best in ", all.undecided, ")");
  if (all.shares.empty()) return out;
  const long percent = std::lround(100 * median(std::move(all.shares)));
  if (percent < 0) return out + "; on the whole farther from the ceiling than the best baseline";
  return out + text("; ", percent, " % of the way from the best baseline to the ceiling");
}
inline std::string verdict(const ScoreTable& table) { return verdict(std::vector<ScoreTable>{table}); }

}  // namespace latentcell::evaluate
