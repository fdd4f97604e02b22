#pragma once

#include <cmath>

#include <latentcell/autodiff/tape.hpp>
#include <latentcell/autodiff/visit.hpp>
#include <latentcell/kernel/optimizer.hpp>

namespace latentcell {

/// Root of the summed squares of all gradients of a model on a tape.
template <class T, class Model>
double gradient_norm(const Model& model, const Tape<T>& tape) {
  double sum = 0;
  each_param(model, [&](const Param<T>& p) {
    const T* g = tape.grad(p);
    if (g == nullptr) return;
    sum += kernel::squared_norm(p.value.size(), g);
  });
  return std::sqrt(sum);
}

/// The factor that brings a gradient of this norm down to at most `limit`.     limit > 0
inline double clip_factor(double norm, double limit) { return norm > limit ? limit / norm : 1.0; }

/// Name of the first Param whose gradient is not finite; empty where all are.
template <class T, class Model>
std::string first_not_finite(const Model& model, const Tape<T>& tape) {
  std::string found;
  visit_params(model, [&](std::string_view name, const Param<T>& p) {
    const T* g = tape.grad(p);
    if (found.empty() && g != nullptr && !ConstView<T>(g, p.value.rows(), p.value.cols()).allFinite()) found = name;
  });
  return found;
}

}  // namespace latentcell
