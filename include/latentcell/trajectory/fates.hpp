#pragma once

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include <latentcell/kernel/neighbors.hpp>
#include <latentcell/metric/neighbor_votes.hpp>
#include <latentcell/metric/subsample.hpp>
#include <latentcell/trajectory/predict.hpp>

namespace LATENTCELL_NAMESPACE::trajectory {

struct FateOptions {
  Index draws = 20;      ///< paths per cell, at least 1; without noise one is enough and one is taken
  Index neighbors = 15;  ///< reference cells that vote, at least 1. Larger: smoother probabilities
  Index steps = 20;      ///< of the integrator
  double at = std::numeric_limits<double>::quiet_NaN();  ///< time of the fates; NaN: the last of the reference

  static void visit(auto& self, auto&& f) {
    f("draws", self.draws, at_least(1));
    f("neighbors", self.neighbors, at_least(1));
    f("steps", self.steps, at_least(1));
    f("at", self.at);
  }
};

/// Probabilities of what cells become, one column per level of a label.
struct Fates {
  std::vector<std::string> levels;  ///< of the label in the reference
  Matrix<double> probability;       ///< (N, levels), rows sum to 1
};

namespace detail {

/// Labelled reference cells at a time or nearest to it: whole times of `window` cells before and after.
inline std::vector<Index> labelled_around(const TimeOrder& order, double when, Index window,
                                          const Categorical& labels) {
  const Index next = order.after(when);
  std::vector<Index> out;
  for (const auto& side : {order.window(next - 1, -1, window), order.window(next, 1, window)}) {
    for (const Index row : side) {
      if (labels.codes[to_size(row)] >= 0) out.push_back(row);
    }
  }
  return out;
}

}  // namespace detail

/// Fate probabilities: cells are moved to a late time, where the nearest reference cells of about that time vote with
/// their labels.
/// cells (N, D) with times, reference: cells with times and labels -> (N, levels)
/// Throws std::invalid_argument where no reference cell of about that time has a label, or a cell to move has no time.
inline Fates fate_probabilities(const Model& model, const LatentTable& cells, const LatentTable& reference,
                                const std::string& label, const FateOptions& options, Rng& rng) {
  check_options("fate_probabilities", options);
  LATENTCELL_REQUIRE(!std::isinf(options.at), "fate_probabilities: at must be a time or NaN, got ", options.at);
  const Categorical labels = reference.cell_columns.labels(label);
  const TimeOrder order(read_times(reference.cell_columns, model.options.time));
  LATENTCELL_REQUIRE(order.size() > 0, "fate_probabilities: no reference cell has a time");
  const double when = std::isnan(options.at) ? order.times.back() : options.at;
  const std::vector<Index> voters = detail::labelled_around(order, when, model.options.paths.window, labels);
  LATENTCELL_REQUIRE(!voters.empty(), "fate_probabilities: no cell of about time ", when, " has a label in '", label,
                     "'");
  const Matrix<float> ends = metric::pick_rows(view(reference.mean), voters);
  std::vector<int> codes;
  for (const Index row : voters) codes.push_back(labels.codes[to_size(row)]);
  const std::vector<double> from = read_times(cells.cell_columns, model.options.time), to(from.size(), when);
  const Index draws = model.velocity.options.noise > 0 ? options.draws : 1;
  Fates out{labels.levels, Matrix<double>::Zero(cells.cells(), Index(labels.levels.size()))};
  for (Index draw = 0; draw < draws; ++draw) {
    Matrix<float> z = cells.mean;
    advance_in_time(model.velocity, z, from, to, options.steps, rng);
    const kernel::Neighbors near =
        kernel::nearest_neighbors(view(z), view(ends), std::min(options.neighbors, ends.rows()));
    out.probability += metric::neighbor_shares(near, codes, out.probability.cols());
  }
  out.probability /= double(draws);
  return out;
}

/// Adds an obs column "fate_<level>" for each level that a reference cell has. A slash in a name becomes a bar, since
/// no entry of an HDF5 file may contain one.
inline void annotate_fates(LatentTable& cells, const Fates& fates, const Categorical& reference_labels) {
  for (Index l = 0; l < fates.probability.cols(); ++l) {
    if (reference_labels.count(int(l)) == 0) continue;
    std::vector<double> column(to_size(fates.probability.rows()));
    for (Index i = 0; i < fates.probability.rows(); ++i) column[to_size(i)] = fates.probability(i, l);
    std::string name = "fate_" + fates.levels[to_size(l)];
    std::replace(name.begin(), name.end(), '/', '|');
    cells.cell_columns.set(std::move(name), std::move(column));
  }
}

}  // namespace latentcell::trajectory
