#pragma once

#include <cmath>
#include <initializer_list>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include <latentcell/core/enum_name.hpp>
#include <latentcell/core/error.hpp>
#include <latentcell/core/types.hpp>

// What an Options struct says of itself. One static function lists its members with their ranges, and serves
// validation, saving, loading and reports:
//
//   struct MyOptions {
//     Index width = 128;            ///< width of the hidden layer. Larger: more capacity.
//     float dropout = 0.1f;         ///< share dropped. Larger: stronger regularisation.
//     Prior prior = Prior::normal;  ///< an enumeration is checked and saved by the names of its enumerators
//     std::vector<Index> hidden = {128};
//     static void visit(auto& self, auto&& f) {
//       f("width", self.width, fixed(at_least(1)));
//       f("dropout", self.dropout, in_half_open(0, 1));
//       f("prior", self.prior);
//       f("hidden", self.hidden, fixed(each(at_least(1), 1)));
//     }
//   };
//
// A member is a number, a bool, an enumeration, a string, another Options struct, or a std::vector or std::optional of
// any of these. Without a range every value is allowed.

namespace LATENTCELL_NAMESPACE {

/// The values that an option may take, made by at_least, above, in, in_open, in_half_open, each and fixed.
struct OptionRange {
  double low = -std::numeric_limits<double>::infinity(), high = std::numeric_limits<double>::infinity();
  bool low_open = false, high_open = false;  ///< whether the end itself is excluded
  bool bounded = false;                      ///< false: every value is allowed, NaN too
  Index least_count = 0;                     ///< of a list: the least number of elements
  bool is_fixed = false;  ///< the value decides the shapes of a model, which cannot take another one later

