#pragma once

#include <algorithm>

#include <latentcell/evaluate/baseline/training_pairs.hpp>
#include <latentcell/kernel/factor_analysis.hpp>

namespace LATENTCELL_NAMESPACE::evaluate::baseline {

/// Predicts the target as a linear joint VAE of source and target at its optimum does: factor analysis of both sides,
/// then the conditional mean (Lucas et al. 2019).
/// query (M, C) -> (M, F)
/// latent: factors, less where there are fewer columns.
inline Matrix<float> linear_joint(const TrainingPairs& train, const Matrix<float>& query, Index latent = 20) {
  train.check("linear_joint", query);
  const Index d = train.source.cols();
  Matrix<double> both(train.source.rows(), d + train.target.cols());
  both.leftCols(d) = train.source.cast<double>();
  both.rightCols(train.target.cols()) = train.target.cast<double>();
  const kernel::FactorAnalysis joint =
      kernel::fit_factor_analysis(both, {.factors = std::min(latent, both.cols() - 1)});
  return kernel::conditional_mean(joint, query.cast<double>()).cast<float>();
}

}  // namespace latentcell::evaluate::baseline
