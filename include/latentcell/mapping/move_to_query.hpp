#pragma once

#include <algorithm>
#include <cmath>
#include <span>
#include <vector>

#include <latentcell/core/error.hpp>
#include <latentcell/core/types.hpp>

namespace LATENTCELL_NAMESPACE::mapping {

/// Labelled cells and query cells in one space.
struct CellsAndQuery {
  const Matrix<float>& cells;           ///< (N, D)
  std::span<const int> codes;           ///< (N) labels in [0, L)
  const Matrix<float>& query;           ///< (M, D)
  const Matrix<double>& probabilities;  ///< (M, L) of the query's labels
};

/// Moves labelled cells by what lies between them and the query, label by label, so that cells held out of them are as
/// hard to label as the query's. Each label's mean comes to that of the query cells that are thought to have it; a
/// label of few such cells moves as all cells do. Deviations from it are stretched, dimension by dimension, as the
/// query's are (an alignment of first and second moments: Sun, Feng and Saenko 2016).
/// -> (N, D)
inline Matrix<float> move_to_query(const CellsAndQuery& of) {
  constexpr double few = 10;  // query cells at which a label's own shift counts as much as that of all
  const Index n = of.cells.rows(), d = of.cells.cols(), labels = of.probabilities.cols();
  LATENTCELL_REQUIRE(n >= 1 && of.query.rows() >= 1 && Index(of.codes.size()) == n && of.query.cols() == d &&
                         of.probabilities.rows() == of.query.rows(),
                     "move_to_query: cells (", n, ", ", d, "), ", of.codes.size(), " codes, query (", of.query.rows(),
                     ", ", of.query.cols(), "), probabilities of ", of.probabilities.rows());
  const Matrix<double> cells = of.cells.cast<double>(), query = of.query.cast<double>();
  Matrix<double> mean = Matrix<double>::Zero(labels, d), of_query = of.probabilities.transpose() * query;
  std::vector<double> count(to_size(labels), 0.0), expected(to_size(labels), 0.0);
  for (Index i = 0; i < n; ++i) {
    mean.row(of.codes[to_size(i)]) += cells.row(i);
    count[to_size(of.codes[to_size(i)])] += 1;
  }
  const RowVector<double> common = query.colwise().mean() - cells.colwise().mean();
  RowVector<double> square = RowVector<double>::Zero(d), query_square = square;
  for (Index l = 0; l < labels; ++l) {
    expected[to_size(l)] = of.probabilities.col(l).sum();
    mean.row(l) /= std::max(1.0, count[to_size(l)]);
    of_query.row(l) /= std::max(1e-9, expected[to_size(l)]);
    for (Index i = 0; i < query.rows(); ++i)
      query_square.array() += of.probabilities(i, l) * (query.row(i) - of_query.row(l)).array().square();
  }
  for (Index i = 0; i < n; ++i) square.array() += (cells.row(i) - mean.row(of.codes[to_size(i)])).array().square();
  const double ratio = double(n) / double(query.rows());
  RowVector<double> stretch(d);
  for (Index k = 0; k < d; ++k)
    stretch(k) = square(k) > 0 ? std::clamp(std::sqrt(ratio * query_square(k) / square(k)), 0.5, 2.0) : 1.0;
  Matrix<float> out(n, d);
  for (Index i = 0; i < n; ++i) {
    const Index l = of.codes[to_size(i)];
    const double own = expected[to_size(l)] / (expected[to_size(l)] + few);
    const RowVector<double> shift = own * (of_query.row(l) - mean.row(l)) + (1 - own) * common;
    out.row(i) = (mean.row(l) + shift + (cells.row(i) - mean.row(l)).cwiseProduct(stretch)).cast<float>();
  }
  return out;
}

}  // namespace latentcell::mapping
