#pragma once

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include <latentcell/trajectory/fates.hpp>

namespace LATENTCELL_NAMESPACE::trajectory {

/// Mean fate probabilities of the reference cells of each label, and how many cells have a settled fate: one whose
/// probability is at least `settled_probability`.
struct FateReport {
  static constexpr double settled_probability = 0.8;

  struct Label {
    std::string label;
    Index cells = 0;
    double settled = 0;                                 ///< share of the cells with a settled fate
    std::vector<std::pair<std::string, double>> fates;  ///< mean probabilities above 0, the largest first
  };
  std::vector<Label> labels;                               ///< those that any cell has
  std::vector<std::pair<double, double>> settled_by_time;  ///< time, share of its cells with a settled fate

  /// One line per label with the fates of at least 0.03.
  std::string to_text() const {
    std::string out;
    for (const Label& l : labels) {
      out += text("  ", l.label, " (", l.cells, " cells):");
      for (const auto& [name, probability] : l.fates) {
        if (probability >= 0.03) out += "  " + name + two_decimals(probability);
      }
      out += ";  settled" + two_decimals(l.settled) + "\n";
    }
    return out;
  }

 private:
  static std::string two_decimals(double value) {
    char word[16];
    std::snprintf(word, sizeof word, " %.2f", value);
    return word;
  }
};

/// Fates of the reference cells that are not later than the time of the fates. Cells without a time are left out.
/// reference: cells with times and labels
inline FateReport fate_report(const Model& model, const LatentTable& reference, const std::string& label,
                              const FateOptions& options, Rng& rng) {
  const std::vector<double> times = read_times(reference.cell_columns, model.options.time);
  std::vector<Index> rows;
  for (Index i = 0; i < reference.cells(); ++i) {
    const double t = times[to_size(i)];
    if (std::isfinite(t) && !(t > options.at)) rows.push_back(i);  // options.at NaN: all
  }
  const LatentTable cells = reference.select_cells(rows);
  const Fates fates = fate_probabilities(model, cells, reference, label, options, rng);
  const Matrix<double>& p = fates.probability;
  const std::vector<int> codes = recode(cells.cell_columns.labels(label), fates.levels);
  const auto settled = [&](Index i) { return p.row(i).maxCoeff() >= FateReport::settled_probability ? 1.0 : 0.0; };
  FateReport out;
  for (std::size_t l = 0; l < fates.levels.size(); ++l) {
    FateReport::Label of{fates.levels[l], 0, 0, {}};
    RowVector<double> mean = RowVector<double>::Zero(p.cols());
    for (Index i = 0; i < p.rows(); ++i) {
      if (codes[to_size(i)] != int(l)) continue;
      mean += p.row(i);
      of.settled += settled(i);
      ++of.cells;
    }
    if (of.cells == 0) continue;
    of.settled /= double(of.cells);
    std::vector<std::pair<double, std::string>> order;
    for (Index k = 0; k < p.cols(); ++k) order.emplace_back(mean(k) / double(of.cells), fates.levels[to_size(k)]);
    std::sort(order.rbegin(), order.rend());
    for (const auto& [probability, name] : order) {
      if (probability > 0) of.fates.emplace_back(name, probability);
    }
    out.labels.push_back(std::move(of));
  }
  std::map<double, std::pair<double, double>> by_time;
  for (Index i = 0; i < p.rows(); ++i) {
    auto& [sum, cells_of_time] = by_time[times[to_size(rows[to_size(i)])]];
    sum += settled(i);
    cells_of_time += 1;
  }
  for (const auto& [t, share] : by_time) out.settled_by_time.emplace_back(t, share.first / share.second);
  return out;
}

}  // namespace latentcell::trajectory
