#pragma once

#include <charconv>
#include <stdexcept>
#include <string>
#include <string_view>
#include <type_traits>

namespace latentcell {

namespace detail {

inline void append(std::string& out, std::string_view text) { out += text; }
inline void append(std::string& out, const char* text) { out += text; }
inline void append(std::string& out, char letter) { out += letter; }
inline void append(std::string& out, bool value) { out += value ? "true" : "false"; }

template <class N>
requires(std::is_arithmetic_v<N>) void append(std::string& out, N value) {
  char digits[64];
  std::to_chars_result end{};
  if constexpr (std::is_floating_point_v<N>) {
    end = std::to_chars(digits, digits + sizeof digits, value, std::chars_format::general, 6);
  } else {
    end = std::to_chars(digits, digits + sizeof digits, value);
  }
  out.append(digits, end.ptr);
}

template <class S>
requires requires(const S& s) {
  { s.to_string() } -> std::convertible_to<std::string>;
}
void append(std::string& out, const S& value) { out += value.to_string(); }

}  // namespace detail

/// Joins words and numbers to one sentence; locale-free.
template <class... Parts>
std::string text(const Parts&... parts) {
  std::string out;
  (detail::append(out, parts), ...);
  return out;
}

/// Throws std::invalid_argument: the caller gave a wrong shape or value.
template <class... Parts>
[[noreturn, gnu::cold, gnu::noinline]] void throw_invalid(const Parts&... parts) {
  throw std::invalid_argument(text(parts...));
}

/// Throws std::runtime_error: trouble met on the way, a file cut short or a loss that is not finite.
template <class... Parts>
[[noreturn, gnu::cold, gnu::noinline]] void throw_runtime(const Parts&... parts) {
  throw std::runtime_error(text(parts...));
}

}  // namespace latentcell

/// Checks an argument; the message names the function, what was given and what was needed, with the numbers:
///   LATENTCELL_REQUIRE(d > 1, "layer_norm: needs at least two columns, got x ", shape);
#define LATENTCELL_REQUIRE(condition, ...)      \
  do {                                          \
    if (!(condition)) [[unlikely]]              \
      ::latentcell::throw_invalid(__VA_ARGS__); \
  } while (false)
