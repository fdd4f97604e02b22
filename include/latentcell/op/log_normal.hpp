#pragma once

#include <cmath>
#include <numbers>

#include <latentcell/autodiff/tape.hpp>

namespace LATENTCELL_NAMESPACE {

/// log N(z; mean, exp(log_variance)) of each row, summed over its columns.     all (B, D) -> (B, 1)
template <class T>
Var<T> log_normal(Var<T> z, Var<T> mean, Var<T> log_variance) {
  LATENTCELL_REQUIRE(z.shape() == mean.shape() && z.shape() == log_variance.shape(), "log_normal: z ", z.shape(),
                     ", mean ", mean.shape(), " and log variance ", log_variance.shape(), " differ");
  Tape<T>& tape = z.tape();
  const Index rows = z.rows(), d = z.cols();
  Var<T> y = tape.alloc(Shape(rows, 1), z, mean, log_variance);
  const T constant = T(0.5) * T(std::log(2 * std::numbers::pi));
  for (Index b = 0; b < rows; ++b) {
    T sum = 0;
    for (Index j = 0; j < d; ++j) {
      const T gap = z.value()(b, j) - mean.value()(b, j), lv = log_variance.value()(b, j);
      sum -= constant + T(0.5) * (lv + gap * gap * std::exp(-lv));
    }
    y.out()(b, 0) = sum;
  }
  tape.on_backward(y, [=] {
    for (Index b = 0; b < rows; ++b) {
      const T g = y.upstream()(b, 0);
      for (Index j = 0; j < d; ++j) {
        const T gap = z.value()(b, j) - mean.value()(b, j), scaled = gap * std::exp(-log_variance.value()(b, j));
        if (z.needs_grad()) z.grad()(b, j) -= g * scaled;
        if (mean.needs_grad()) mean.grad()(b, j) += g * scaled;
        if (log_variance.needs_grad()) log_variance.grad()(b, j) += g * T(0.5) * (gap * scaled - T(1));
      }
    }
  });
  return y;
}

/// log of a mixture of K normal distributions with diagonal variances at each row of z:
/// log sum_k softmax(logit)_k N(z; mean_k, exp(log_variance_k)).
/// z (B, D), mean and log_variance (K, D), logit (1, K) -> (B, 1)
template <class T>
Var<T> log_normal_mixture(Var<T> z, Var<T> mean, Var<T> log_variance, Var<T> logit) {
  LATENTCELL_REQUIRE(mean.cols() == z.cols() && mean.shape() == log_variance.shape() && logit.rows() == 1 &&
                         logit.cols() == mean.rows(),
                     "log_normal_mixture: z ", z.shape(), ", means ", mean.shape(), ", log variances ",
                     log_variance.shape(), " and logits ", logit.shape(), " do not fit");
  Tape<T>& tape = z.tape();
  const Index rows = z.rows(), d = z.cols(), parts = mean.rows();
  Var<T> y = tape.alloc(Shape(rows, 1), z, mean, log_variance, logit);
  T* const share = tape.scratch(rows * parts);  // responsibilities
  T* const weight = tape.scratch(parts);        // softmax of the logits
  const T top = logit.value().maxCoeff();
  T total = 0;
  for (Index k = 0; k < parts; ++k) total += weight[k] = std::exp(logit.value()(0, k) - top);
  for (Index k = 0; k < parts; ++k) weight[k] /= total;
  const T constant = T(0.5) * T(std::log(2 * std::numbers::pi)) * T(d);
  for (Index b = 0; b < rows; ++b) {
    T* const own = share + b * parts;
    T highest = std::numeric_limits<T>::lowest();
    for (Index k = 0; k < parts; ++k) {
      T sum = std::log(weight[k]) - constant;
      for (Index j = 0; j < d; ++j) {
        const T gap = z.value()(b, j) - mean.value()(k, j), lv = log_variance.value()(k, j);
        sum -= T(0.5) * (lv + gap * gap * std::exp(-lv));
      }
      own[k] = sum;
      highest = std::max(highest, sum);
    }
    T sum = 0;
    for (Index k = 0; k < parts; ++k) sum += own[k] = std::exp(own[k] - highest);
    for (Index k = 0; k < parts; ++k) own[k] /= sum;
    y.out()(b, 0) = highest + std::log(sum);
  }
  tape.on_backward(y, [=] {
    for (Index b = 0; b < rows; ++b) {
      const T g = y.upstream()(b, 0);
      for (Index k = 0; k < parts; ++k) {
        const T r = g * share[b * parts + k];
        if (logit.needs_grad()) logit.grad()(0, k) += r - g * weight[k];
        for (Index j = 0; j < d; ++j) {
          const T gap = z.value()(b, j) - mean.value()(k, j), scaled = gap * std::exp(-log_variance.value()(k, j));
          if (z.needs_grad()) z.grad()(b, j) -= r * scaled;
          if (mean.needs_grad()) mean.grad()(k, j) += r * scaled;
          if (log_variance.needs_grad()) log_variance.grad()(k, j) += r * T(0.5) * (gap * scaled - T(1));
        }
      }
    }
  });
  return y;
}

#ifdef LATENTCELL_INSTANCES
extern template Var<float> log_normal<float>(Var<float> z, Var<float> mean, Var<float> log_variance);
extern template Var<float> log_normal_mixture<float>(Var<float> z, Var<float> mean, Var<float> log_variance,
                                                     Var<float> logit);
#endif

}  // namespace latentcell
