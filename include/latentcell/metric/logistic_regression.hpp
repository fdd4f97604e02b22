#pragma once

#include <algorithm>
#include <cmath>
#include <span>
#include <vector>

#include <latentcell/core/options.hpp>
#include <latentcell/core/error.hpp>
#include <latentcell/core/types.hpp>
#include <latentcell/kernel/dot.hpp>
#include <latentcell/kernel/parallel.hpp>

namespace latentcell::metric {

/// Whether features are brought to zero mean and unit variance before the fit.
enum class Inputs { as_given, standardised };

/// Settings of LogisticRegression.
struct LogisticRegressionOptions {
  double c = 1.0;  ///< weight of the data against the penalty; larger regularises less
  Inputs inputs = Inputs::as_given;
  Index steps = 100;        ///< Newton steps at most
  double tolerance = 1e-6;  ///< largest entry of the gradient at the end, in units of c times the rows

  static void visit(auto& self, auto&& f) {
    f("c", self.c, above(0));
    f("inputs", self.inputs);
    f("steps", self.steps, at_least(1));
    f("tolerance", self.tolerance, above(0));
  }
};

/// Multinomial logistic regression with an L2 penalty on the weights and none on the intercepts:
/// minimises c * sum of -log p(label) + 1/2 |weights|^2, for two classes as the binary model does it.
/// Classes are those present in the labels; others are never predicted.
class LogisticRegression {
 public:
  /// x (N, D), finite; labels (N), negative where missing: such rows are left out. Needs two classes.
  LogisticRegression(ConstView<float> x, std::span<const int> labels, const LogisticRegressionOptions& options = {}) {
    LATENTCELL_REQUIRE(Index(labels.size()) == x.rows(), "LogisticRegression: ", labels.size(), " labels for ",
                       x.rows(), " rows");
    check_options("LogisticRegression", options);
    for (const int label : labels) {
      if (label >= 0) classes_.push_back(label);
    }
    std::sort(classes_.begin(), classes_.end());
    classes_.erase(std::unique(classes_.begin(), classes_.end()), classes_.end());
    LATENTCELL_REQUIRE(classes_.size() >= 2, "LogisticRegression: needs at least two classes, got ", classes_.size());
    std::vector<Index> rows;
    std::vector<Index> target;
    for (Index i = 0; i < x.rows(); ++i) {
      if (labels[to_size(i)] < 0) continue;
      rows.push_back(i);
      target.push_back(std::lower_bound(classes_.begin(), classes_.end(), labels[to_size(i)]) - classes_.begin());
    }
    const Index n = Index(rows.size()), d = x.cols();
    std::vector<double> mean(to_size(d), 0.0), scale(to_size(d), 1.0);
    if (options.inputs == Inputs::standardised) {
      for (Index j = 0; j < d; ++j) {
        double square = 0;
        for (Index i : rows) mean[to_size(j)] += double(x(i, j)) / double(n);
        for (Index i : rows) square += std::pow(double(x(i, j)) - mean[to_size(j)], 2) / double(n);
        scale[to_size(j)] = square > 0.0 ? 1.0 / std::sqrt(square) : 1.0;
      }
    }
    Matrix<double> inputs(n, d + 1);  // the last column is the intercept's
    for (Index i = 0; i < n; ++i) {
      for (Index j = 0; j < d; ++j) {
        const double v = (double(x(rows[to_size(i)], j)) - mean[to_size(j)]) * scale[to_size(j)];
        LATENTCELL_REQUIRE(std::isfinite(v), "LogisticRegression: feature ", j, " of row ", rows[to_size(i)],
                           " is not finite");
        inputs(i, j) = v;
      }
      inputs(i, d) = 1.0;
    }
    fit(inputs, target, options);
    // Back to the units of x.
    for (Index c = 0; c < weights_.rows(); ++c) {
      for (Index j = 0; j < d; ++j) {
        weights_(c, j) *= scale[to_size(j)];
        weights_(c, d) -= weights_(c, j) * mean[to_size(j)];
      }
    }
  }

  /// Labels the rows below stand for, ascending.      (K)
  std::span<const int> classes() const { return classes_; }
  /// Weights, with the intercept as last column, in the units of x; rows add up to 0.      (K, D + 1)
  const Matrix<double>& weights() const { return weights_; }

