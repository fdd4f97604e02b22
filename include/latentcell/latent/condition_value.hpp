#pragma once

#include <concepts>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include <latentcell/core/types.hpp>

namespace LATENTCELL_NAMESPACE {

/// The value of an attribute as a caller gives it: a text, a number, or a vector of numbers.
class ConditionValue {
 public:
  ConditionValue(const char* text) : value_(std::string(text)) {}
  ConditionValue(std::string text) : value_(std::move(text)) {}
  ConditionValue(std::string_view text) : value_(std::string(text)) {}
  template <class N>
  requires std::floating_point<N> || std::integral<N> ConditionValue(N number) : value_(double(number)) {}
  ConditionValue(std::vector<float> numbers) : value_(std::move(numbers)) {}

  /// The text, number or numbers; null where the value is of another kind.
  const std::string* text() const { return std::get_if<std::string>(&value_); }
  const double* number() const { return std::get_if<double>(&value_); }
  const std::vector<float>* numbers() const { return std::get_if<std::vector<float>>(&value_); }

 private:
  std::variant<std::string, double, std::vector<float>> value_;
};

/// Attribute to value; an attribute that is not named is unknown.
using ConditionValues = std::map<std::string, ConditionValue>;

}  // namespace latentcell
