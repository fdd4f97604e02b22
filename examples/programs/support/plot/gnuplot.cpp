#include "gnuplot.hpp"

namespace plots {

std::string quote(std::string_view word, std::size_t longest) {
  std::string out = "'";
  std::size_t letters = 0;
  for (const char c : word) {
    const bool begins_letter = (static_cast<unsigned char>(c) & 0xC0) != 0x80;  // UTF-8
    if (begins_letter && ++letters > longest) {
      out += "…";
      break;
    }
    out += static_cast<unsigned char>(c) < 0x20 ? ' ' : c;
    if (c == '\'') out += '\'';
  }
  return out + "'";
}

}  // namespace plots
