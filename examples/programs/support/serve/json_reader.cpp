#include "json_reader.hpp"

namespace serve {

namespace {

void append_utf8(std::string& out, std::uint32_t code) {
  const auto tail = [&](unsigned shift) { out += char(0x80 | ((code >> shift) & 0x3F)); };
  if (code < 0x80) {
    out += char(code);
  } else if (code < 0x800) {
    out += char(0xC0 | (code >> 6)), tail(0);
  } else if (code < 0x10000) {
    out += char(0xE0 | (code >> 12)), tail(6), tail(0);
  } else {
    out += char(0xF0 | (code >> 18)), tail(12), tail(6), tail(0);
  }
}

}  // namespace

// The four hexadecimal digits after \u.
unsigned JsonReader::code_unit() {
  unsigned value = 0;
  if (text_.size() - at_ < 4) fail("four hexadecimal digits");
  const char* const first = text_.data() + at_;
  if (const auto [end, trouble] = std::from_chars(first, first + 4, value, 16);
      trouble != std::errc() || end != first + 4)
    fail("four hexadecimal digits");
  at_ += 4;
  return value;
}

std::string JsonReader::string() {
  expect('"', "a string");
  std::string out;
  for (;;) {
    const std::size_t first = at_;
    while (at_ < text_.size() && text_[at_] != '"' && text_[at_] != '\\' &&
           static_cast<unsigned char>(text_[at_]) >= 32)
      ++at_;
    out.append(text_, first, at_ - first);
    if (at_ >= text_.size() || static_cast<unsigned char>(text_[at_]) < 32) fail("the rest of a string");
    if (text_[at_++] == '"') return out;
    const char escaped = at_ < text_.size() ? text_[at_++] : '\0';
    static constexpr std::string_view letters = "\"\\/bfnrt", meant = "\"\\/\b\f\n\r\t";
    if (const std::size_t which = letters.find(escaped); which != std::string_view::npos) {
      out += meant[which];
    } else if (escaped == 'u') {
      std::uint32_t code = code_unit();
      const bool is_first_half = code >= 0xD800 && code < 0xDC00;
      if (is_first_half && text_.substr(at_, 2) == "\\u") {
        at_ += 2;
        const unsigned second = code_unit();
        if (second < 0xDC00 || second >= 0xE000) fail("the second half of a letter");
        code = 0x10000 + ((code - 0xD800) << 10) + (second - 0xDC00);
      } else if (code >= 0xD800 && code < 0xE000) {
        fail("both halves of a letter");
      }
      append_utf8(out, code);
    } else {
      fail("an escape of JSON");
    }
  }
}

bool JsonReader::take_word(std::string_view word) {
  if (text_.substr(at_, word.size()) != word) return false;
  at_ += word.size();
  return true;
}

bool JsonReader::boolean() {
  skip_blank();
  if (take_word("true")) return true;
  if (!take_word("false")) fail("true or false");
  return false;
}

}  // namespace serve
