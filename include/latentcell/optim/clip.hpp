#pragma once

#include <cmath>
#include <type_traits>

#include <latentcell/autodiff/params.hpp>
#include <latentcell/autodiff/tape.hpp>
#include <latentcell/autodiff/visit.hpp>
#include <latentcell/kernel/optimizer.hpp>

namespace LATENTCELL_NAMESPACE {

/// Returns the global norm of all gradients of a model on a tape.
template <class T>
double gradient_norm(const std::type_identity_t<Params<T>>& params, const Tape<T>& tape) {
  double sum = 0;
  for (const Param<T>* p : params) {
    if (const T* g = tape.grad(*p); g != nullptr) sum += kernel::squared_norm(p->value.size(), g);
  }
  return std::sqrt(sum);
}

/// Returns the factor that scales a gradient of this norm to at most `limit`.     limit > 0
inline double clip_factor(double norm, double limit) { return norm > limit ? limit / norm : 1.0; }

/// Returns the name of the first Param whose gradient is not finite; empty if all are finite.
template <class T, class Model>
std::string first_not_finite(const Model& model, const Tape<T>& tape) {
  std::string found;
  visit_params(model, [&](std::string_view name, const Param<T>& p) {
    const T* g = tape.grad(p);
    if (found.empty() && g != nullptr && !ConstView<T>(g, p.value.rows(), p.value.cols()).allFinite()) found = name;
  });
  return found;
}

#ifdef LATENTCELL_INSTANCES
extern template double gradient_norm<float>(const Params<float>& params, const Tape<float>& tape);
#endif

}  // namespace latentcell
