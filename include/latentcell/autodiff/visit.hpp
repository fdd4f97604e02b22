#pragma once

#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include <latentcell/autodiff/param.hpp>
#include <latentcell/core/error.hpp>
#include <latentcell/core/options.hpp>

namespace LATENTCELL_NAMESPACE {

namespace detail {

template <class M>
inline constexpr bool is_param = false;
template <class T>
inline constexpr bool is_param<Param<T>> = true;
template <class M>
inline constexpr bool is_buffer = false;
template <class T>
inline constexpr bool is_buffer<Buffer<T>> = true;
template <class M>
inline constexpr bool is_vector = false;
template <class E>
inline constexpr bool is_vector<std::vector<E>> = true;

template <class M>
inline constexpr bool is_optional = false;
template <class E>
inline constexpr bool is_optional<std::optional<E>> = true;

template <class Thing, class F>
void walk(const std::string& name, Thing& thing, F& f) {
  using Plain = std::remove_const_t<Thing>;
  if constexpr (is_param<Plain> || is_buffer<Plain>) {
    f(std::string_view(name), thing);
  } else if constexpr (is_option_value<Plain>) {
  } else if constexpr (is_vector<Plain>) {
    for (std::size_t i = 0; i < thing.size(); ++i) walk(text(name, ".", i), thing[i], f);
  } else if constexpr (is_optional<Plain>) {
    if (thing) walk(name, *thing, f);
  } else {
    Plain::visit(thing, [&](std::string_view part, auto& member, const auto&...) {
      walk(name.empty() ? std::string(part) : text(name, ".", part), member, f);
    });
  }
}

}  // namespace detail

/// Calls f(name, param) for each Param and Buffer of a model, depth first in the order of the members, with dotted
/// names such as "blocks.3.attention.weight". A module lists its members in one static function that serves const
/// and mutable models alike:
///   static void visit(auto& self, auto&& f) { f("weight", self.weight); f("bias", self.bias); }
/// It may also list settings that a file must keep (numbers, enumerations, names and lists of them, with a range where
/// there is one): io::save_model writes them, this function passes over them.
/// Throws std::invalid_argument where two Params or Buffers have one name.
template <class Model, class F>
void visit_state(Model& model, F&& f) {
  std::set<std::string, std::less<>> names;
  const auto once = [&](std::string_view name, auto& thing) {
    LATENTCELL_REQUIRE(names.emplace(name).second, "visit: two Params or Buffers are called '", name,
                       "'; give each member of a visit, and each attribute of a condition, a name of its own");
    f(name, thing);
  };
  detail::walk(std::string(), model, once);
}

namespace detail {

/// Takes whatever a visit lists: with it a concept asks for a visit.
struct AnyMember {
  void operator()(auto&&...) const {}
};

}  // namespace detail

/// Calls f(name, param) for each Param of a model.
template <class Model, class F>
void visit_params(Model& model, F&& f) {
  visit_state(model, [&](std::string_view name, auto& thing) {
    if constexpr (detail::is_param<std::remove_cvref_t<decltype(thing)>>) f(name, thing);
  });
}

/// Calls f(param) for each Param of a model, without making names: for the hot path.
template <class Model, class F>
void each_param(Model& model, F&& f) {
  using Plain = std::remove_const_t<Model>;
  if constexpr (detail::is_param<Plain>) {
    f(model);
  } else if constexpr (detail::is_vector<Plain>) {
    for (auto& part : model) each_param(part, f);
  } else if constexpr (detail::is_optional<Plain>) {
    if (model) each_param(*model, f);
  } else if constexpr (!detail::is_buffer<Plain> && !detail::is_option_value<Plain>) {
    Plain::visit(model, [&](std::string_view, auto& member, const auto&...) { each_param(member, f); });
  }
}

/// Number of trained numbers.
template <class Model>
Index parameter_count(const Model& model) {
  Index n = 0;
  each_param(model, [&](const auto& p) { n += p.value.size(); });
  return n;
}

}  // namespace latentcell
