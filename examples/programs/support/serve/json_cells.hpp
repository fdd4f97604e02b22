#pragma once

#include <charconv>
#include <cmath>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include <latentcell/data/cell_table.hpp>

// Cells as JSON:
//   {"genes": ["CD3E", ...], "cells": ["a", ...], "counts": {"indptr": [0, 2], "indices": [3, 7], "data": [1, 4]}}
// counts are CSR as SciPy has it, or rows of all genes, [[0, 1], [2, 0]]. cells may be left out, and genes too, where
// the columns are those of the model.

namespace serve {

namespace lc = latentcell;
using lc::Index;

/// What a request may not be: answered with this status and the sentence.
struct Refusal {
  int status;
  std::string sentence;
};

struct CellsFormat {
  const std::vector<std::string>& genes;  ///< of the columns where the body names none
  Index most_cells;
};

/// Reads a table. Throws JsonError for what is no JSON of that shape, Refusal for counts that are none.
lc::CellTable parse_cells(std::string_view body, const CellsFormat& format);

/// Text of JSON that grows.
class JsonText {
 public:
  JsonText& key(std::string_view name) {
    comma();
    quote(name);
    out_ += ':';
    fresh_ = true;
    return *this;
  }
  JsonText& open(char bracket) {
    comma();
    out_ += bracket;
    fresh_ = true;
    return *this;
  }
  JsonText& close(char bracket) {
    out_ += bracket;
    fresh_ = false;
    return *this;
  }
  JsonText& string(std::string_view value) {
    comma();
    quote(value);
    return *this;
  }
  /// The fewest digits that give the same number again; null where it is not finite.
  template <class Number>
  JsonText& number(Number value) {
    comma();
    if constexpr (std::is_floating_point_v<Number>) {
      if (!std::isfinite(value)) {
        out_ += "null";
        return *this;
      }
    }
    char digits[40];
    out_.append(digits, std::to_chars(digits, digits + sizeof digits, value).ptr);
    return *this;
  }
  template <class Numbers>
  JsonText& numbers(const Numbers& values) {
    open('[');
    for (const auto value : values) number(value);
    return close(']');
  }
  JsonText& strings(const std::vector<std::string>& values) {
    open('[');
    for (const std::string& value : values) string(value);
    return close(']');
  }
  /// [[...], ...], a list a row.
  JsonText& rows(const lc::Matrix<float>& values);
  /// {"shape": [N, G], "indptr": ..., "indices": ..., "data": ...}
  JsonText& counts(const lc::Counts& values);

  void reserve(std::size_t bytes) { out_.reserve(bytes); }
  std::string take() { return std::move(out_); }

 private:
  void comma() {
    if (!fresh_) out_ += ',';
    fresh_ = false;
  }
  void quote(std::string_view value);

  std::string out_;
  bool fresh_ = true;
};

}  // namespace serve
