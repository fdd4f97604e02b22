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

namespace LATENTCELL_NAMESPACE::metric {

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

namespace detail {

/// Turns scores (K) into probabilities; returns the logarithm of the sum of their exponentials.
inline double softmax(double* score, Index k) {
  const double top = *std::max_element(score, score + k);
  double sum = 0;
  for (Index c = 0; c < k; ++c) sum += score[c] = std::exp(score[c] - top);
  for (Index c = 0; c < k; ++c) score[c] /= sum;
  return top + std::log(sum);
}

inline double dot(const Matrix<double>& a, const Matrix<double>& b) {
  return kernel::dot(a.size(), a.data(), b.data());
}

/// Negative log-likelihood of a multinomial logistic regression with a penalty on the weights, but not the intercepts.
class LogisticObjective {
 public:
  /// x (N, D) with 1 as last column, target (N) in [0, classes), c: weight of the likelihood
  LogisticObjective(const Matrix<double>& x, const std::vector<Index>& target, Index classes, double c)
      : x_(x),
        target_(target),
        k_(classes),
        c_(c),
        penalty_(classes == 2 ? 2.0 : 1.0),
        probability_(x.rows(), classes) {}

  /// Returns the objective and its gradient.
  /// w (K, D) -> gradient (K, D)
  double value(const Matrix<double>& w, Matrix<double>& gradient) {
    const Index d = x_.cols(), k = k_;
    double value = c_ * sum_blocks(gradient, [&](Index first, Index last, Matrix<double>& block) {
                     double loss = 0;
                     for (Index i = first; i < last; ++i) {
                       double* p = probability_.data() + i * k;
                       const double* row = x_.data() + i * d;
                       for (Index c = 0; c < k; ++c) p[c] = kernel::dot(d, w.data() + c * d, row);
                       const double own = p[target_[to_size(i)]];
                       loss += softmax(p, k) - own;
                       for (Index c = 0; c < k; ++c) {
                         kernel::add_multiple(d, p[c] - double(c == target_[to_size(i)]), row, block.data() + c * d);
                       }
                     }
                     return loss;
                   });
    for (Index c = 0; c < k; ++c) {
      for (Index j = 0; j < d; ++j) {
        gradient(c, j) *= c_;
        if (j == d - 1) continue;
        gradient(c, j) += penalty_ * w(c, j);
        value += 0.5 * penalty_ * w(c, j) * w(c, j);
      }
    }
    return value;
  }

  /// Solves Hessian * step = -gradient at the weights of the last call of value(), by conjugate gradients.
  void newton_step(const Matrix<double>& gradient, Matrix<double>& step) const {
    step = Matrix<double>::Zero(gradient.rows(), gradient.cols());
    Matrix<double> residual = -gradient, direction = residual, curved(gradient.rows(), gradient.cols());
    double rr = dot(residual, residual);
    const double goal = rr * std::min(0.01, std::sqrt(rr) / (c_ * double(x_.rows())));
    for (Index inner = 0; inner < 2 * gradient.size() && rr > goal; ++inner) {
      curvature(direction, curved);
      const double bend = dot(direction, curved);
      if (!(bend > 0.0)) break;
      const double length = rr / bend;
      step += length * direction;
      residual -= length * curved;
      const double next = dot(residual, residual);
      direction = residual + (next / rr) * direction;
      rr = next;
    }
  }

 private:
  // Sums over rows are made in blocks of this many, added in order, so that threads do not change them.
  static constexpr Index block_rows = 128;

  // body(first, last, block) adds rows [first, last) to a (K, D) matrix and returns a number; both are summed.
  template <class Body>
  double sum_blocks(Matrix<double>& out, const Body& body) const {
    const Index n = x_.rows(), blocks = (n + block_rows - 1) / block_rows;
    std::vector<Matrix<double>> piece(to_size(blocks));
    std::vector<double> value(to_size(blocks), 0.0);
    kernel::parallel_ranges(blocks, kernel::grain_of(block_rows * out.size()), [&](Index from, Index to) {
      for (Index p = from; p < to; ++p) {
        piece[to_size(p)] = Matrix<double>::Zero(out.rows(), out.cols());
        value[to_size(p)] = body(p * block_rows, std::min(n, (p + 1) * block_rows), piece[to_size(p)]);
      }
    });
    double total = 0;
    out.setZero();
    for (Index p = 0; p < blocks; ++p) {
      total += value[to_size(p)];
      out += piece[to_size(p)];
    }
    return total;
  }

