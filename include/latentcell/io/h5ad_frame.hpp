#pragma once

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <latentcell/data/annotation.hpp>
#include <latentcell/io/hdf5_arrays.hpp>
#include <latentcell/io/hdf5_attributes.hpp>

namespace LATENTCELL_NAMESPACE::io {

/// The obs or var of a file: the name of each row, and the columns.
struct H5adFrame {
  std::vector<std::string> names;
  Annotation columns;
};

namespace detail {

/// A number as pandas shows it: 2 of integers, 2.0 of reals, True of booleans.
inline std::string number_label(double value, Hdf5Kind kind) {
  if (kind == Hdf5Kind::boolean) return value != 0 ? "True" : "False";
  if (kind == Hdf5Kind::real && !std::isfinite(value)) return std::isnan(value) ? "" : value > 0 ? "inf" : "-inf";
  char digits[64];
  const auto end = std::to_chars(digits, digits + sizeof digits, value);
  std::string out(digits, end.ptr);
  if (kind == Hdf5Kind::real && out.find_first_of(".e") == std::string::npos) out += ".0";
  return out;
}

/// Fails where a list has not one entry for each row.
inline void require_rows(const Hdf5Object& data, Index given, Index rows) {
  if (given != rows) data.fail("has ", given, given == 1 ? " entry" : " entries", " but there are ", rows, " rows");
}

/// A mask of missing entries beside values, in the encodings nullable-integer, nullable-boolean and so on.
inline std::vector<std::int8_t> read_mask(const Hdf5Object& group, Index entries) {
  const Hdf5Object data = group.open("mask");
  require_rows(data, data.length(), entries);
  return read_numbers<std::int8_t>(data);
}

inline bool is_masked(const Hdf5Object& data) { return data.is_group() && data.has("values") && data.has("mask"); }

/// Names or category levels: strings as they are, numbers as text, missing ones empty.   -> (N)
inline std::vector<std::string> read_labels(const Hdf5Object& data) {
  if (is_masked(data)) {
    std::vector<std::string> out = read_labels(data.open("values"));
    const std::vector<std::int8_t> mask = read_mask(data, Index(out.size()));
    for (std::size_t i = 0; i < out.size(); ++i) {
      if (mask[i] != 0) out[i].clear();
    }
    return out;
  }
  if (!data.is_dataset()) data.fail("is a group where a list of names is needed");
  const Hdf5Kind kind = hdf5_kind(data);
  if (kind == Hdf5Kind::text) return read_texts(data);
  std::vector<std::string> out;
  if (kind == Hdf5Kind::integer) {
    for (std::int64_t value : read_numbers<std::int64_t>(data)) out.push_back(text(value));
  } else {
    for (double value : read_numbers<double>(data)) out.push_back(number_label(value, kind));
  }
  return out;
}

inline Categorical read_categorical(const Hdf5Object& codes, const Hdf5Object& categories, Index rows) {
  Categorical out;
  out.levels = read_labels(categories);
  if (hdf5_kind(codes) != Hdf5Kind::integer) codes.fail("holds no whole numbers");
  require_rows(codes, codes.length(), rows);
  for (std::int64_t code : read_numbers<std::int64_t>(codes)) {
    if (code < -1 || code >= std::int64_t(out.levels.size())) {
      codes.fail("entry ", out.codes.size(), " is ", code, " but there are ", out.levels.size(), " categories");
    }
    out.codes.push_back(int(code));
  }
  return out;
}

/// Booleans are labels, so that they can be conditions: levels False and True.
inline Categorical boolean_column(const std::vector<std::int8_t>& values) {
  Categorical out{{"False", "True"}, {}};
  for (std::int8_t value : values) out.codes.push_back(value != 0 ? 1 : 0);
  return out;
}

/// One column of a list of numbers, booleans or strings; nothing where it is of another kind.
inline std::optional<Column> read_list_column(const Hdf5Object& data, Index rows) {
  if (!data.is_dataset() || data.shape().size() != 1) return std::nullopt;
  const Hdf5Kind kind = hdf5_kind(data);
  if (kind == Hdf5Kind::other) return std::nullopt;
  require_rows(data, data.length(), rows);
  if (kind == Hdf5Kind::text) return read_texts(data);
  if (kind == Hdf5Kind::boolean) return boolean_column(read_numbers<std::int8_t>(data));
  return read_numbers<double>(data);
}

/// Reads one column; returns nothing where its encoding is not supported.
inline std::optional<Column> read_column(const Hdf5Object& frame, const std::string& name, Index rows) {
  const Hdf5Object data = frame.open(name);
  if (data.is_group() && data.has("categories") && data.has("codes")) {
    return read_categorical(data.open("codes"), data.open("categories"), rows);
  }
  if (data.is_dataset() && frame.has("__categories") && frame.open("__categories").has(name)) {
    return read_categorical(data, frame.open("__categories").open(name), rows);
  }
  if (!is_masked(data)) return read_list_column(data, rows);
  std::optional<Column> column = read_list_column(data.open("values"), rows);
  if (!column) return column;
  const std::vector<std::int8_t> mask = read_mask(data, rows);
  for (std::size_t i = 0; i < mask.size(); ++i) {
    if (mask[i] == 0) continue;
    if (auto* labels = std::get_if<Categorical>(&*column)) labels->codes[i] = Categorical::missing;
    if (auto* numbers = std::get_if<std::vector<double>>(&*column)) {
      (*numbers)[i] = std::numeric_limits<double>::quiet_NaN();
    }
    if (auto* strings = std::get_if<std::vector<std::string>>(&*column)) (*strings)[i].clear();
  }
  return column;
}

}  // namespace detail

/// Reads a data frame group, in today's encoding and in that of anndata 0.7. Numbers become doubles with NaN for
/// missing ones, booleans labels False and True, missing strings "". Columns in an unknown encoding are left out, with
/// a line in notes.
inline H5adFrame read_frame(const Hdf5Object& frame, std::vector<std::string>& notes) {
  std::string index = attribute_text(frame, "_index");
  if (index.empty()) index = frame.has("_index") || !frame.has("index") ? "_index" : "index";
  H5adFrame out;
  out.names = detail::read_labels(frame.open(index));
  const Index rows = Index(out.names.size());
  out.columns = Annotation(rows);
  std::vector<std::string> order = attribute_texts(frame, "column-order");
  if (order.empty() && !frame.has_attribute("column-order")) {
    order = frame.children();
    std::erase_if(order, [&](const std::string& name) { return name == index || name == "__categories"; });
  }
  for (const std::string& name : order) {
    std::optional<Column> column;
    if (frame.has(name)) column = detail::read_column(frame, name, rows);
    if (column) {
      out.columns.set(name, std::move(*column));
    } else {
      notes.push_back(text(frame.where(), ": column '", name,
                           frame.has(name) ? "' is in an unknown encoding" : "' is listed but missing", ": left out"));
    }
  }
  return out;
}

}  // namespace latentcell::io
