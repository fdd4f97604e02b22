#pragma once

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <unordered_map>
#include <utility>
#include <variant>
#include <vector>

#include <latentcell/core/error.hpp>
#include <latentcell/core/types.hpp>

namespace LATENTCELL_NAMESPACE {

/// How a file stores numbers.
enum class NumberType { boolean, int8, int16, int32, int64, uint8, uint16, uint32, uint64, float32, float64 };

/// Labels with few distinct values: cell type, batch, condition.
struct Categorical {
  static constexpr int missing = -1;
  std::vector<std::string> levels;            ///< distinct names
  std::vector<int> codes;                     ///< one per row: index into levels, or missing
  bool ordered = false;                       ///< the levels ascend, as in low, medium, high
  std::optional<NumberType> level_type = {};  ///< what the levels are where they are no text

  Index size() const { return Index(codes.size()); }
  Index count(int level) const { return Index(std::count(codes.begin(), codes.end(), level)); }
  /// The code of a level, nothing where there is none of that name.
  std::optional<int> find_code(std::string_view level) const {
    const auto at = std::find(levels.begin(), levels.end(), level);
    return at == levels.end() ? std::nullopt : std::optional<int>(int(at - levels.begin()));
  }
  /// The code of a level; throws std::invalid_argument with the list of levels where there is none of that name.
  int code_of(std::string_view level) const {
    const std::optional<int> code = find_code(level);
    if (!code) throw_invalid("no level '", level, "'; there are ", list());
    return *code;
  }
  std::string list() const {
    std::string out;
    for (const std::string& level : levels) out += (out.empty() ? "" : ", ") + level;
    return out.empty() ? "none" : out;
  }
  /// The same labels: how a file stores them is not compared.
  bool operator==(const Categorical& other) const { return levels == other.levels && codes == other.codes; }
};

/// Whole numbers: a cluster's number, an id.
struct Integers {
  std::vector<std::int64_t> values;               ///< (rows); those of uint64 by their bits
  NumberType type = NumberType::int64;            ///< of the file
  std::optional<std::vector<char>> missing = {};  ///< (rows) of a column that may lack some

  bool is_missing(std::size_t row) const { return missing && (*missing)[row] != 0; }
  bool operator==(const Integers&) const = default;
};

/// Truth values, one a row: a doublet, a highly variable gene.
struct Booleans {
  std::vector<char> values;                       ///< (rows) 0 or 1
  std::optional<std::vector<char>> missing = {};  ///< (rows) of a column that may lack some

  bool is_missing(std::size_t row) const { return missing && (*missing)[row] != 0; }
  bool operator==(const Booleans&) const = default;
};

/// Texts of which some may be missing, which is another thing than empty.
struct NullableTexts {
  std::vector<std::string> values;  ///< (rows)
  std::vector<char> missing;        ///< (rows)