  // Hessian times v at the probabilities of the last call of value().
  void curvature(const Matrix<double>& v, Matrix<double>& out) const {
    const Index d = x_.cols(), k = k_;
    sum_blocks(out, [&](Index first, Index last, Matrix<double>& block) {
      std::vector<double> t(to_size(k));
      for (Index i = first; i < last; ++i) {
        const double* p = probability_.data() + i * k;
        const double* row = x_.data() + i * d;
        double mean = 0;
        for (Index c = 0; c < k; ++c) {
          t[to_size(c)] = kernel::dot(d, v.data() + c * d, row);
          mean += p[c] * t[to_size(c)];
        }
        for (Index c = 0; c < k; ++c) {
          kernel::add_multiple(d, p[c] * (t[to_size(c)] - mean), row, block.data() + c * d);
        }
      }
      return 0.0;
    });
    for (Index c = 0; c < k; ++c) {
      for (Index j = 0; j < d; ++j) out(c, j) = c_ * out(c, j) + (j < d - 1 ? penalty_ * v(c, j) : 0.0);
    }
  }

  const Matrix<double>& x_;
  const std::vector<Index>& target_;
  Index k_;
  double c_;
  double penalty_;  // two mirrored rows share what the binary model's one row holds: |w|^2 = 2 (|w_0|^2 + |w_1|^2)
  Matrix<double> probability_;
};

}  // namespace detail

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
      detail::softmax(out.data() + i * k, k);
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
  // Newton's method; each step is solved by conjugate gradients and shortened until the objective falls enough.
  void fit(const Matrix<double>& x, const std::vector<Index>& target, const LogisticRegressionOptions& options) {
    const Index n = x.rows(), d = x.cols(), k = Index(classes_.size());
    detail::LogisticObjective objective(x, target, k, options.c);
    weights_ = Matrix<double>::Zero(k, d);
    Matrix<double> gradient(k, d), step(k, d);
    double value = objective.value(weights_, gradient);
    for (Index iteration = 0; iteration < options.steps; ++iteration) {
      const double largest = gradient.cwiseAbs().maxCoeff();
      if (largest <= options.tolerance * options.c * double(n)) break;
      objective.newton_step(gradient, step);
      if (!move(objective, step, gradient, value)) break;
    }
  }

  // Moves the weights along the step, or half of it and so on; false where nothing is gained.
  bool move(detail::LogisticObjective& objective, const Matrix<double>& step, Matrix<double>& gradient, double& value) {
    const double slope = detail::dot(gradient, step), largest = gradient.cwiseAbs().maxCoeff();
    Matrix<double> trial(step.rows(), step.cols()), trial_gradient(step.rows(), step.cols());
    double stride = 1.0;
    for (int halving = 0; halving < 40; ++halving, stride *= 0.5) {
      trial = weights_ + stride * step;
      const double reached = objective.value(trial, trial_gradient);
      // Near the end the objective's rounding hides its fall; the gradient then decides.
      if (!(reached <= value + 1e-4 * stride * slope ||
            (reached <= value + 1e-12 * std::abs(value) && trial_gradient.cwiseAbs().maxCoeff() < largest))) {
        continue;
      }
      weights_ = trial;
      gradient = trial_gradient;
      value = reached;
      return true;
    }
    return false;
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
  double right = 0, labelled = 0;
  for (std::size_t i = 0; i < labels.size(); ++i) {
    if (labels[i] < 0) continue;
    labelled += 1;
    right += double(found[i] == labels[i]);
  }
  LATENTCELL_REQUIRE(labelled > 0, "label_accuracy: none of ", labels.size(), " points has a label");
  return right / labelled;
}

}  // namespace latentcell::metric
