#pragma once

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include <latentcell/conformal/prediction_intervals.hpp>
#include <latentcell/evaluate/baseline/knn_mean.hpp>
#include <latentcell/evaluate/baseline/linear_joint.hpp>
#include <latentcell/evaluate/baseline/ridge.hpp>
#include <latentcell/evaluate/score_table.hpp>
#include <latentcell/metric/pearson.hpp>
#include <latentcell/multiomics/cell_modalities.hpp>
#include <latentcell/multiomics/model.hpp>

namespace LATENTCELL_NAMESPACE::multiomics {

/// What one method predicts of cells.
struct Prediction {
  std::string method;
  evaluate::Role role = evaluate::Role::model;
  conformal::PredictionIntervals values;  ///< (N, F)
};

/// Returns the Pearson correlation of each feature over the measured cells: NaN where the truth does not vary, 0 where
/// the prediction does not.
/// predicted, truth (N, F), measured (N) -> (F)
inline std::vector<double> correlations(const Matrix<float>& predicted, const Matrix<float>& truth,
                                        const std::vector<char>& measured) {
  LATENTCELL_REQUIRE(
      predicted.rows() == truth.rows() && predicted.cols() == truth.cols() && Index(measured.size()) == truth.rows(),
      "correlations: predicted (", predicted.rows(), ", ", predicted.cols(), "), truth (", truth.rows(), ", ",
      truth.cols(), "), ", measured.size(), " marks");
  std::vector<double> out;
  for (Index f = 0; f < truth.cols(); ++f) {
    std::vector<double> x, y;
    double mean = 0, square = 0;
    for (Index i = 0; i < truth.rows(); ++i) {
      if (!measured[to_size(i)]) continue;
      x.push_back(double(predicted(i, f)));
      y.push_back(double(truth(i, f)));
      mean += y.back();
    }
    LATENTCELL_REQUIRE(x.size() >= 3, "correlations: only ", x.size(), " cells were measured");
    mean /= double(y.size());
    for (const double v : y) square += (v - mean) * (v - mean);
    const bool flat = std::all_of(x.begin(), x.end(), [&](double v) { return std::abs(v - x.front()) < 1e-9; });
    const bool varies = square >= 1e-9 * double(y.size());
    out.push_back(!varies ? std::numeric_limits<double>::quiet_NaN() : flat ? 0.0 : metric::pearson(x, y));
  }
  return out;
}

/// Returns the mean of what is not NaN; 0 where all is.
inline double mean_correlation(const std::vector<double>& r) {
  double sum = 0, used = 0;
  for (const double v : r) {
    if (!std::isnan(v)) sum += v, used += 1;
  }
  return sum / std::max(1.0, used);
}

namespace detail {

/// Mean over the features that vary of the squared error in units of the variance.
inline double relative_error(const Matrix<float>& predicted, const Matrix<float>& truth,
                             const std::vector<char>& measured) {
  double sum = 0, used = 0;
  for (Index f = 0; f < truth.cols(); ++f) {
    double error = 0, mean = 0, square = 0, cells = 0;
    for (Index i = 0; i < truth.rows(); ++i) {
      if (!measured[to_size(i)]) continue;
      const double gap = double(predicted(i, f)) - double(truth(i, f));
      error += gap * gap, mean += double(truth(i, f)), cells += 1;
    }
    mean /= cells;
    for (Index i = 0; i < truth.rows(); ++i) {
      if (measured[to_size(i)]) square += (double(truth(i, f)) - mean) * (double(truth(i, f)) - mean);
    }
    if (square < 1e-9 * cells) continue;
    sum += error / square;
    used += 1;
  }
  return sum / std::max(1.0, used);
}

/// Share of the measured values inside [low, high]; NaN where there are no intervals.
inline double coverage(const Matrix<float>& low, const Matrix<float>& high, const Matrix<float>& truth,
                       const std::vector<char>& measured) {
  if (low.size() == 0) return std::numeric_limits<double>::quiet_NaN();
  double inside = 0, values = 0;
  for (Index i = 0; i < truth.rows(); ++i) {
    if (!measured[to_size(i)]) continue;
    for (Index f = 0; f < truth.cols(); ++f) {
      inside += truth(i, f) >= low(i, f) && truth(i, f) <= high(i, f) ? 1.0 : 0.0;
      values += 1;
    }
  }
  return inside / values;
}

}  // namespace detail

/// Scores predictions against measured values: mean_r, the correlation over the cells, averaged over the features; mse,
/// the squared error in units of a feature's variance; cover50 and cover80, the share of values inside the intervals.
/// truth (N, F), measured (N): cells without truth are left out, as are features that do not vary
inline evaluate::ScoreTable evaluate(const std::vector<Prediction>& predictions, const Matrix<float>& truth,
                                     const std::vector<char>& measured) {
  using latentcell::evaluate::Better;
  evaluate::ScoreTable out({{"mean_r"},
                            {"mse", "variance", Better::lower},
                            {"cover50", "", Better::neither, 0.5},
                            {"cover80", "", Better::neither, 0.8}});
  for (const Prediction& p : predictions) {
    const conformal::PredictionIntervals& v = p.values;
    out.add(
        p.method, p.role,
        {mean_correlation(correlations(v.mean, truth, measured)), detail::relative_error(v.mean, truth, measured),
         detail::coverage(v.low50, v.high50, truth, measured), detail::coverage(v.low80, v.high80, truth, measured)});
  }
  return out;
}

/// Predicts the target of test cells by what a model has to beat, from the same components as the model: the mean,
/// ridge regression from all sources and from each alone, a linear joint VAE, and the 30 nearest cells.
inline std::vector<Prediction> baselines(const Model& model, const CellModalities& train, const CellModalities& test) {
  namespace baseline = latentcell::evaluate::baseline;
  const conformal::ModalityEncoder& rna = model.sources.front();
  // Linear models take components in their own units.
  const auto in_units = [&](Matrix<float> x) {
    for (Index j = 0; j < rna.latent() && !rna.identity; ++j)
      x.col(j) *= std::sqrt(rna.scale.value(0, j) * rna.scale.value(0, 0));
    return x;
  };
  const Matrix<float> plain = model.condition_features(train.sources()),
                      plain_query = model.condition_features(test.sources()), source = in_units(plain),
                      query = in_units(plain_query), target = model.target.decode(model.target.encode(train.protein));
  std::vector<Prediction> out;
  const auto add = [&](const std::string& method, Matrix<float> mean) {
    out.push_back({method, latentcell::evaluate::Role::baseline, {std::move(mean)}});
  };
  add("mean", Matrix<float>(target.colwise().mean()).replicate(query.rows(), 1));
  add("ridge on components", baseline::ridge({source, target}, query));
  if (test.extra) {
    const Index cut = rna.n_condition();
    const Matrix<float> left = source.leftCols(cut), right = plain.rightCols(plain.cols() - cut);
    add("ridge, rna alone", baseline::ridge({left, target}, query.leftCols(cut)));
    add("ridge, " + test.extra->name + " alone",
        baseline::ridge({right, target}, plain_query.rightCols(plain.cols() - cut)));
  }
  add("linear joint VAE", baseline::linear_joint({source, target}, query));
  add("30 nearest cells", baseline::knn_mean({source, target}, query));
  return out;
}

}  // namespace latentcell::multiomics
