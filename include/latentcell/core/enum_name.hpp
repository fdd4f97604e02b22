#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include <latentcell/core/version.hpp>

namespace LATENTCELL_NAMESPACE {

namespace detail {

/// The compiler's own name of an enumerator, without its scope; empty where the value is no enumerator.
template <auto value>
constexpr std::string_view spelled_enumerator() {
  std::string_view name =
      __PRETTY_FUNCTION__;  // "... value = latentcell::Prior::vamp; ..." or "... (latentcell::Prior)7"
  name = name.substr(name.find("value = ") + 8);
  name = name.substr(0, name.find_first_of(";]"));
  if (name.find('(') == 0 || name.find_first_of("0123456789-") == 0) return {};
  return name.substr(name.rfind(':') + 1);
}

/// Names of the enumerators 0, 1, ... up to the first gap; at most 32.
template <class E>
constexpr auto spelled_enumerators() {
  return []<std::size_t... i>(std::index_sequence<i...>) {
    return std::array<std::string_view, sizeof...(i)>{spelled_enumerator<static_cast<E>(i)>()...};
  }
  (std::make_index_sequence<32>());
}

template <class E>
[[gnu::visibility("hidden")]] inline constexpr auto enumerator_names =  // GCC forgets -fvisibility here
    spelled_enumerators<E>();

}  // namespace detail

/// Returns the name of an enumerator, "vamp" for Prior::vamp; empty where the value is none. The enumeration is
/// scoped and its enumerators are below 32.
template <class E>
constexpr std::string_view enum_name(E value) {
  static_assert(std::is_enum_v<E> && !std::is_convertible_v<E, int>, "enum_name: takes an `enum class`");
  const auto at = static_cast<long long>(value);
  return at < 0 || at >= 32 ? std::string_view() : detail::enumerator_names<E>[std::size_t(at)];
}

/// Returns the enumerator of a name; none where there is no such.
template <class E>
constexpr std::optional<E> enum_value(std::string_view name) {
  for (std::size_t i = 0; i < 32 && !name.empty(); ++i) {
    if (detail::enumerator_names<E>[i] == name) return static_cast<E>(i);
  }
  return std::nullopt;
}

/// Returns the names of all enumerators with commas between them, for messages.
template <class E>
std::string enum_names() {
  std::string out;
  for (const std::string_view name : detail::enumerator_names<E>) {
    if (!name.empty()) out += (out.empty() ? "" : ", ") + std::string(name);
  }
  return out;
}

}  // namespace latentcell
