#pragma once

#include <vector>

#include <latentcell/autodiff/tape.hpp>
#include <latentcell/autodiff/visit.hpp>

namespace latentcell {

/// Gradients of several minibatches, averaged by their numbers of cells: one step of a batch that would not fit.
template <class T>
struct GradientSum {
  std::vector<Matrix<T>> sum;  // per Param
  std::vector<bool> touched;   // per Param: whether any of the minibatches moved it
  T weight = T(0);

  /// Adds the gradients on a tape, of a loss that is a mean over `cells` cells.
  template <class Model>
  void add(const Model& model, const Tape<T>& tape, T cells) {
    if (sum.empty()) each_param(model, [&](const Param<T>& p) { sum.emplace_back(p.value.rows(), p.value.cols()); });
    if (weight == T(0)) {
      for (Matrix<T>& s : sum) s.setZero();
      touched.assign(sum.size(), false);
    }
    std::size_t i = 0;
    each_param(model, [&](const Param<T>& p) {
      Matrix<T>& s = sum[i];
      if (const T* g = tape.grad(p); g != nullptr) {
        s += cells * ConstView<T>(g, s.rows(), s.cols());
        touched[i] = true;
      }
      ++i;
    });
    weight += cells;
  }

  /// Puts the average in the place of the tape's gradients and starts anew.
  template <class Model>
  void hand_over(const Model& model, Tape<T>& tape) {
    std::size_t i = 0;
    each_param(model, [&](const Param<T>& p) {
      if (touched[i]) tape.watch(p).grad() = sum[i] / weight;
      ++i;
    });
    weight = T(0);
  }
};

#ifdef LATENTCELL_INSTANCES
extern template struct GradientSum<float>;
#endif

}  // namespace latentcell
