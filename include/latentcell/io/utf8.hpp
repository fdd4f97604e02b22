#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include <latentcell/data/cell_table.hpp>

namespace LATENTCELL_NAMESPACE::io {

/// Whether bytes are UTF-8: no stray or missing bytes, no surrogates, nothing written longer than it need be.
inline bool is_utf8(std::string_view bytes) {
  for (std::size_t i = 0; i < bytes.size();) {
    const auto at = [&](std::size_t k) { return k < bytes.size() ? static_cast<unsigned char>(bytes[k]) : 0u; };
    const unsigned first = at(i);
    const std::size_t length = first < 0x80 ? 1 : first >> 5 == 6 ? 2 : first >> 4 == 14 ? 3 : first >> 3 == 30 ? 4 : 0;
    if (length == 0) return false;
    unsigned long code = length == 1 ? first : first & (0xFFu >> (length + 1));
    for (std::size_t k = 1; k < length; ++k) {
      if (at(i + k) >> 6 != 2) return false;
      code = code << 6 | (at(i + k) & 0x3F);
    }
    constexpr unsigned long least[] = {0, 0, 0x80, 0x800, 0x10000};
    if (code < least[length] || code > 0x10FFFF || (code >= 0xD800 && code <= 0xDFFF)) return false;
    i += length;
  }
  return true;
}

/// Turns a text that is no UTF-8 into it, taking it as Latin-1, where every byte is a letter; false where it was UTF-8.
inline bool make_utf8(std::string& of) {
  if (is_utf8(of)) return false;
  std::string out;
  for (const char c : of) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x80) {
      out += c;
    } else {
      out += char(0xC0 | byte >> 6);
      out += char(0x80 | (byte & 0x3F));
    }
  }
  of = std::move(out);
  return true;
}

/// Turns the names, levels and texts of a table into UTF-8, with a note where some were not.
inline void make_utf8(CellTable& table, const std::string& where) {
  Index turned = 0;
  const auto all = [&](std::vector<std::string>& texts) {
    for (std::string& one : texts) turned += make_utf8(one);
  };
  const auto columns = [&](Annotation& of) {
    Annotation out(of.rows());
    out.set_index_name(of.index_name());
    for (const auto& [name, column] : of.columns()) {
      std::string good = name;
      turned += make_utf8(good);
      Column copy = column;
      if (auto* labels = std::get_if<Categorical>(&copy)) all(labels->levels);
      if (auto* texts = std::get_if<std::vector<std::string>>(&copy)) all(*texts);
      if (auto* texts = std::get_if<NullableTexts>(&copy)) all(texts->values);
      out.set(good, std::move(copy));
    }
    of = std::move(out);
  };
  all(table.cell_names);
  all(table.gene_names);
  columns(table.cell_columns);
  columns(table.gene_columns);
  for (auto& [name, texts] : table.strings) all(texts);
  if (turned > 0)
    table.notes.push_back(
        text(where, ": ", turned, turned == 1 ? " text is" : " texts are", " no UTF-8: taken as Latin-1"));
}

}  // namespace latentcell::io
