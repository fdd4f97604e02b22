#pragma once

#include <charconv>
#include <concepts>
#include <initializer_list>
#include <stdexcept>
#include <string>
#include <string_view>

#include <latentcell/core/version.hpp>

namespace LATENTCELL_NAMESPACE {

/// A word, a number or a shape on its way into a sentence: one type for all of them, so that a message costs no
/// template of its own. Refers to what it is made from, so it is an argument and no more. Locale-free.
class TextPart {
 public:
  TextPart(std::string_view word) : kind_(word_kind), word_(word) {}
  TextPart(const std::string& word) : TextPart(std::string_view(word)) {}
  TextPart(const char* word) : TextPart(std::string_view(word)) {}
  TextPart(char letter) : kind_(letter_kind), letter_(letter) {}
  TextPart(bool value) : TextPart(value ? "true" : "false") {}
  TextPart(int value) : kind_(whole_kind), whole_(value) {}
  TextPart(long value) : kind_(whole_kind), whole_(value) {}
  TextPart(long long value) : kind_(whole_kind), whole_(value) {}
  TextPart(unsigned value) : kind_(natural_kind), natural_(value) {}
  TextPart(unsigned long value) : kind_(natural_kind), natural_(value) {}
  TextPart(unsigned long long value) : kind_(natural_kind), natural_(value) {}
  TextPart(double value) : kind_(real_kind), real_(value) {}
  template <class S>
  requires requires(const S& s) {
    { s.to_string() } -> std::same_as<std::string>;
  }
  TextPart(const S& value)
      : kind_(other_kind), other_{&value, [](std::string& out, const void* of) {
                                    out += static_cast<const S*>(of)->to_string();
                                  }} {}

  void append_to(std::string& out) const {
    char digits[64];
    std::to_chars_result end{digits, {}};
    switch (kind_) {
      case word_kind:
        out += word_;
        return;
      case letter_kind:
        out += letter_;
        return;
      case other_kind:
        other_.append(out, other_.object);
        return;
      case whole_kind:
        end = std::to_chars(digits, digits + sizeof digits, whole_);
        break;
      case natural_kind:
        end = std::to_chars(digits, digits + sizeof digits, natural_);
        break;
      case real_kind:
        end = std::to_chars(digits, digits + sizeof digits, real_, std::chars_format::general, 6);
        break;
    }
    out.append(digits, end.ptr);
  }

 private:
  struct Other {
    const void* object;
    void (*append)(std::string&, const void*);
  };
  enum Kind { word_kind, letter_kind, whole_kind, natural_kind, real_kind, other_kind } kind_;
  union {
    std::string_view word_;
    char letter_;
    long long whole_;
    unsigned long long natural_;
    double real_;
    Other other_;
  };
};

namespace detail {

[[gnu::noinline]] inline std::string joined(std::initializer_list<TextPart> parts) {
  std::string out;
  for (const TextPart& part : parts) part.append_to(out);
  return out;
}
[[noreturn, gnu::cold, gnu::noinline]] inline void throw_invalid_parts(std::initializer_list<TextPart> parts) {
  throw std::invalid_argument(joined(parts));
}
[[noreturn, gnu::cold, gnu::noinline]] inline void throw_runtime_parts(std::initializer_list<TextPart> parts) {
  throw std::runtime_error(joined(parts));
}

}  // namespace detail

/// Joins words and numbers to one sentence.
template <class... Parts>
std::string text(const Parts&... parts) {
  return detail::joined({parts...});
}

/// Throws std::invalid_argument: the caller gave a wrong shape or value.
template <class... Parts>
[[noreturn, gnu::always_inline]] inline void throw_invalid(const Parts&... parts) {
  detail::throw_invalid_parts({parts...});
}

/// Throws std::runtime_error: trouble met on the way, a file cut short or a loss that is not finite.
template <class... Parts>
[[noreturn, gnu::always_inline]] inline void throw_runtime(const Parts&... parts) {
  detail::throw_runtime_parts({parts...});
}

}  // namespace latentcell

/// Checks an argument; the message names the function, what was given and what was needed, with the numbers:
///   LATENTCELL_REQUIRE(d > 1, "layer_norm: needs at least two columns, got x ", shape);
#define LATENTCELL_REQUIRE(condition, ...)                      \
  do {                                                          \
    if (!(condition)) [[unlikely]]                              \
      ::latentcell::detail::throw_invalid_parts({__VA_ARGS__}); \
  } while (false)
