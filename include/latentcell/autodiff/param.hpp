#pragma once

#include <latentcell/autodiff/value_budget.hpp>
#include <latentcell/core/types.hpp>

namespace LATENTCELL_NAMESPACE {

/// Numbers that training moves. Params own values; the tape owns gradients.
template <class T>
struct Param {
  Matrix<T> value;
  T learning_rate = T(1);  ///< factor on the optimiser's rate; larger learns faster
  T weight_decay = T(1);   ///< factor on the optimiser's decay; 0 for biases, tables and dispersions
  bool frozen = false;     ///< true keeps the value as it is

  Param() = default;
  Param(Index rows, Index cols) : value(Matrix<T>::Zero(ValueBudget::spend(rows, cols), cols)) {}
};

/// State that no gradient moves: running averages, scales. Visited and saved like a Param.
template <class T>
struct Buffer {
  Matrix<T> value;

  Buffer() = default;
  Buffer(Index rows, Index cols) : value(Matrix<T>::Zero(ValueBudget::spend(rows, cols), cols)) {}
};

}  // namespace latentcell
