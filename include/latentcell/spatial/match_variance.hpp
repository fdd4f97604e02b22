#pragma once

#include <latentcell/core/types.hpp>

namespace LATENTCELL_NAMESPACE::spatial {

/// Returns the standard deviation of each column.
/// shapes: x (N, F) -> (F)
inline RowVector<float> column_deviation(const Matrix<float>& x) {
  return (x.rowwise() - x.colwise().mean()).array().square().colwise().mean().sqrt();
}

/// Stretches predicted means about each gene's mean until the gene varies over these locations as much as `deviation`,
/// by a factor from 1 to 5; none falls below zero.
/// Because a conditional mean varies less than the values do, maps of it look blurred. Correlations stay; squared
/// errors grow.
/// shapes: mean (M, F), deviation (F) -> (M, F)
inline Matrix<float> match_variance(const Matrix<float>& mean, const RowVector<float>& deviation) {
  const RowVector<float> centre = mean.colwise().mean(), predicted = column_deviation(mean);
  Matrix<float> out = mean.rowwise() - centre;
  out.array().rowwise() *= (deviation.array() / predicted.array().max(1e-6f)).max(1.0f).min(5.0f);
  out.rowwise() += centre;
  return out.array().max(0.0f);
}

}  // namespace latentcell::spatial
