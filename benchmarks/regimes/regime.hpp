#pragma once

#include <cmath>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include <latentcell/core/error.hpp>
#include <latentcell/evaluate/score_table.hpp>

namespace lc = latentcell;
using lc::Index;

/// Simulated data of one kind, and how an application does on it: the model beside its baselines and its ceiling.
struct Regime {
  std::string application, name;
  std::vector<std::string> metrics;  // that are reported, by name in the table
  std::function<lc::evaluate::ScoreTable(std::uint64_t seed)> run;
};

/// Mean of tables of the same metrics, method by method; values that are not finite count as 0: no change has no
/// correlation.
class MeanTable {
 public:
  void add(const lc::evaluate::ScoreTable& table) {
    if (tables_++ == 0) metrics_ = table.metrics();
    for (const auto& row : table.rows()) {
      auto at = rows_.begin();
      while (at != rows_.end() && at->method != row.method) ++at;
      if (at == rows_.end()) {
        at = rows_.insert(rows_.end(), row);
        at->values.clear();
      }
      at->values.resize(metrics_.size());
      for (std::size_t m = 0; m < metrics_.size(); ++m)
        at->values[m] += std::isfinite(row.values[m]) ? row.values[m] : 0.0;
    }
  }
  lc::evaluate::ScoreTable table() const {
    lc::evaluate::ScoreTable out(metrics_);
    for (auto row : rows_) {
      for (double& v : row.values) v /= double(tables_);
      out.add(row.method, row.role, row.values);
    }
    return out;
  }

 private:
  int tables_ = 0;
  std::vector<lc::evaluate::Metric> metrics_;
  std::vector<lc::evaluate::ScoreTable::Row> rows_;
};
