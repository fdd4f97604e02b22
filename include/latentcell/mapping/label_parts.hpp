#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <set>
#include <string_view>
#include <vector>

#include <latentcell/data/assign_folds.hpp>
#include <latentcell/kernel/neighbors.hpp>
#include <latentcell/metric/logistic_regression.hpp>
#include <latentcell/metric/neighbor_votes.hpp>

// The parts that a label is pooled from, and how labelled cells are held out to weigh them.

namespace LATENTCELL_NAMESPACE::mapping {

/// Names of the parts, in the order of their weights.
inline constexpr std::array<std::string_view, 3> label_parts = {
    "neighbors in the latent", "neighbors in components of both", "logistic regression on components of both"};

/// Labelled cells that others are compared with.
struct LabelledPoints {
  const Matrix<float>& at;        ///< (N, D)
  const std::vector<int>& codes;  ///< (N) in [0, labels)
  Index labels = 0;
};

/// Share of each label among the nearest labelled points, `neighbors` of them or all but one.
/// shapes: x (M, D) -> (M, L)
inline Matrix<double> neighbor_labels(const LabelledPoints& of, const Matrix<float>& x, Index neighbors) {
  const Index k = std::max<Index>(1, std::min(neighbors, of.at.rows() - 1));
  return metric::neighbor_shares(kernel::nearest_neighbors(view(x), view(of.at), k), of.codes, of.labels);
}

/// Logistic regression on standardised coordinates: a row of scores for each label, the intercept last. Labels without
/// cells are never found.
/// shapes: -> (L, D + 1)
inline Matrix<float> fit_logistic_labels(const LabelledPoints& of) {
  constexpr float never = -1e30f;
  Matrix<float> out = Matrix<float>::Zero(of.labels, of.at.cols() + 1);
  out.col(of.at.cols()).setConstant(never);
  const std::set<int> present(of.codes.begin(), of.codes.end());
  if (present.size() == 1) out(*present.begin(), of.at.cols()) = 0;
  if (present.size() < 2) return out;
  const metric::LogisticRegression fitted(view(of.at), of.codes, {.inputs = metric::Inputs::standardised});
  for (std::size_t k = 0; k < fitted.classes().size(); ++k)
    out.row(fitted.classes()[k]) = fitted.weights().row(Index(k)).cast<float>();
  return out;
}

/// Probabilities of what fit_logistic_labels fitted.
/// shapes: scores (L, D + 1), x (M, D) -> (M, L)
inline Matrix<double> logistic_labels(const Matrix<float>& scores, const Matrix<float>& x) {
  LATENTCELL_REQUIRE(scores.cols() == x.cols() + 1, "logistic_labels: scores of ", scores.cols() - 1,
                     " coordinates for points of ", x.cols());
  const Matrix<double> weight = scores.leftCols(x.cols()).cast<double>();
  Matrix<double> out = x.cast<double>() * weight.transpose();
  out.rowwise() += RowVector<double>(scores.col(x.cols()).cast<double>().transpose());
  for (Index i = 0; i < out.rows(); ++i) {
    out.row(i) = (out.row(i).array() - out.row(i).maxCoeff()).exp();
    out.row(i) /= out.row(i).sum();
  }
  return out;
}

/// How labelled cells are held out: whole levels of the batch covariate where there are two or more, else cells.
struct LabelHoldouts {
  std::vector<Index> of_cell;   ///< (N) hold-out of each cell
  std::vector<Index> of_level;  ///< hold-out of each level of the batch covariate; empty where cells are held out
  Index count = 0;
};

/// At most five hold-outs. Cells are held out too where the cells of the other levels had fewer than two labels.
/// batch_covariate (N), at least 0, or empty
inline LabelHoldouts hold_out_labels(const std::vector<int>& codes, const std::vector<int>& batch_covariate,
                                     std::uint64_t seed) {
  constexpr Index most = 5;
  const Index n = Index(codes.size());
  LATENTCELL_REQUIRE(batch_covariate.empty() || batch_covariate.size() == codes.size(),
                     "hold_out_labels: ", batch_covariate.size(), " levels of the batch covariate for ", n, " cells");
  const std::set<int> levels(batch_covariate.begin(), batch_covariate.end());
  LabelHoldouts out;
  if (levels.size() >= 2) {
    LATENTCELL_REQUIRE(*levels.begin() >= 0, "hold_out_labels: a cell has no level of the batch covariate");
    out.count = std::min(most, Index(levels.size()));
    const std::vector<Index> fold = assign_folds(Index(levels.size()), out.count, seed);
    out.of_level.assign(std::size_t(*levels.rbegin()) + 1, -1);
    std::size_t at = 0;
    for (const int level : levels) out.of_level[std::size_t(level)] = fold[at++];
    for (const int level : batch_covariate) out.of_cell.push_back(out.of_level[std::size_t(level)]);
    bool usable = true;
    for (Index f = 0; f < out.count; ++f) {
      std::set<int> others;
      for (std::size_t i = 0; i < codes.size(); ++i) {
        if (out.of_cell[i] != f) others.insert(codes[i]);
      }
      usable = usable && others.size() >= 2;
    }
    if (usable) return out;
  }
  out.count = std::min(most, n);
  out.of_level.clear();
  out.of_cell = assign_folds(n, out.count, seed);
  return out;
}

}  // namespace latentcell::mapping
