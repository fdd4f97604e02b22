#pragma once

#include <algorithm>
#include <string>
#include <utility>

#include <latentcell/io/read_points.hpp>
#include <latentcell/trajectory/snapshots.hpp>

namespace LATENTCELL_NAMESPACE::trajectory {

/// Reads a CSV or TSV of numbers, a row per cell: one column of times, the others coordinates of an embedding.
/// Throws std::runtime_error with the path where the column is missing, or a point lacks a coordinate.
inline Snapshots read_embedding(const std::string& path, const std::string& time) {
  const io::Points table = io::read_points(path);
  const auto at = std::find(table.columns.begin(), table.columns.end(), time);
  if (at == table.columns.end())
    throw_runtime(path, ": has no column '", time, "'; there are ", Categorical{table.columns, {}}.list());
  const Index column = at - table.columns.begin(), n = table.values.rows(), d = table.values.cols() - 1;
  if (d < 1) throw_runtime(path, ": has no coordinates beside '", time, "'");
  Snapshots out;
  LatentTable& points = out.points;
  std::vector<double> times;
  points.mean.resize(n, d);
  for (Index i = 0; i < n; ++i) {
    times.push_back(table.values(i, column));
    points.cell_names.push_back(text("row_", i + 1));
    for (Index j = 0; j < d; ++j) points.mean(i, j) = float(table.values(i, j < column ? j : j + 1));
    if (!points.mean.row(i).allFinite()) throw_runtime(path, ": point ", i + 1, " lacks a coordinate");
  }
  for (Index j = 0; j < d; ++j) out.axes.push_back(table.columns[to_size(j < column ? j : j + 1)]);
  points.cell_columns = Annotation(n);
  points.cell_columns.set(time, std::move(times));
  return out;
}

}  // namespace latentcell::trajectory