  /// Returns whether a number lies in the range; NaN lies in none.
  bool contains(double value) const {
    if (!bounded) return true;
    return (low_open ? value > low : value >= low) && (high_open ? value < high : value <= high);
  }
  std::string to_string() const {
    if (std::isinf(low)) return "a finite number";
    if (std::isinf(high)) return text(low_open ? "above " : "at least ", low);
    return text("in ", low_open ? "(" : "[", low, ", ", high, high_open ? ")" : "]");
  }
};

/// Any finite number.
inline OptionRange finite() { return {.low_open = true, .high_open = true, .bounded = true}; }
/// [low, infinity)
inline OptionRange at_least(double low) { return {.low = low, .high_open = true, .bounded = true}; }
/// [low, infinity], where infinity means no bound
inline OptionRange at_least_or_infinite(double low) { return {.low = low, .bounded = true}; }
/// (low, infinity)
inline OptionRange above(double low) { return {.low = low, .low_open = true, .high_open = true, .bounded = true}; }
/// (low, high]
inline OptionRange above_up_to(double low, double high) {
  return {.low = low, .high = high, .low_open = true, .bounded = true};
}
/// [low, high]
inline OptionRange in(double low, double high) { return {.low = low, .high = high, .bounded = true}; }
/// (low, high)
inline OptionRange in_open(double low, double high) {
  return {.low = low, .high = high, .low_open = true, .high_open = true, .bounded = true};
}
/// [low, high)
inline OptionRange in_half_open(double low, double high) {
  return {.low = low, .high = high, .high_open = true, .bounded = true};
}
/// Every element of a list lies in the range; the list has at least `least_count` elements.
inline OptionRange each(OptionRange range, Index least_count = 0) {
  range.least_count = least_count;
  return range;
}
/// The option decides the shapes of a model: io::load_into requires it to agree with the file.
inline OptionRange fixed(OptionRange range = {}) {
  range.is_fixed = true;
  return range;
}

namespace detail {

/// Numbers, enumerations, strings, and lists of them: options that have no options inside.
template <class V>
inline constexpr bool is_option_value = std::is_arithmetic_v<V> || std::is_enum_v<V> || std::is_same_v<V, std::string>;
template <class E>
inline constexpr bool is_option_value<std::vector<E>> = is_option_value<E>;
template <class E>
inline constexpr bool is_option_value<std::optional<E>> = is_option_value<E>;

template <class V>
inline constexpr bool is_option_list = false;
template <class E>
inline constexpr bool is_option_list<std::vector<E>> = true;
template <class V>
inline constexpr bool is_optional_option = false;
template <class E>
inline constexpr bool is_optional_option<std::optional<E>> = true;

struct AnyOptionVisitor {
  void operator()(std::string_view, const auto&, const OptionRange& = {}) const {}
};

template <class Value, class F>
void walk_options(const std::string& name, Value& value, const OptionRange& range, F& f) {
  using Plain = std::remove_const_t<Value>;
  if constexpr (is_option_value<Plain>) {
    f(std::string_view(name), value, range);
  } else if constexpr (is_option_list<Plain>) {
    if constexpr (requires { f.resize(name, value); }) f.resize(name, value);
    for (std::size_t i = 0; i < value.size(); ++i) walk_options(text(name, ".", i), value[i], {}, f);
  } else if constexpr (is_optional_option<Plain>) {
    if constexpr (requires { f.resize(name, value); }) f.resize(name, value);
    if (value) walk_options(name, *value, {}, f);
  } else {
    static_assert(
        requires { Plain::visit(value, AnyOptionVisitor{}); },
        "an option is a number, an enumeration, a string, a struct with a static visit(self, f), or a "
        "std::vector or std::optional of these");
    Plain::visit(value, [&](std::string_view part, auto& member, const OptionRange& of = {}) {
      walk_options(name.empty() ? std::string(part) : text(name, ".", part), member, of, f);
    });
  }
}

/// What is wrong with a value, "must be above 0, got -1"; empty where it is right.
template <class Value>
std::string option_fault(const Value& value, const OptionRange& range) {
  if constexpr (is_optional_option<Value>) {
    return value ? option_fault(*value, range) : std::string();
  } else if constexpr (is_option_list<Value>) {
    if (Index(value.size()) < range.least_count)
      return text("must have at least ", range.least_count, range.least_count == 1 ? " element" : " elements", ", got ",
                  value.size());
    for (std::size_t i = 0; i < value.size(); ++i) {
      const std::string fault = option_fault(value[i], range);
      if (!fault.empty()) return text(fault, " (element ", i, ")");
    }
    return {};
  } else if constexpr (std::is_enum_v<Value>) {
    return !enum_name(value).empty() ? std::string()
                                     : text("must be one of ", enum_names<Value>(), ", got ", (long long)(value));
  } else if constexpr (std::is_arithmetic_v<Value>) {
    return range.contains(double(value)) ? std::string() : text("must be ", range, ", got ", +value);
  } else {
    return {};
  }
}

}  // namespace detail

/// Whether a type lists its options by a static visit.
template <class O>
concept VisitedOptions = std::is_class_v<O> && requires(O& o) {
  O::visit(o, detail::AnyOptionVisitor{});
};

/// Calls f(name, value, range) for every option, depth first; nested options have dotted names such as "prior.kind".
template <VisitedOptions O, class F>
void visit_options(O& options, F&& f) {
  detail::walk_options(std::string(), options, {}, f);
}
template <VisitedOptions O, class F>
void visit_options(const O& options, F&& f) {
  detail::walk_options(std::string(), options, {}, f);
}

/// Throws std::invalid_argument where an option that the owner does not have is not at its default. `unused` names
/// options, or nested structs by their first part.
template <VisitedOptions O>
void require_defaults(std::string_view owner, const O& options, std::initializer_list<std::string_view> unused) {
  const O usual{};
  std::vector<const void*> defaults;
  visit_options(usual, [&](std::string_view, const auto& value, const OptionRange&) { defaults.push_back(&value); });
  std::size_t at = 0;
  visit_options(options, [&](std::string_view name, const auto& value, const OptionRange&) {
    const auto& other = *static_cast<const std::remove_cvref_t<decltype(value)>*>(defaults[at++]);
    for (const std::string_view part : unused) {
      const bool named =
          name.substr(0, part.size()) == part && (name.size() == part.size() || name[part.size()] == '.');
      LATENTCELL_REQUIRE(!named || value == other, owner, ": has no ", name, "; leave it at its default");
    }
  });
}

/// Returns the options where every one lies in its range. Throws std::invalid_argument with owner, option, range and
/// value otherwise: "Vae: kl_weight must be at least 0, got -1".
template <VisitedOptions O>
const O& check_options(std::string_view owner, const O& options) {
  visit_options(options, [&](std::string_view name, const auto& value, const OptionRange& range) {
    const std::string fault = detail::option_fault(value, range);
    LATENTCELL_REQUIRE(fault.empty(), owner, ": ", name, " ", fault);
  });
  return options;
}

}  // namespace latentcell
