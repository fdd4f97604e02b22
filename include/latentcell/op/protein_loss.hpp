#pragma once

#include <cmath>
#include <span>

#include <latentcell/autodiff/tape.hpp>
#include <latentcell/core/counts.hpp>
#include <latentcell/kernel/count_likelihood.hpp>

namespace LATENTCELL_NAMESPACE {

/// What a mixture of two negative binomials is made of.
template <class T>
struct ProteinPredictors {
  Var<T> log_background;    // (B, P) log mean of the background
  Var<T> log_foreground;    // (B, P) log mean of the foreground
  Var<T> logit_background;  // (B, P) logit of the share of the background
  Var<T> log_theta;         // (1, P)
};

/// -sum over the cells of weight * log p(counts), p a mixture of background and foreground (totalVI, Gayoso et al.
/// 2021, "Joint probabilistic modeling of single-cell multi-omic data", eq. 7).     counts (B, P), weight (B) -> (1,
/// 1); `log_prob` (B), where given, gets each cell's value.
template <class T>
Var<T> protein_loss(const ProteinPredictors<T>& p, const CountsView& counts, std::span<const T> weight,
                    T* log_prob = nullptr) {
  const Shape shape(counts.rows, counts.cols);
  for (const Var<T>& v : {p.log_background, p.log_foreground, p.logit_background}) {
    LATENTCELL_REQUIRE(v.shape() == shape, "protein_loss: predictor ", v.shape(), " for counts ", shape);
  }
  LATENTCELL_REQUIRE(p.log_theta.shape() == Shape(1, shape.cols()), "protein_loss: log_theta ", p.log_theta.shape(),
                     " for counts ", shape);
  LATENTCELL_REQUIRE(Index(weight.size()) == shape.rows(), "protein_loss: ", weight.size(), " weights for ",
                     shape.rows(), " cells");
  Tape<T>& tape = p.log_theta.tape();
  Var<T> y = tape.alloc(Shape(1, 1), p.log_background, p.log_foreground, p.logit_background, p.log_theta);
  const Index rows = shape.rows(), cols = shape.cols(), n = shape.size();
  // d of -weight * log p by each predictor.
  T *const d_back = tape.scratch(n), *const d_fore = tape.scratch(n), *const d_logit = tape.scratch(n),
           *const d_theta = tape.scratch(cols), *const x = tape.scratch(cols);
  std::fill_n(d_theta, cols, T(0));
  double total = 0;
  for (Index b = 0; b < rows; ++b) {
    std::fill_n(x, cols, T(0));
    for (std::size_t k = 0; k < counts.row_columns(b).size(); ++k)
      x[counts.row_columns(b)[k]] = T(counts.row_values(b)[k]);
    const T w = weight[to_size(b)];
    double sum = 0;
    for (Index j = 0; j < cols; ++j) {
      const T theta = p.log_theta.value()(0, j), logit = p.logit_background.value()(b, j);
      const kernel::NbTerm<T> back = kernel::nb_term(x[j], p.log_background.value()(b, j), theta),
                              fore = kernel::nb_term(x[j], p.log_foreground.value()(b, j), theta);
      const T share = T(1) / (T(1) + std::exp(-logit));
      const T of_back = back.log_prob - kernel::fast::softplus(-logit),
              of_fore = fore.log_prob - kernel::fast::softplus(logit);
      const T top = std::max(of_back, of_fore),
              log_p = top + std::log(std::exp(of_back - top) + std::exp(of_fore - top));
      const T r = std::exp(of_back - log_p);  // responsibility of the background
      sum += double(log_p);
      const Index i = b * cols + j;
      d_back[i] = -w * r * back.d_log_mu;
      d_fore[i] = -w * (T(1) - r) * fore.d_log_mu;
      d_logit[i] = -w * (r - share);
      d_theta[j] -= w * (r * back.d_log_theta + (T(1) - r) * fore.d_log_theta);
    }
    total -= double(w) * sum;
    if (log_prob != nullptr) log_prob[b] = T(sum);
  }
  y.out()(0, 0) = T(total);
  tape.on_backward(y, [=] {
    const T g = y.upstream()(0, 0);
    const auto hand = [&](const Var<T>& to, const T* d) {
      if (to.needs_grad()) to.grad() += g * ConstView<T>(d, to.rows(), to.cols());
    };
    hand(p.log_background, d_back);
    hand(p.log_foreground, d_fore);
    hand(p.logit_background, d_logit);
    hand(p.log_theta, d_theta);
  });
  return y;
}

/// sum over cells of weight * KL(N(mean, exp(2 log_deviation)) || N(center, exp(2 log_spread))), summed over columns.
/// mean, log_deviation (B, P), center, log_spread (1, P), weight (B) -> (1, 1)
template <class T>
Var<T> kl_normal(Var<T> mean, Var<T> log_deviation, Var<T> center, Var<T> log_spread, std::span<const T> weight) {
  LATENTCELL_REQUIRE(mean.shape() == log_deviation.shape() && center.shape() == Shape(1, mean.cols()) &&
                         log_spread.shape() == center.shape() && Index(weight.size()) == mean.rows(),
                     "kl_normal: mean ", mean.shape(), ", log deviation ", log_deviation.shape(), ", center ",
                     center.shape(), ", log spread ", log_spread.shape(), " and ", weight.size(),
                     " weights do not fit");
  Tape<T>& tape = mean.tape();
  Var<T> y = tape.alloc(Shape(1, 1), mean, log_deviation, center, log_spread);
  T* const kept = tape.scratch(mean.rows());
  std::copy(weight.begin(), weight.end(), kept);
  T total = 0;
  for (Index b = 0; b < mean.rows(); ++b) {
    for (Index j = 0; j < mean.cols(); ++j) {
      const T s = log_deviation.value()(b, j), d = log_spread.value()(0, j),
              gap = mean.value()(b, j) - center.value()(0, j);
      total += kept[b] * (d - s + T(0.5) * (std::exp(2 * (s - d)) + gap * gap * std::exp(-2 * d) - T(1)));
    }
  }
  y.out()(0, 0) = total;
  tape.on_backward(y, [=] {
    for (Index b = 0; b < mean.rows(); ++b) {
      const T g = y.upstream()(0, 0) * kept[b];
      for (Index j = 0; j < mean.cols(); ++j) {
        const T s = log_deviation.value()(b, j), d = log_spread.value()(0, j),
                gap = mean.value()(b, j) - center.value()(0, j);
        const T inverse = std::exp(-2 * d), ratio = std::exp(2 * (s - d));
        if (mean.needs_grad()) mean.grad()(b, j) += g * gap * inverse;
        if (log_deviation.needs_grad()) log_deviation.grad()(b, j) += g * (ratio - T(1));
        if (center.needs_grad()) center.grad()(0, j) -= g * gap * inverse;
        if (log_spread.needs_grad()) log_spread.grad()(0, j) += g * (T(1) - ratio - gap * gap * inverse);
      }
    }
  });
  return y;
}

#ifdef LATENTCELL_INSTANCES
extern template Var<float> protein_loss<float>(const ProteinPredictors<float>& p, const CountsView& counts,
                                               std::span<const float> weight, float* log_prob);
extern template Var<float> kl_normal<float>(Var<float> mean, Var<float> log_deviation, Var<float> center,
                                            Var<float> log_spread, std::span<const float> weight);
#endif

}  // namespace latentcell
