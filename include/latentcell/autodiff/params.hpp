#pragma once

#include <type_traits>
#include <vector>

#include <latentcell/autodiff/visit.hpp>

namespace LATENTCELL_NAMESPACE {

/// The Params of a model, in the order of visit_state: all that an optimiser needs to know of it. A model turns into
/// them by itself; a loop makes them once. Valid while the model keeps its modules.
template <class T>
class Params {
 public:
  template <class Model>
  requires(!std::is_const_v<Model> && !std::is_same_v<Model, Params>) Params(Model& model) {
    each_param(model, [&](Param<T>& p) { params_.push_back(&p); });
  }
  /// The Params of several modules, one after the other.
  template <class First, class Second, class... More>
  requires(!std::is_const_v<First> && !std::is_const_v<Second>) Params(First& first, Second& second, More&... more)
      : Params(first) {
    const auto append = [this](auto& model) { each_param(model, [this](Param<T>& p) { params_.push_back(&p); }); };
    append(second);
    (append(more), ...);
  }

  auto begin() const { return params_.begin(); }
  auto end() const { return params_.end(); }
  std::size_t size() const { return params_.size(); }
  Param<T>& operator[](std::size_t i) const { return *params_[i]; }

 private:
  std::vector<Param<T>*> params_;
};

/// Copies of all values, in the place of those that were there.
template <class T>
void copy_values(const Params<T>& params, std::vector<Buffer<T>>& to) {
  to.resize(params.size());
  for (std::size_t i = 0; i < params.size(); ++i) to[i].value = params[i].value;
}

/// Gives the Params the values of such copies.
template <class T>
void set_values(const Params<T>& params, const std::vector<Buffer<T>>& from) {
  for (std::size_t i = 0; i < params.size(); ++i) params[i].value = from[i].value;
}

#ifdef LATENTCELL_INSTANCES
extern template void copy_values<float>(const Params<float>& params, std::vector<Buffer<float>>& to);
extern template void set_values<float>(const Params<float>& params, const std::vector<Buffer<float>>& from);
#endif

}  // namespace latentcell
