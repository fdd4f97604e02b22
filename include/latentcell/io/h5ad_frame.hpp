#pragma once

#include <algorithm>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <type_traits>
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

/// Names or category levels: strings as they are, numbers as pandas shows them, missing ones empty.   -> (N)
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
  if (!holds_numbers(data)) data.fail("holds neither texts nor numbers");
  std::vector<std::string> out;
  const NumberType type = number_type(data.type().get());
  if (type == NumberType::boolean) {
    for (const std::int8_t value : read_numbers<std::int8_t>(data)) out.push_back(value != 0 ? "True" : "False");
  } else if (type == NumberType::float32) {
    for (const float value : read_numbers<float>(data)) out.push_back(text_of_real(value));
  } else if (type == NumberType::float64) {
    for (const double value : read_numbers<double>(data)) out.push_back(text_of_real(value));
  } else {
    for (const std::int64_t value : read_integers(data).values) out.push_back(text_of(value, type));
  }
  return out;
}

/// The levels of a categorical, without codes.
inline Categorical read_levels(const Hdf5Object& categories) {
  Categorical out;
  out.levels = read_labels(categories);
  if (is_masked(categories)) {
    out.level_type = read_levels(categories.open("values")).level_type;
  } else if (holds_numbers(categories)) {
    out.level_type = number_type(categories.type().get());
  }
  return out;
}

inline Categorical read_categorical(const Hdf5Object& codes, const Hdf5Object& categories, Index rows) {
  Categorical out = read_levels(categories);
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

/// Truth values; what is neither 0 nor 1 is missing, as R writes it.
inline Booleans boolean_column(const std::vector<std::int8_t>& values) {
  Booleans out;
  for (const std::int8_t value : values) out.values.push_back(value == 1);
  const auto neither = [](std::int8_t value) { return value != 0 && value != 1; };
  if (std::none_of(values.begin(), values.end(), neither)) return out;
  out.missing.emplace();
  for (const std::int8_t value : values) out.missing->push_back(neither(value));
  return out;
}

/// One column of a list of numbers, booleans or strings; nothing where it is of another kind.
inline std::optional<Column> read_list_column(const Hdf5Object& data, Index rows) {
  if (!data.is_dataset() || data.shape().size() != 1) return std::nullopt;
  const Hdf5Handle type = data.type();
  const bool logical = is_r_logical(type.get());
  const Hdf5Kind kind = hdf5_kind(type.get());
  if (kind == Hdf5Kind::other && !logical) return std::nullopt;
  require_rows(data, data.length(), rows);
  if (kind == Hdf5Kind::text) return read_texts(data);
  if (logical || kind == Hdf5Kind::boolean) {
    require_plausible(data, rows, 1);
    std::vector<std::int8_t> flags(to_size(rows));
    read_part(data, 0, rows, flags.data());
    return boolean_column(flags);
  }
  if (kind == Hdf5Kind::integer) return read_integers(data);
  if (number_type(type.get()) == NumberType::float32) return read_numbers<float>(data);
  return read_numbers<double>(data);
}

/// A column beside a mask of the entries that are missing.
inline std::optional<Column> read_masked_column(const Hdf5Object& data, Index rows) {
  std::optional<Column> column = read_list_column(data.open("values"), rows);
  if (!column) return column;
  const std::vector<std::int8_t> mask = read_mask(data, rows);
  const std::vector<char> missing(mask.begin(), mask.end());
  if (auto* whole = std::get_if<Integers>(&*column)) whole->missing = missing;
  if (auto* flags = std::get_if<Booleans>(&*column)) flags->missing = missing;
  if (auto* texts = std::get_if<std::vector<std::string>>(&*column)) {
    for (std::size_t i = 0; i < missing.size(); ++i) {
      if (missing[i] != 0) (*texts)[i].clear();
    }
    return NullableTexts{std::move(*texts), missing};
  }
  const auto set_missing = [&](auto* reals) {
    for (std::size_t i = 0; reals != nullptr && i < missing.size(); ++i) {
      if (missing[i] != 0) (*reals)[i] = std::numeric_limits<std::remove_cvref_t<decltype((*reals)[0])>>::quiet_NaN();
    }
  };
  set_missing(std::get_if<std::vector<double>>(&*column));
  set_missing(std::get_if<std::vector<float>>(&*column));
  return column;
}

/// Opens a column; one whose name has slashes lies in groups inside the frame.
inline std::optional<Hdf5Object> find_column(const Hdf5Object& frame, const std::string& name) {
  if (frame.has(name)) return frame.open(name);
  const std::size_t slash = name.find('/');
  if (slash == std::string::npos || !frame.has(name.substr(0, slash))) return std::nullopt;
  const Hdf5Object inner = frame.open(name.substr(0, slash));
  return inner.is_group() ? find_column(inner, name.substr(slash + 1)) : std::nullopt;
}

/// Reads one column; returns nothing where its encoding is not supported.
inline std::optional<Column> read_column(const Hdf5Object& frame, const Hdf5Object& data, const std::string& name,
                                         Index rows) {
  if (data.is_group() && data.has("categories") && data.has("codes")) {
    Categorical out = read_categorical(data.open("codes"), data.open("categories"), rows);
    out.ordered = attribute_true(data, "ordered");
    return out;
  }
  // anndata 0.7 keeps levels apart, and leaves those of a column that was replaced since by texts or numbers.
  if (data.is_dataset() && frame.has("__categories") && hdf5_kind(data) == Hdf5Kind::integer) {
    if (const auto categories = find_column(frame.open("__categories"), name)) {
      const bool refers = data.has_attribute("categories");
      const Integers codes = refers ? Integers{} : read_integers(data);
      const std::int64_t levels = categories->length();
      if (refers || std::all_of(codes.values.begin(), codes.values.end(),
                                [&](std::int64_t code) { return code >= -1 && code < levels; })) {
        Categorical out = read_categorical(data, *categories, rows);
        out.ordered = attribute_true(*categories, "ordered");
        return out;
      }
    }
  }
  return is_masked(data) ? read_masked_column(data, rows) : read_list_column(data, rows);
}

}  // namespace detail

/// Reads a data frame group, in today's encoding and in that of anndata 0.7. Every column keeps its type. Columns in an
/// unknown encoding are left out, with a line in notes.
inline H5adFrame read_frame(const Hdf5Object& frame, std::vector<std::string>& notes) {
  std::string index = attribute_text(frame, "_index");
  if (index.empty()) index = frame.has("_index") || !frame.has("index") ? "_index" : "index";
  H5adFrame out;
  out.names = detail::read_labels(frame.open(index));
  const Index rows = Index(out.names.size());
  out.columns = Annotation(rows);
  out.columns.set_index_name(index);
  std::vector<std::string> order = attribute_texts(frame, "column-order");
  if (order.empty() && !frame.has_attribute("column-order")) {
    order = frame.children();
    std::erase_if(order, [&](const std::string& name) { return name == index || name == "__categories"; });
  }
  for (const std::string& name : order) {
    const std::optional<Hdf5Object> data = detail::find_column(frame, name);
    std::optional<Column> column;
    if (data) column = detail::read_column(frame, *data, name, rows);
    if (column) {
      out.columns.set(name, *std::move(column));
    } else {
      notes.push_back(text(frame.where(), ": column '", name,
                           data ? "' is in an unknown encoding" : "' is listed but missing", ": left out"));
    }
  }
  return out;
}

}  // namespace latentcell::io
