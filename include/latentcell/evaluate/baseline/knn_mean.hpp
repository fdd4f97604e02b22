#pragma once

#include <algorithm>

#include <latentcell/evaluate/baseline/training_pairs.hpp>
#include <latentcell/kernel/neighbors.hpp>

namespace LATENTCELL_NAMESPACE::evaluate::baseline {

/// Predicts the mean target of the cells with the nearest source.
/// query (M, C) -> (M, F)
/// neighbors: at least 1; all cells where there are fewer. Larger: smoother. Smaller: noisier.
inline Matrix<float> knn_mean(const TrainingPairs& train, const Matrix<float>& query, Index neighbors = 30) {
  train.check("knn_mean", query);
  const Index k = std::min(neighbors, train.source.rows());
  const kernel::Neighbors near = kernel::nearest_neighbors(view(query), view(train.source), k);
  Matrix<float> out = Matrix<float>::Zero(query.rows(), train.target.cols());
  for (Index i = 0; i < out.rows(); ++i) {
    for (Index j = 0; j < k; ++j) out.row(i) += train.target.row(near.index(i, j)) / float(k);
  }
  return out;
}

}  // namespace latentcell::evaluate::baseline
