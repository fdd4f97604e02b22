#pragma once

#include <algorithm>
#include <cmath>
#include <vector>

#include <latentcell/core/options.hpp>
#include <latentcell/core/error.hpp>
#include <latentcell/core/types.hpp>

namespace LATENTCELL_NAMESPACE::metric {

/// How strongly stacking weights are held; both in numbers of cells, at least 0.
struct StackingOptions {
  double to_equal = 10;    ///< the weights that all columns share, to equal ones. Larger: nearer to the plain mean
  double to_shared = 100;  ///< the weights of a column, to those that all share. Larger: columns differ less

  static void visit(auto& self, auto&& f) {
    f("to_equal", self.to_equal, at_least(0));
    f("to_shared", self.to_shared, at_least(0));
  }
};

namespace detail {

/// Weights w >= 0 of sum 1 that minimise w' error w + hold |w - prior|^2, by moving weight between pairs.
/// error (K, K) mean products of the predictors' errors
inline std::vector<double> simplex_weights(Matrix<double> error, const std::vector<double>& prior, double hold) {
  const Index k = error.rows();
  error.diagonal().array() += hold;
  std::vector<double> w = prior;
  double moved = 1;
  for (int sweep = 0; sweep < 1000 && moved > 1e-12; ++sweep) {
    moved = 0;
    for (Index a = 0; a < k; ++a) {
      for (Index b = 0; b < a; ++b) {
        double slope = hold * (prior[to_size(b)] - prior[to_size(a)]);
        for (Index j = 0; j < k; ++j) slope += (error(a, j) - error(b, j)) * w[to_size(j)];
        const double curve = error(a, a) + error(b, b) - 2 * error(a, b);
        if (!(curve > 0)) continue;
        const double step = std::clamp(-slope / curve, -w[to_size(a)], w[to_size(b)]);
        w[to_size(a)] += step;
        w[to_size(b)] -= step;
        moved = std::max(moved, std::abs(step));
      }
    }
  }
  return w;
}

}  // namespace detail

/// Weights of predictors, at least 0 and of sum 1, that make the squared error of their weighted mean small (Wolpert
/// 1992, "Stacked generalization"; Breiman 1996, "Stacked regressions"). All columns share weights that few cells hold
/// to equal ones; each column's are held to the shared ones.
/// parts: of each predictor (N, D), of cells that it was not trained on; truth (N, D) -> (parts, D)
/// A column without error in any predictor gets the shared weights. Throws std::invalid_argument for other
/// shapes and for numbers that are not finite.
inline Matrix<double> stacking_weights(const std::vector<Matrix<float>>& parts, const Matrix<float>& truth,
                                       const StackingOptions& o = {}) {
  check_options("stacking_weights", o);
  const Index k = Index(parts.size()), n = truth.rows(), d = truth.cols();
  LATENTCELL_REQUIRE(k >= 1 && n >= 1, "stacking_weights: ", k, " predictors of ", n, " cells");
  std::vector<Matrix<double>> error;  // of each column, in units of the mean squared error of its predictors
  Matrix<double> shared = Matrix<double>::Zero(k, k);
  for (const Matrix<float>& p : parts)
    LATENTCELL_REQUIRE(p.rows() == n && p.cols() == d, "stacking_weights: a prediction (", p.rows(), ", ", p.cols(),
                       ") of a truth (", n, ", ", d, ")");
  for (const Matrix<float>& p : parts)
    LATENTCELL_REQUIRE(p.allFinite(), "stacking_weights: a prediction holds numbers that are not finite");
  LATENTCELL_REQUIRE(truth.allFinite(), "stacking_weights: the truth holds numbers that are not finite");
  for (Index c = 0; c < d; ++c) {
    Matrix<double> e(n, k);
    for (Index a = 0; a < k; ++a) e.col(a) = (parts[to_size(a)].col(c) - truth.col(c)).cast<double>();
    Matrix<double> gram(k, k);
    for (Index a = 0; a < k; ++a) {
      for (Index b = 0; b < k; ++b) gram(a, b) = e.col(a).dot(e.col(b)) / double(n);
    }
    const double unit = gram.trace() / double(k);
    error.push_back(unit > 0 ? Matrix<double>(gram / unit) : Matrix<double>::Zero(k, k));
    shared += error.back() / double(d);
  }
  const std::vector<double> common =
      detail::simplex_weights(shared, std::vector<double>(to_size(k), 1.0 / double(k)), o.to_equal / double(n));
  Matrix<double> out(k, d);
  for (Index c = 0; c < d; ++c) {
    const std::vector<double> w = detail::simplex_weights(error[to_size(c)], common, o.to_shared / double(n));
    for (Index a = 0; a < k; ++a) out(a, c) = w[to_size(a)];
  }
  return out;
}

}  // namespace latentcell::metric
