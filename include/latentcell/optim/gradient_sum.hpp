#pragma once

#include <vector>

#include <latentcell/autodiff/params.hpp>
#include <latentcell/autodiff/tape.hpp>

namespace LATENTCELL_NAMESPACE {

/// Accumulates gradients of several minibatches, weighted by their numbers of cells: one step of a larger batch.
template <class T>
struct GradientSum {
  std::vector<Matrix<T>> sum;  // per Param
  std::vector<bool> touched;   // per Param: whether any minibatch has a gradient for it
  T weight = T(0);

  /// Adds the gradients on a tape, of a loss that is a mean over `cells` cells.
  void add(const Params<T>& params, const Tape<T>& tape, T cells) {
    if (sum.empty()) {
      for (const Param<T>* p : params) sum.emplace_back(p->value.rows(), p->value.cols());
    }
    if (weight == T(0)) {
      for (Matrix<T>& s : sum) s.setZero();
      touched.assign(sum.size(), false);
    }
    for (std::size_t i = 0; i < params.size(); ++i) {
      const T* const g = tape.grad(params[i]);
      if (g == nullptr) continue;
      sum[i] += cells * ConstView<T>(g, sum[i].rows(), sum[i].cols());
      touched[i] = true;
    }
    weight += cells;
  }

  /// Replaces the tape's gradients by the average and resets the sum.
  void hand_over(const Params<T>& params, Tape<T>& tape) {
    for (std::size_t i = 0; i < params.size(); ++i) {
      if (touched[i]) tape.watch(params[i]).grad() = sum[i] / weight;
    }
    weight = T(0);
  }
};

#ifdef LATENTCELL_INSTANCES
extern template struct GradientSum<float>;
#endif

}  // namespace latentcell
