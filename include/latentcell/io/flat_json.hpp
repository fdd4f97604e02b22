#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <latentcell/core/error.hpp>

namespace LATENTCELL_NAMESPACE::io {

/// A string as JSON writes it, quotes included. UTF-8 passes through.
inline std::string json_quote(std::string_view s) {
  std::string out = "\"";
  for (const char c : s) {
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (c == '\n') {
      out += "\\n";
    } else if (c == '\t') {
      out += "\\t";
    } else if (static_cast<unsigned char>(c) < 0x20) {
      constexpr const char* digits = "0123456789abcdef";
      out += text("\\u00", digits[c >> 4], digits[c & 15]);
    } else {
      out += c;
    }
  }
  return out + '"';
}

/// A strict reader for what a safetensors header may hold: objects, strings and lists of whole numbers. Errors are
/// std::runtime_error and name the file and the position.
class FlatJson {
 public:
  FlatJson(std::string file, std::string_view source) : file_(std::move(file)), source_(source) {}

  /// Reads an object; member(key) must read the value.
  template <class F>
  void object(F&& member) {
    expect('{');
    if (accept('}')) return;
    do {
      const std::string key = string();
      expect(':');
      member(key);
    } while (accept(','));
    expect('}');
  }

  std::string string() {
    expect('"');
    std::string out;
    while (true) {
      if (at_ >= source_.size()) fail("a string without an end");
      const char c = source_[at_++];
      if (c == '"') return out;
      if (static_cast<unsigned char>(c) < 0x20) fail("a control character in a string");
      out += c == '\\' ? escape() : std::string(1, c);
    }
  }

  std::vector<std::uint64_t> numbers() {
    std::vector<std::uint64_t> out;
    expect('[');
    if (accept(']')) return out;
    do {
      space();
      std::uint64_t n = 0;
      const std::size_t start = at_;
      while (at_ < source_.size() && source_[at_] >= '0' && source_[at_] <= '9' && at_ - start < 19) {
        n = n * 10 + std::uint64_t(source_[at_++] - '0');
      }
      if (at_ == start) fail("a whole number was expected");
      out.push_back(n);
    } while (accept(','));
    expect(']');
    return out;
  }

  /// Nothing but white space may follow.
  void end() {
    space();
    if (at_ != source_.size()) fail("something follows the header");
  }

  [[noreturn]] void fail(const std::string& what) const {
    throw_runtime(file_, ": not a safetensors header: ", what, " at byte ", at_);
  }

 private:
  void space() {
    while (at_ < source_.size() &&
           (source_[at_] == ' ' || source_[at_] == '\n' || source_[at_] == '\t' || source_[at_] == '\r')) {
      ++at_;
    }
  }
  bool accept(char c) {
    space();
    if (at_ >= source_.size() || source_[at_] != c) return false;
    ++at_;
    return true;
  }
  void expect(char c) {
    if (!accept(c)) fail(text("'", c, "' was expected"));
  }
  std::string escape() {
    if (at_ >= source_.size()) fail("a string without an end");
    switch (const char c = source_[at_++]) {
      case '"':
      case '\\':
      case '/':
        return std::string(1, c);
      case 'n':
        return "\n";
      case 't':
        return "\t";
      case 'r':
        return "\r";
      case 'b':
        return "\b";
      case 'f':
        return "\f";
      case 'u':
        return code_point();
      default:
        fail("an unknown escape");
    }
  }
  unsigned hex() {
    if (at_ + 4 > source_.size()) fail("a \\u escape cut short");
    unsigned value = 0;
    for (int i = 0; i < 4; ++i) {
      const char c = source_[at_++];
      const int digit = c >= '0' && c <= '9'   ? c - '0'
                        : c >= 'a' && c <= 'f' ? c - 'a' + 10
                        : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                               : -1;
      if (digit < 0) fail("a \\u escape with a letter that is not hexadecimal");
      value = value * 16 + unsigned(digit);
    }
    return value;
  }
  std::string code_point() {
    unsigned c = hex();
    if (c >= 0xDC00 && c <= 0xDFFF) fail("half of a surrogate pair");
    if (c >= 0xD800 && c < 0xDC00) {
      if (source_.substr(at_, 2) != "\\u") fail("half of a surrogate pair");
      at_ += 2;
      const unsigned low = hex();
      if (low < 0xDC00 || low > 0xDFFF) fail("half of a surrogate pair");
      c = 0x10000 + ((c - 0xD800) << 10) + (low - 0xDC00);
    }
    const auto byte = [](unsigned b) { return static_cast<char>(b); };
    if (c < 0x80) return {byte(c)};
    if (c < 0x800) return {byte(0xC0 | c >> 6), byte(0x80 | (c & 63))};
    if (c < 0x10000) return {byte(0xE0 | c >> 12), byte(0x80 | (c >> 6 & 63)), byte(0x80 | (c & 63))};
    return {byte(0xF0 | c >> 18), byte(0x80 | (c >> 12 & 63)), byte(0x80 | (c >> 6 & 63)), byte(0x80 | (c & 63))};
  }

  std::string file_;
  std::string_view source_;
  std::size_t at_ = 0;
};

}  // namespace latentcell::io
