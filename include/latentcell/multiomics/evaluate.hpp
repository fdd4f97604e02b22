#pragma once

#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include <latentcell/kernel/cholesky.hpp>
#include <latentcell/kernel/factor_analysis.hpp>
#include <latentcell/kernel/neighbors.hpp>
#include <latentcell/metric/pearson.hpp>
#include <latentcell/conformal/prediction_intervals.hpp>

namespace latentcell {

/// What a translation is worth beside the measured values, over the cells that have them.
struct TranslationScore {
  std::string who;        ///< the model, or the floor's name
  std::vector<double> r;  ///< (F) Pearson correlation of each feature over the cells; NaN where it does not vary
  double mean_r = 0;      ///< over the features
  double mse = 0;         ///< mean squared error of the features in units of their standard deviations
  double cover50 = std::numeric_limits<double>::quiet_NaN();  ///< share of values inside the 50 % interval
  double cover80 = std::numeric_limits<double>::quiet_NaN();  ///< share of values inside the 80 % interval
};

inline std::vector<std::pair<std::string, double>> entries(const TranslationScore& s) {
  return {{"mean_r", s.mean_r}, {"mse", s.mse}, {"cover50", s.cover50}, {"cover80", s.cover80}};
}

/// predicted, truth (N, F); cells not measured are left out. Of features that do not vary, none counts.
inline TranslationScore translation_score(const std::string& who, const conformal::PredictionIntervals& predicted,
                                          const Matrix<float>& truth, const std::vector<char>& measured) {
  LATENTCELL_REQUIRE(predicted.mean.rows() == truth.rows() && predicted.mean.cols() == truth.cols() &&
                         Index(measured.size()) == truth.rows(),
                     "translation_score: predicted (", predicted.mean.rows(), ", ", predicted.mean.cols(), "), truth (",
                     truth.rows(), ", ", truth.cols(), "), ", measured.size(), " marks");
  TranslationScore out{who, {}};
  const bool intervals = predicted.low50.size() > 0;
  double used = 0, inside50 = 0, inside80 = 0, values = 0;
  for (Index f = 0; f < truth.cols(); ++f) {
    std::vector<double> x, y;
    double error = 0, mean = 0, square = 0;
    for (Index i = 0; i < truth.rows(); ++i) {
      if (!measured[to_size(i)]) continue;
      x.push_back(double(predicted.mean(i, f)));
      y.push_back(double(truth(i, f)));
      error += (x.back() - y.back()) * (x.back() - y.back());
      mean += y.back();
      if (intervals) {
        inside50 += truth(i, f) >= predicted.low50(i, f) && truth(i, f) <= predicted.high50(i, f) ? 1.0 : 0.0;
        inside80 += truth(i, f) >= predicted.low80(i, f) && truth(i, f) <= predicted.high80(i, f) ? 1.0 : 0.0;
        values += 1;
      }
    }
    LATENTCELL_REQUIRE(x.size() >= 3, "translation_score: only ", x.size(), " cells were measured");
    mean /= double(y.size());
    for (const double v : y) square += (v - mean) * (v - mean);
    if (square < 1e-9 * double(y.size())) {
      out.r.push_back(std::numeric_limits<double>::quiet_NaN());
      continue;
    }
    const double first = x.front();
    const bool flat = std::all_of(x.begin(), x.end(), [&](double v) { return std::abs(v - first) < 1e-9; });
    out.r.push_back(flat ? 0.0 : metric::pearson(x, y));
    out.mean_r += out.r.back();
    out.mse += error / square;
    used += 1;
  }
  out.mean_r /= std::max(1.0, used);
  out.mse /= std::max(1.0, used);
  if (intervals) out.cover50 = inside50 / values, out.cover80 = inside80 / values;
  return out;
}

/// Floor: linear in the components, or the features, that are told (ridge regression).
/// told, told_new: rows of codes as the model is told them; target (N, F) -> (M, F)
inline Matrix<float> ridge(const Matrix<float>& told, const Matrix<float>& target, const Matrix<float>& told_new,
                           double weight = 1.0) {
  const Index n = told.rows(), d = told.cols();
  const RowVector<double> x_mean = told.cast<double>().colwise().mean(),
                          y_mean = target.cast<double>().colwise().mean();
  Matrix<double> x = told.cast<double>();
  x.rowwise() -= x_mean;
  Matrix<double> gram = Matrix<double>::Zero(d, d), cross = Matrix<double>::Zero(d, target.cols());
  for (Index i = 0; i < n; ++i) {
    for (Index a = 0; a < d; ++a) {
      for (Index b = 0; b <= a; ++b) gram(a, b) += x(i, a) * x(i, b);
      cross.row(a) += x(i, a) * (target.row(i).cast<double>() - y_mean);
    }
  }
  for (Index a = 0; a < d; ++a) {
    for (Index b = a + 1; b < d; ++b) gram(a, b) = gram(b, a);
    gram(a, a) += weight;
  }
  kernel::cholesky_solve(gram, cross);
  Matrix<float> out(told_new.rows(), target.cols());
  for (Index i = 0; i < out.rows(); ++i) {
    RowVector<double> sum = y_mean;
    for (Index a = 0; a < d; ++a) sum += (double(told_new(i, a)) - x_mean(a)) * cross.row(a);
    out.row(i) = sum.cast<float>();
  }
  return out;
}

/// Floor: a linear joint VAE of source and target at its optimum, asked for the target.     as ridge
inline Matrix<float> linear_joint(const Matrix<float>& told, const Matrix<float>& target, const Matrix<float>& told_new,
                                  Index latent = 20) {
  const Index d = told.cols();
  Matrix<double> both(told.rows(), d + target.cols());
  both.leftCols(d) = told.cast<double>();
  both.rightCols(target.cols()) = target.cast<double>();
  const kernel::FactorAnalysis joint =
      kernel::fit_factor_analysis(both, {.factors = std::min(latent, both.cols() - 1)});
  return kernel::conditional_mean(joint, told_new.cast<double>()).cast<float>();
}

/// Floor: the mean of the nearest cells.     as ridge
inline Matrix<float> neighbor_mean(const Matrix<float>& told, const Matrix<float>& target,
                                   const Matrix<float>& told_new, Index neighbors = 30) {
  const Index k = std::min(neighbors, told.rows());
  const kernel::Neighbors near = kernel::nearest_neighbors(view(told_new), view(told), k);
  Matrix<float> out = Matrix<float>::Zero(told_new.rows(), target.cols());
  for (Index i = 0; i < out.rows(); ++i) {
    for (Index j = 0; j < k; ++j) out.row(i) += target.row(near.index(i, j)) / float(k);
  }
  return out;
}

}  // namespace latentcell
