#pragma once

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <initializer_list>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <latentcell/data/column.hpp>

namespace LATENTCELL_NAMESPACE {

/// A value of any kind that a file carries and nothing here computes with, kept as it is: a number, text, list, matrix
/// or a group of such, with the attributes that say what it stands for.
struct StoredValue {
  enum class Kind { group, numbers, texts, nothing };
  Kind kind = Kind::group;
  std::vector<Index> shape = {};          ///< empty of a single value
  NumberType type = NumberType::float64;  ///< of numbers
  std::vector<char> bytes = {};           ///< of numbers, row-major
  std::vector<std::string> texts = {};    ///< row-major
  std::map<std::string, StoredValue> attributes = {};
  std::map<std::string, StoredValue> children = {};  ///< of a group

  bool operator==(const StoredValue&) const = default;
};

/// A text as anndata stores it.
inline StoredValue stored_text(std::string value, const char* encoding = "string") {
  StoredValue out{.kind = StoredValue::Kind::texts, .texts = {std::move(value)}};
  if (*encoding == '\0') return out;
  out.attributes["encoding-type"] = stored_text(encoding, "");
  out.attributes["encoding-version"] = stored_text("0.2.0", "");
  return out;
}

/// A list of texts as anndata stores it.
inline StoredValue stored_texts(std::vector<std::string> values) {
  StoredValue out{.kind = StoredValue::Kind::texts, .shape = {Index(values.size())}, .texts = std::move(values)};
  out.attributes["encoding-type"] = stored_text("string-array", "");
  out.attributes["encoding-version"] = stored_text("0.2.0", "");
  return out;
}

namespace detail {
template <class N>
StoredValue stored_scalar(N value, NumberType type) {
  StoredValue out{.kind = StoredValue::Kind::numbers, .type = type};
  out.bytes.resize(sizeof value);
  std::memcpy(out.bytes.data(), &value, sizeof value);
  out.attributes["encoding-type"] = stored_text("numeric-scalar", "");
  out.attributes["encoding-version"] = stored_text("0.2.0", "");
  return out;
}
}  // namespace detail

/// A number as anndata stores it.
inline StoredValue stored_real(double value) { return detail::stored_scalar(value, NumberType::float64); }
inline StoredValue stored_integer(std::int64_t value) { return detail::stored_scalar(value, NumberType::int64); }
inline StoredValue stored_boolean(std::int8_t value) { return detail::stored_scalar(value, NumberType::boolean); }

/// A matrix of doubles as anndata stores it.
inline StoredValue stored_matrix(const Matrix<double>& values) {
  StoredValue out{.kind = StoredValue::Kind::numbers, .shape = {values.rows(), values.cols()}};
  out.bytes.resize(to_size(values.size()) * sizeof(double));
  if (values.size() > 0) std::memcpy(out.bytes.data(), values.data(), out.bytes.size());
  out.attributes["encoding-type"] = stored_text("array", "");
  out.attributes["encoding-version"] = stored_text("0.2.0", "");
  return out;
}

/// A mapping of names to values as anndata stores it.
inline StoredValue stored_mapping(std::map<std::string, StoredValue> children) {
  StoredValue out{.children = std::move(children)};
  out.attributes["encoding-type"] = stored_text("dict", "");
  out.attributes["encoding-version"] = stored_text("0.1.0", "");
  return out;
}

/// What a file carries beside counts, annotations and embeddings, by place: "uns/neighbors", "varm/PCs",
/// "obsp/connectivities", "layers/spliced".
using StoredValues = std::map<std::string, StoredValue>;

/// The same without what has a value for each cell ("layers/", "obsp/") or for each gene ("layers/", "varm/", "varp/").
inline StoredValues without_places(const StoredValues& all, std::initializer_list<std::string_view> places) {
  StoredValues out;
  for (const auto& [place, value] : all) {
    const auto within = [&name = place](std::string_view start) { return name.starts_with(start); };
    if (std::none_of(places.begin(), places.end(), within)) out.emplace(place, value);
  }
  return out;
}

}  // namespace latentcell