  bool operator==(const NullableTexts&) const = default;
};

/// One annotation of cells or genes: labels, numbers, truth values, texts, or a vector for each row. Each is written in
/// the type it was read in.     vectors (rows, D)
using Column = std::variant<Categorical, std::vector<double>, std::vector<std::string>, Matrix<float>, Integers,
                            Booleans, std::vector<float>, NullableTexts>;

/// A whole number of a type as text.
inline std::string text_of(std::int64_t value, NumberType type) {
  return type == NumberType::uint64 ? text(std::uint64_t(value)) : text(value);
}

/// The shortest text that reads back as this number, as pandas shows it: 2.0, 0.1, inf; a NaN is empty.
template <class T>
std::string text_of_real(T value) {
  static_assert(std::is_floating_point_v<T>);
  if (!std::isfinite(value)) return std::isnan(value) ? "" : value > 0 ? "inf" : "-inf";
  char digits[64];
  std::string out(digits, std::to_chars(digits, digits + sizeof digits, value).ptr);
  if (out.find_first_of(".e") == std::string::npos) out += ".0";
  return out;
}

/// Distinct strings in order of first appearance; empty strings are missing.
inline Categorical to_categorical(std::span<const std::string> values) {
  Categorical out;
  std::unordered_map<std::string, int> code;
  for (const std::string& value : values) {
    if (value.empty()) {
      out.codes.push_back(Categorical::missing);
      continue;
    }
    const auto [at, added] = code.try_emplace(value, int(out.levels.size()));
    if (added) out.levels.push_back(value);
    out.codes.push_back(at->second);
  }
  return out;
}

/// Distinct whole numbers, ascending.
inline Categorical to_categorical(const Integers& numbers) {
  const auto before = [&](std::int64_t a, std::int64_t b) {
    return numbers.type == NumberType::uint64 ? std::uint64_t(a) < std::uint64_t(b) : a < b;
  };
  std::vector<std::int64_t> distinct;
  for (std::size_t i = 0; i < numbers.values.size(); ++i) {
    if (!numbers.is_missing(i)) distinct.push_back(numbers.values[i]);
  }
  std::sort(distinct.begin(), distinct.end(), before);
  distinct.erase(std::unique(distinct.begin(), distinct.end()), distinct.end());
  Categorical out;
  out.level_type = numbers.type;
  for (const std::int64_t value : distinct) out.levels.push_back(text_of(value, numbers.type));
  for (std::size_t i = 0; i < numbers.values.size(); ++i) {
    const auto at = std::lower_bound(distinct.begin(), distinct.end(), numbers.values[i], before);
    out.codes.push_back(numbers.is_missing(i) ? Categorical::missing : int(at - distinct.begin()));
  }
  return out;
}

/// The labels of a column: levels as they are, texts by first appearance, whole numbers ascending (also reals that are
/// all whole, as pandas holds integers some of which are missing), False and True. Nothing of other columns.
inline std::optional<Categorical> to_labels(const Column& column) {
  if (const auto* labels = std::get_if<Categorical>(&column)) return *labels;
  if (const auto* texts = std::get_if<std::vector<std::string>>(&column)) return to_categorical(*texts);
  if (const auto* numbers = std::get_if<Integers>(&column)) return to_categorical(*numbers);
  if (const auto* texts = std::get_if<NullableTexts>(&column)) {
    Categorical out = to_categorical(texts->values);
    for (std::size_t i = 0; i < out.codes.size(); ++i) {
      if (texts->missing[i] != 0) out.codes[i] = Categorical::missing;
    }
    return out;
  }
  if (const auto* flags = std::get_if<Booleans>(&column)) {
    Categorical out{{"False", "True"}, {}, false, NumberType::boolean};
    for (std::size_t i = 0; i < flags->values.size(); ++i)
      out.codes.push_back(flags->is_missing(i) ? Categorical::missing : int(flags->values[i] != 0));
    return out;
  }
  const auto whole = [](const auto& reals) -> std::optional<Categorical> {
    constexpr double largest = 9007199254740992;  // 2^53: from here a double skips whole numbers
    Integers out;
    out.missing.emplace();
    for (const auto value : reals) {
      const bool absent = std::isnan(value);
      if (!absent && !(std::abs(double(value)) <= largest && std::trunc(value) == value)) return std::nullopt;
      out.values.push_back(absent ? 0 : std::int64_t(value));
      out.missing->push_back(absent);
    }
    Categorical labels = to_categorical(out);
    if (labels.levels.empty()) return std::nullopt;
    labels.level_type.reset();
    return labels;
  };
  if (const auto* reals = std::get_if<std::vector<double>>(&column)) return whole(*reals);
  if (const auto* reals = std::get_if<std::vector<float>>(&column)) return whole(*reals);
  return std::nullopt;
}

/// The numbers of a column, NaN where one is missing; nothing of labels, truth values, texts and vectors.
inline std::optional<std::vector<double>> to_numbers(const Column& column) {
  if (const auto* reals = std::get_if<std::vector<double>>(&column)) return *reals;
  if (const auto* reals = std::get_if<std::vector<float>>(&column))
    return std::vector<double>(reals->begin(), reals->end());
  const auto* whole = std::get_if<Integers>(&column);
  if (whole == nullptr) return std::nullopt;
  std::vector<double> out;
  for (std::size_t i = 0; i < whole->values.size(); ++i) {
    const std::int64_t value = whole->values[i];
    out.push_back(whole->is_missing(i)                ? std::numeric_limits<double>::quiet_NaN()
                  : whole->type == NumberType::uint64 ? double(std::uint64_t(value))
                                                      : double(value));
  }
  return out;
}

/// Codes of labels among other levels; -1 for a level that is not there and where the label is missing.
inline std::vector<int> recode(const Categorical& labels, std::span<const std::string> levels) {
  std::vector<int> of_level, out;
  for (const std::string& level : labels.levels) {
    const auto at = std::find(levels.begin(), levels.end(), level);
    of_level.push_back(at == levels.end() ? Categorical::missing : int(at - levels.begin()));
  }
  for (const int code : labels.codes) out.push_back(code < 0 ? Categorical::missing : of_level.at(to_size(code)));
  return out;
}

inline Index size(const Column& column) {
  return std::visit(
      [](const auto& c) {
        if constexpr (requires { c.codes; }) {
          return Index(c.codes.size());
        } else if constexpr (requires { c.values; }) {
          return Index(c.values.size());
        } else if constexpr (requires { c.cols(); }) {
          return Index(c.rows());
        } else {
          return Index(c.size());
        }
      },
      column);
}

/// The rows of a column named by `rows`, in that order. Levels stay, also those that no row has any more.
inline Column select_rows(const Column& column, std::span<const Index> rows) {
  const auto pick = [&](auto& from) {
    std::remove_cvref_t<decltype(from)> out;
    out.reserve(rows.size());
    for (const Index r : rows) out.push_back(from.at(to_size(r)));
    from = std::move(out);
  };
  Column out = column;
  std::visit(
      [&](auto& c) {
        if constexpr (requires { c.codes; }) {
          pick(c.codes);
        } else if constexpr (requires { c.values; }) {
          pick(c.values);
          if constexpr (requires { c.missing.has_value(); }) {
            if (c.missing) pick(*c.missing);
          } else {
            pick(c.missing);
          }
        } else if constexpr (requires { c.cols(); }) {
          Matrix<float> part(Index(rows.size()), c.cols());
          for (std::size_t i = 0; i < rows.size(); ++i) {
            LATENTCELL_REQUIRE(rows[i] >= 0 && rows[i] < c.rows(), "select_rows: row ", rows[i], " of ", c.rows());
            part.row(Index(i)) = c.row(rows[i]);
          }
          c = std::move(part);
        } else {
          pick(c);
        }
      },
      out);
  return out;
}

}  // namespace latentcell