  /// Class probabilities.      x (N, D) -> (N, K), columns in the order of classes()
  Matrix<double> probabilities(ConstView<float> x) const {
    const Index d = weights_.cols() - 1, k = weights_.rows();
    LATENTCELL_REQUIRE(x.cols() == d, "LogisticRegression: fitted on ", d, " features, given ", x.cols());
    Matrix<double> out(x.rows(), k);
    for (Index i = 0; i < x.rows(); ++i) {
      for (Index c = 0; c < k; ++c) {
        out(i, c) = weights_(c, d);
        for (Index j = 0; j < d; ++j) out(i, c) += weights_(c, j) * double(x(i, j));
      }
      softmax(out.data() + i * k, k);
    }
    return out;
  }

  /// The most likely class of each row.      x (N, D) -> (N)
  std::vector<int> predict(ConstView<float> x) const {
    const Matrix<double> p = probabilities(x);
    std::vector<int> out;
    for (Index i = 0; i < p.rows(); ++i) {
      const double* row = p.data() + i * p.cols();
      out.push_back(classes_[std::size_t(std::max_element(row, row + p.cols()) - row)]);
    }
    return out;
  }

 private:
  static double softmax(double* score, Index k) {
    const double top = *std::max_element(score, score + k);
    double sum = 0;
    for (Index c = 0; c < k; ++c) sum += score[c] = std::exp(score[c] - top);
    for (Index c = 0; c < k; ++c) score[c] /= sum;
    return top + std::log(sum);
  }

  // Sums over rows are made in parts of this many, added in order, so that threads do not change them.
  static constexpr Index part_rows = 128;

  // body(first, last, part) adds rows [first, last) to a (K, D + 1) matrix and returns a number; both are summed.
  template <class Body>
  static double sum_parts(Index n, Matrix<double>& out, const Body& body) {
    const Index parts = (n + part_rows - 1) / part_rows;
    std::vector<Matrix<double>> piece(to_size(parts));
    std::vector<double> value(to_size(parts), 0.0);
    // A thread is worth waking for 2^18 products.
    const Index grain = std::max<Index>(1, Index(1 << 18) / (part_rows * out.size()));
    kernel::parallel_ranges(parts, grain, [&](Index from, Index to) {
      for (Index p = from; p < to; ++p) {
        piece[to_size(p)] = Matrix<double>::Zero(out.rows(), out.cols());
        value[to_size(p)] = body(p * part_rows, std::min(n, (p + 1) * part_rows), piece[to_size(p)]);
      }
    });
    double total = 0;
    out.setZero();
    for (Index p = 0; p < parts; ++p) {
      total += value[to_size(p)];
      out += piece[to_size(p)];
    }
    return total;
  }

  static double dot(const Matrix<double>& a, const Matrix<double>& b) {
    return kernel::dot(a.size(), a.data(), b.data());
  }

