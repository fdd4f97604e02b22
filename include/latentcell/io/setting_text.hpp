#pragma once

#include <bit>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <string>
#include <string_view>
#include <type_traits>

#include <latentcell/core/options.hpp>

namespace LATENTCELL_NAMESPACE::io {

namespace detail {

template <class N>
using FloatBits = std::conditional_t<sizeof(N) == 4, std::uint32_t, std::uint64_t>;

// Line breaks end the elements of a list, so those inside an element are escaped.
inline std::string escape_lines(std::string_view word) {
  std::string out;
  for (const char c : word) out += c == '\n' ? "\\n" : c == '\\' ? "\\\\" : std::string(1, c);
  return out;
}

inline bool unescape_lines(std::string_view word, std::string& out) {
  out.clear();
  for (std::size_t i = 0; i < word.size(); ++i) {
    if (word[i] != '\\') {
      out += word[i];
    } else if (++i < word.size() && (word[i] == 'n' || word[i] == '\\')) {
      out += word[i] == 'n' ? '\n' : '\\';
    } else {
      return false;
    }
  }
  return true;
}

template <class N>
bool parse_number(std::string_view word, N& out, int base = 10) {
  std::from_chars_result end{};
  if constexpr (std::is_floating_point_v<N>) {
    end = std::from_chars(word.data(), word.data() + word.size(), out);
  } else {
    end = std::from_chars(word.data(), word.data() + word.size(), out, base);
  }
  return end.ec == std::errc() && end.ptr == word.data() + word.size();
}

}  // namespace detail

/// Returns a number, bool, enumerator, string or list as text that parse_setting turns back, to the bit.
/// A list is its elements with a line break after each; an enumerator is its name; NaN is "nan:" and its bits.
template <class V>
std::string setting_text(const V& value) {
  if constexpr (std::is_same_v<V, std::string>) {
    return value;
  } else if constexpr (std::is_same_v<V, bool>) {
    return value ? "true" : "false";
  } else if constexpr (std::is_enum_v<V>) {
    return std::string(enum_name(value));
  } else if constexpr (std::is_arithmetic_v<V>) {
    char word[64];
    if constexpr (std::is_floating_point_v<V>) {
      if (std::isnan(value)) {
        const auto bits = std::bit_cast<detail::FloatBits<V>>(value);
        return "nan:" + std::string(word, std::to_chars(word, word + sizeof word, bits, 16).ptr);
      }
    }
    return {word, std::to_chars(word, word + sizeof word, value).ptr};
  } else {
    std::string out;
    if constexpr (latentcell::detail::is_optional_option<V>) {
      if (value) out = detail::escape_lines(setting_text(*value)) + "\n";
    } else {
      for (const auto& element : value) out += detail::escape_lines(setting_text(element)) + "\n";
    }
    return out;
  }
}

/// Reads what setting_text wrote. Returns false where the text is something else; `out` is then undefined.
template <class V>
bool parse_setting(std::string_view word, V& out) {
  if constexpr (std::is_same_v<V, std::string>) {
    out = word;
    return true;
  } else if constexpr (std::is_same_v<V, bool>) {
    out = word == "true";
    return out || word == "false";
  } else if constexpr (std::is_enum_v<V>) {
    const std::optional<V> value = enum_value<V>(word);
    if (value) out = *value;
    return value.has_value();
  } else if constexpr (std::is_arithmetic_v<V>) {
    if constexpr (std::is_floating_point_v<V>) {
      if (word.substr(0, 4) == "nan:") {
        detail::FloatBits<V> bits = 0;
        if (!detail::parse_number(word.substr(4), bits, 16)) return false;
        out = std::bit_cast<V>(bits);
        return std::isnan(out);
      }
    }
    return detail::parse_number(word, out);
  } else {
    V read;
    while (!word.empty()) {
      const std::size_t end = word.find('\n');
      std::string element;
      if (end == std::string_view::npos || !detail::unescape_lines(word.substr(0, end), element)) return false;
      typename V::value_type value{};
      if (!parse_setting(std::string_view(element), value)) return false;
      if constexpr (latentcell::detail::is_optional_option<V>) {
        if (read) return false;
        read = std::move(value);
      } else {
        read.push_back(std::move(value));
      }
      word.remove_prefix(end + 1);
    }
    out = std::move(read);
    return true;
  }
}

/// Returns what a setting is, for messages: "a number", "one of gene, gene_batch, gene_cell", "a list".
template <class V>
std::string setting_kind() {
  if constexpr (std::is_same_v<V, bool>) return "true or false";
  if constexpr (std::is_enum_v<V>) return "one of " + enum_names<V>();
  if constexpr (std::is_floating_point_v<V>) return "a number";
  if constexpr (std::is_integral_v<V>) return "a whole number";
  return "a list";
}

}  // namespace latentcell::io
