#pragma once

#include <algorithm>
#include <charconv>
#include <string>
#include <string_view>
#include <vector>

#include <latentcell/condition/covariates.hpp>
#include <latentcell/data/annotation.hpp>
#include <latentcell/latent/condition_value.hpp>

namespace LATENTCELL_NAMESPACE {

/// Obs columns of numbers: a time, a dose, two coordinates. A missing column is unknown.
struct ObsNumbers {
  std::vector<std::string> names;

  static void visit(auto& self, auto&& f) { f("names", self.names); }

  const std::string& name() const { return names.front(); }
  Index columns() const { return Index(names.size()); }
  std::vector<std::string> obs_columns() const { return names; }
  void read(const Annotation& obs, View<float> to) const {
    for (Index k = 0; k < columns(); ++k) {
      const std::string& column = names[to_size(k)];
      if (!obs.has(column)) {
        to.col(k).setConstant(unknown);
        continue;
      }
      const std::vector<double> numbers = obs.numbers(column);
      for (Index i = 0; i < to.rows(); ++i) to(i, k) = float(numbers[to_size(i)]);
    }
  }
  /// A number, a vector of as many numbers as there are columns, or a text of them with commas between.
  void parse(const ConditionValue& value, View<float> to) const {
    if (value.text() != nullptr) return parse_text(*value.text(), to);
    std::vector<float> given;
    if (value.number() != nullptr) given.push_back(float(*value.number()));
    if (value.numbers() != nullptr) given = *value.numbers();
    LATENTCELL_REQUIRE(Index(given.size()) == columns(), "condition '", name(), "' takes ", columns(),
                       columns() == 1 ? " number, got " : " numbers, got ", given.size());
    std::copy(given.begin(), given.end(), to.data());
  }
  void write(ConstView<float> cells, Annotation& obs) const {
    for (Index k = 0; k < columns(); ++k) {
      std::vector<double> out;
      for (Index i = 0; i < cells.rows(); ++i) out.push_back(double(cells(i, k)));
      obs.set(names[to_size(k)], std::move(out));
    }
  }

 private:
  void parse_text(std::string_view words, View<float> to) const {
    std::string_view rest = words;
    for (Index k = 0; k < columns(); ++k) {
      const std::string_view word = rest.substr(0, rest.find(','));
      double value = 0;
      const auto end = std::from_chars(word.data(), word.data() + word.size(), value);
      LATENTCELL_REQUIRE(end.ec == std::errc() && end.ptr == word.data() + word.size(), "'", words, "' is not ",
                         columns(), columns() == 1 ? " number" : " numbers with commas between them", " for '", name(),
                         "'");
      to(0, k) = float(value);
      rest.remove_prefix(std::min(rest.size(), word.size() + 1));
    }
    LATENTCELL_REQUIRE(rest.empty(), "'", words, "' holds more than ", columns(), " numbers for '", name(), "'");
  }
};

}  // namespace latentcell
