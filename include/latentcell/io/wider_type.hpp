#pragma once

#include <algorithm>

#include <latentcell/data/column.hpp>

namespace LATENTCELL_NAMESPACE::io {

namespace detail {

/// What numbers a type holds. A boolean is a number of eight bits.
struct NumberForm {
  int bits = 64;
  bool is_real = true, has_sign = true;
};
inline NumberForm number_form(NumberType type) {
  switch (type) {
    case NumberType::boolean:
    case NumberType::uint8:
      return {8, false, false};
    case NumberType::uint16:
      return {16, false, false};
    case NumberType::uint32:
      return {32, false, false};
    case NumberType::uint64:
      return {64, false, false};
    case NumberType::int8:
      return {8, false, true};
    case NumberType::int16:
      return {16, false, true};
    case NumberType::int32:
      return {32, false, true};
    case NumberType::int64:
      return {64, false, true};
    case NumberType::float32:
      return {32, true, true};
    default:
      return {};
  }
}

}  // namespace detail

/// Returns the narrowest type that holds the numbers of two types; float64, which rounds, where whole numbers of 64
/// bits meet others that no type holds with them.
inline NumberType wider_type(NumberType a, NumberType b) {
  if (a == b) return a;
  const detail::NumberForm x = detail::number_form(a), y = detail::number_form(b);
  if (x.is_real || y.is_real) {
    const auto is_short = [](const detail::NumberForm& f) { return f.is_real ? f.bits == 32 : f.bits <= 16; };
    return is_short(x) && is_short(y) ? NumberType::float32 : NumberType::float64;
  }
  if (x.has_sign == y.has_sign) {
    if (x.bits == y.bits) return NumberType::uint8;  // a boolean and the other
    return x.bits > y.bits ? a : b;
  }
  const auto with_sign = [](const detail::NumberForm& f) { return f.has_sign ? f.bits : 2 * f.bits; };
  const int bits = std::max(with_sign(x), with_sign(y));
  if (bits > 64) return NumberType::float64;
  return bits == 16 ? NumberType::int16 : bits == 32 ? NumberType::int32 : NumberType::int64;
}

}  // namespace latentcell::io
