#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include <latentcell/core/version.hpp>

namespace LATENTCELL_NAMESPACE {

/// Whether line breaks and tabs of a text become blanks.
enum class LineBreaks { replaced, kept };

namespace detail {

/// A code point and the bytes that it takes; `bytes` of 0: what stands there is no UTF-8.
struct CodePoint {
  std::uint32_t value = 0;
  std::size_t bytes = 0;
};

inline CodePoint code_point_at(std::string_view words, std::size_t at) {
  const auto byte = [&](std::size_t k) { return std::uint32_t(static_cast<unsigned char>(words[at + k])); };
  const std::uint32_t first = byte(0);
  if (first < 0x80) return {first, 1};
  const std::size_t bytes = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : 2;
  if (first < 0xC2 || first > 0xF4 || at + bytes > words.size()) return {};
  std::uint32_t value = first & (0x7Fu >> bytes);
  for (std::size_t k = 1; k < bytes; ++k) {
    if ((byte(k) & 0xC0) != 0x80) return {};
    value = (value << 6) | (byte(k) & 0x3F);
  }
  const bool overlong = value < (bytes == 2 ? 0x80u : bytes == 3 ? 0x800u : 0x10000u);
  return overlong || value > 0x10FFFF || (value >= 0xD800 && value < 0xE000) ? CodePoint{} : CodePoint{value, bytes};
}

/// Steers a terminal, breaks a line or turns the direction of what follows.
inline bool steers(std::uint32_t c) {
  return c < 0x20 || (c >= 0x7F && c < 0xA0) || c == 0x61C || c == 0x200E || c == 0x200F ||
         (c >= 0x2028 && c <= 0x202E) || (c >= 0x2066 && c <= 0x2069);
}

}  // namespace detail

/// Returns the text as valid UTF-8 that steers no terminal. Line breaks and tabs become blanks. Bytes that are no
/// UTF-8, control characters and marks of direction become U+FFFD each. What is safe stays as it is.
inline std::string safe_text(std::string_view words, LineBreaks breaks = LineBreaks::replaced) {
  std::string out;
  for (std::size_t at = 0; at < words.size();) {
    const char letter = words[at];
    const detail::CodePoint c = detail::code_point_at(words, at);
    const bool is_break = letter == '\n' || letter == '\t';
    if (is_break || letter == '\r') {
      out += is_break && breaks == LineBreaks::kept ? letter : ' ';
    } else if (c.bytes == 0 || detail::steers(c.value)) {
      out += "\xEF\xBF\xBD";
    } else {
      out += words.substr(at, c.bytes);
    }
    at += c.bytes == 0 ? 1 : c.bytes;
  }
  return out;
}

/// Returns the text where it has at most `longest` letters, else its first ones and an ellipsis. Both are of UTF-8.
inline std::string shorten_text(std::string_view words, std::size_t longest) {
  std::size_t letters = 0, keep = 0;
  for (std::size_t at = 0; at < words.size(); ++at) {
    if ((static_cast<unsigned char>(words[at]) & 0xC0) == 0x80) continue;
    if (++letters == longest) keep = at;
    if (letters > longest) return std::string(words.substr(0, keep)) + "…";
  }
  return std::string(words);
}

/// Returns the text in single quotes, as gnuplot reads it letter by letter, safe and shortened. Apostrophes become
/// typographic ones, because gnuplot 5.4 misreads a doubled one at the beginning. The terminal must be `noenhanced`:
/// else ^ _ { } @ & ~ are commands.
inline std::string gnuplot_text(std::string_view words, std::size_t longest = 200) {
  std::string out = "'";
  for (const char letter : shorten_text(safe_text(words), longest))
    out += letter == '\'' ? std::string("’") : std::string(1, letter);
  return out + "'";
}

/// Returns the same for the name of a tick, where gnuplot takes % for the beginning of a number's format.
inline std::string gnuplot_tick(std::string_view words, std::size_t longest = 200) {
  std::string out;
  for (const char letter : gnuplot_text(words, longest)) out += letter == '%' ? "%%" : std::string(1, letter);
  return out;
}

}  // namespace latentcell
