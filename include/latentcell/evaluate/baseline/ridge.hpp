#pragma once

#include <latentcell/evaluate/baseline/training_pairs.hpp>
#include <latentcell/kernel/ridge.hpp>

namespace LATENTCELL_NAMESPACE::evaluate::baseline {

/// Predicts the target linearly from the source, with an intercept (ridge regression).
/// query (M, C) -> (M, F)
/// weight: of the squared coefficients, above 0. Larger: smaller coefficients. Smaller: closer to least squares.
inline Matrix<float> ridge(const TrainingPairs& train, const Matrix<float>& query, double weight = 1.0) {
  train.check("ridge", query);
  const RowVector<double> x_mean = train.source.cast<double>().colwise().mean(),
                          y_mean = train.target.cast<double>().colwise().mean();
  Matrix<double> x = train.source.cast<double>(), y = train.target.cast<double>();
  x.rowwise() -= x_mean;
  y.rowwise() -= y_mean;
  const Matrix<double> slope = kernel::ridge(x, y, weight);
  Matrix<float> out(query.rows(), y.cols());
  for (Index i = 0; i < out.rows(); ++i) {
    RowVector<double> sum = y_mean;
    for (Index a = 0; a < x.cols(); ++a) sum += (double(query(i, a)) - x_mean(a)) * slope.row(a);
    out.row(i) = sum.cast<float>();
  }
  return out;
}

}  // namespace latentcell::evaluate::baseline
