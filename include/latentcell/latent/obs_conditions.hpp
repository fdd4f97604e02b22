#pragma once

#include <algorithm>
#include <concepts>
#include <map>
#include <string>
#include <tuple>
#include <vector>

#include <latentcell/op/concat.hpp>
#include <latentcell/op/elementwise.hpp>
#include <latentcell/latent/from_obs.hpp>

namespace LATENTCELL_NAMESPACE {

/// How the vectors of several attributes become one.
enum class Combine {
  sum,          ///< added up: all of one width
  concatenate,  ///< side by side: as wide as all together; what attention to condition tokens takes
};

/// Several attributes of a cell, any of which may be unknown. Two of them cannot read one obs column.
template <class... Parts>
struct Conditions {
  using Scalar = typename std::tuple_element_t<0, std::tuple<Parts...>>::Scalar;
  static constexpr Index attributes = Index(sizeof...(Parts));
  std::tuple<Parts...> parts;
  Combine combine = Combine::sum;

  Conditions(Combine how, Parts... p) : parts(std::move(p)...), combine(how) {
    LATENTCELL_REQUIRE(combine == Combine::concatenate || same_width(),
                       "conditions: to be added up, all must be as wide as "
                       "the first, ",
                       std::get<0>(parts).width(), "; give them one width, or choose Combine::concatenate");
    require_distinct_columns();
  }

  Index columns() const {
    return std::apply([](const auto&... p) { return (p.columns() + ...); }, parts);
  }
  Index width() const {
    return std::apply(
        [&](const auto& first, const auto&... p) {
          return combine == Combine::sum ? first.width() : (first.width() + ... + p.width());
        },
        parts);
  }
  /// Calls f(reader, first column) for each attribute.
  void each(auto&& f) const {
    Index at = 0;
    std::apply([&](const auto&... p) { ((f(p.reader, at), at += p.columns()), ...); }, parts);
  }
  /// cells (B, columns()) -> (B, width())
  Var<Scalar> operator()(Tape<Scalar>& tape, ConstView<float> cells) const {
    Var<Scalar> out;
    Index at = 0;
    const auto add_part = [&](const auto& p) {
      const Index batch = cells.rows(), count = p.columns();
      float* const own = tape.template scratch_of<float>(batch * count);
      for (Index b = 0; b < batch; ++b) std::copy_n(cells.data() + b * cells.cols() + at, count, own + b * count);
      at += count;
      const Var<Scalar> v = p(tape, ConstView<float>(own, batch, count));
      out = out.empty() ? v : combine == Combine::sum ? add(out, v) : concat(out, v);
    };
    std::apply([&](const auto&... p) { (add_part(p), ...); }, parts);
    return out;
  }

  static void visit(auto& self, auto&& f) {
    std::apply([&](auto&... p) { (f(p.reader.name().c_str(), p), ...); }, self.parts);
  }

 private:
  // Two attributes of one column would be two entries of one name in a saved model.
  void require_distinct_columns() const {
    std::vector<std::string> columns;
    each([&](const auto& reader, Index) {
      for (const std::string& column : reader.obs_columns()) {
        LATENTCELL_REQUIRE(std::find(columns.begin(), columns.end(), column) == columns.end(),
                           "conditions: two attributes read obs column '", column, "'");
        columns.push_back(column);
      }
    });
  }
  bool same_width() const {
    return std::apply([](const auto& first, const auto&... p) { return ((p.width() == first.width()) && ...); }, parts);
  }
};

/// Attributes added up, or side by side.
template <class... Parts>
Conditions<Parts...> conditions(Combine how, Parts... parts) {
  return {how, std::move(parts)...};
}

/// Condition values of all rows of an annotation.     -> (N, columns())
template <class C>
Matrix<float> read_conditions(const C& condition, const Annotation& obs) {
  Matrix<float> out(obs.rows(), condition.columns());
  condition.each([&](const auto& reader, Index first) {
    Matrix<float> own(obs.rows(), reader.columns());
    reader.read(obs, View<float>(own.data(), own.rows(), own.cols()));
    out.middleCols(first, reader.columns()) = own;
  });
  return out;
}

/// Condition values of the cells of a table, whose annotation may be missing.     -> (N, columns())
template <class C>
Matrix<float> read_conditions(const C& condition, const Annotation& obs, Index cells) {
  return read_conditions(condition, obs.for_rows(cells));
}

/// Condition values of one cell; an attribute that is not named is unknown.     -> (1, columns())
template <class C>
Matrix<float> parse_conditions(const C& condition, const ConditionValues& values) {
  Matrix<float> out = Matrix<float>::Constant(1, condition.columns(), unknown);
  for (const auto& [name, value] : values) {
    bool found = false;
    std::string names;
    condition.each([&, &name = name, &value = value](const auto& reader, Index first) {
      names += (names.empty() ? "'" : ", '") + reader.name() + "'";
      if (reader.name() != name) return;
      reader.parse(value, View<float>(out.data() + first, 1, reader.columns()));
      found = true;
    });
    LATENTCELL_REQUIRE(found, "generate: the model has no condition '", name, "', only ", names);
  }
  return out;
}
template <class C, std::same_as<std::map<std::string, std::string>> Texts>
Matrix<float> parse_conditions(const C& condition, const Texts& values) {
  return parse_conditions(condition, ConditionValues(values.begin(), values.end()));
}

/// Adds the attributes of cells (N, columns()) to their obs.
template <class C>
void write_conditions(const C& condition, const Matrix<float>& cells, Annotation& obs) {
  condition.each([&](const auto& reader, Index first) {
    const Matrix<float> own = cells.middleCols(first, reader.columns());
    reader.write(ConstView<float>(own.data(), own.rows(), own.cols()), obs);
  });
}

/// The levels of a label attribute, the first one where `attribute` is empty; none where there is no such.
template <class C>
std::vector<std::string> label_levels(const C& condition, const std::string& attribute = {}) {
  std::vector<std::string> out;
  bool found = false;
  condition.each([&](const auto& reader, Index) {
    if constexpr (requires { reader.levels; }) {
      if (found || (!attribute.empty() && reader.name() != attribute)) return;
      out = reader.levels;
      found = true;
    }
  });
  LATENTCELL_REQUIRE(found || attribute.empty(), "conditions: there is no label attribute '", attribute, "'");
  return out;
}

/// The code of that label in each cell, -1 unknown.     cells (N, columns()) -> (N)
template <class C>
std::vector<int> label_codes(const C& condition, ConstView<float> cells, const std::string& attribute = {}) {
  Index at = -1;
  condition.each([&](const auto& reader, Index first) {
    if constexpr (requires { reader.levels; }) {
      if (at < 0 && (attribute.empty() || reader.name() == attribute)) at = first;
    }
  });
  std::vector<int> out(to_size(cells.rows()), -1);
  for (Index i = 0; i < cells.rows() && at >= 0; ++i) {
    if (!std::isnan(cells(i, at))) out[to_size(i)] = int(cells(i, at));
  }
  return out;
}

}  // namespace latentcell