  // Newton's method; each step is solved by conjugate gradients and shortened until the objective falls enough.
  void fit(const Matrix<double>& x, const std::vector<Index>& target, const LogisticRegressionOptions& options) {
    const Index n = x.rows(), d = x.cols(), k = Index(classes_.size());
    // Two mirrored rows share what the binary model's one row carries: |w|^2 = 2 (|w_0|^2 + |w_1|^2).
    const double penalty = k == 2 ? 2.0 : 1.0;
    Matrix<double> probability(n, k);
    weights_ = Matrix<double>::Zero(k, d);

    const auto objective = [&](const Matrix<double>& w, Matrix<double>& gradient) {
      double value = options.c * sum_parts(n, gradient, [&](Index first, Index last, Matrix<double>& part) {
                       double loss = 0;
                       for (Index i = first; i < last; ++i) {
                         double* p = probability.data() + i * k;
                         const double* row = x.data() + i * d;
                         for (Index c = 0; c < k; ++c) p[c] = kernel::dot(d, w.data() + c * d, row);
                         const double own = p[target[to_size(i)]];
                         loss += softmax(p, k) - own;
                         for (Index c = 0; c < k; ++c) {
                           kernel::add_multiple(d, p[c] - double(c == target[to_size(i)]), row, part.data() + c * d);
                         }
                       }
                       return loss;
                     });
      for (Index c = 0; c < k; ++c) {
        for (Index j = 0; j < d; ++j) {
          gradient(c, j) *= options.c;
          if (j == d - 1) continue;
          gradient(c, j) += penalty * w(c, j);
          value += 0.5 * penalty * w(c, j) * w(c, j);
        }
      }
      return value;
    };

    // Hessian times v at the probabilities of the last call of objective.
    const auto curve = [&](const Matrix<double>& v, Matrix<double>& out) {
      sum_parts(n, out, [&](Index first, Index last, Matrix<double>& part) {
        std::vector<double> t(to_size(k));
        for (Index i = first; i < last; ++i) {
          const double* p = probability.data() + i * k;
          const double* row = x.data() + i * d;
          double mean = 0;
          for (Index c = 0; c < k; ++c) {
            t[to_size(c)] = kernel::dot(d, v.data() + c * d, row);
            mean += p[c] * t[to_size(c)];
          }
          for (Index c = 0; c < k; ++c) {
            kernel::add_multiple(d, p[c] * (t[to_size(c)] - mean), row, part.data() + c * d);
          }
        }
        return 0.0;
      });
      for (Index c = 0; c < k; ++c) {
        for (Index j = 0; j < d; ++j) out(c, j) = options.c * out(c, j) + (j < d - 1 ? penalty * v(c, j) : 0.0);
      }
    };

    Matrix<double> gradient(k, d), trial(k, d), trial_gradient(k, d), step(k, d), residual(k, d), direction(k, d),
        bent(k, d);
    double value = objective(weights_, gradient);
    for (Index iteration = 0; iteration < options.steps; ++iteration) {
      const double largest = gradient.cwiseAbs().maxCoeff();
      if (largest <= options.tolerance * options.c * double(n)) break;
      step.setZero();
      residual = -gradient;
      direction = residual;
      double rr = dot(residual, residual);
      const double goal = rr * std::min(0.01, std::sqrt(rr) / (options.c * double(n)));
      for (Index inner = 0; inner < 2 * k * d && rr > goal; ++inner) {
        curve(direction, bent);
        const double bend = dot(direction, bent);
        if (!(bend > 0.0)) break;
        const double length = rr / bend;
        step += length * direction;
        residual -= length * bent;
        const double next = dot(residual, residual);
        direction = residual + (next / rr) * direction;
        rr = next;
      }
      const double slope = dot(gradient, step);
      double stride = 1.0;
      bool moved = false;
      for (int halving = 0; halving < 40 && !moved; ++halving, stride *= 0.5) {
        trial = weights_ + stride * step;
        const double reached = objective(trial, trial_gradient);
        // Near the end the objective's rounding hides its fall; the gradient then decides.
        moved = reached <= value + 1e-4 * stride * slope ||
                (reached <= value + 1e-12 * std::abs(value) && trial_gradient.cwiseAbs().maxCoeff() < largest);
        if (!moved) continue;
        weights_ = trial;
        gradient = trial_gradient;
        value = reached;
      }
      if (!moved) break;
    }
  }

  std::vector<int> classes_;
  Matrix<double> weights_;
};

/// Share of points whose label a classifier trained on other points finds.
/// train (N, D) with labels (N), x (M, D) with labels (M), negative where missing: such points are left out -> [0, 1]
/// For generated cells compare with the accuracy on real cells: more is as wrong as less.
inline double label_accuracy(ConstView<float> train, std::span<const int> train_labels, ConstView<float> x,
                             std::span<const int> labels, const LogisticRegressionOptions& options = {}) {
  LATENTCELL_REQUIRE(Index(labels.size()) == x.rows(), "label_accuracy: ", labels.size(), " labels for ", x.rows(),
                     " points");
  const std::vector<int> found = LogisticRegression(train, train_labels, options).predict(x);
  double right = 0, judged = 0;
  for (std::size_t i = 0; i < labels.size(); ++i) {
    if (labels[i] < 0) continue;
    judged += 1;
    right += double(found[i] == labels[i]);
  }
  LATENTCELL_REQUIRE(judged > 0, "label_accuracy: none of ", labels.size(), " points has a label");
  return right / judged;
}

}  // namespace latentcell::metric
