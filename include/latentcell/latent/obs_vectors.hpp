#pragma once

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include <latentcell/condition/covariates.hpp>
#include <latentcell/data/annotation.hpp>
#include <latentcell/latent/condition_value.hpp>

namespace LATENTCELL_NAMESPACE {

/// An obs column of vectors: the latent of a control cell, coordinates, an embedding. A missing column is unknown.
struct ObsVectors {
  std::string column;
  Index size = 0;  ///< numbers of a vector

  static void visit(auto& self, auto&& f) {
    f("column", self.column);
    f("size", self.size);
  }

  const std::string& name() const { return column; }
  Index columns() const { return size; }
  std::vector<std::string> obs_columns() const { return {column}; }
  void read(const Annotation& obs, View<float> to) const {
    if (!obs.has(column)) {
      to.setConstant(unknown);
      return;
    }
    const auto* vectors = std::get_if<Matrix<float>>(&obs.get(column));
    LATENTCELL_REQUIRE(vectors != nullptr, "column '", column, "' holds no vectors");
    LATENTCELL_REQUIRE(vectors->cols() == size, "column '", column, "' has vectors of ", vectors->cols(),
                       " numbers, not ", size);
    to = *vectors;
  }
  void parse(const ConditionValue& value, View<float> to) const {
    LATENTCELL_REQUIRE(value.numbers() != nullptr && Index(value.numbers()->size()) == size, "condition '", column,
                       "' takes a vector of ", size, " numbers");
    std::copy(value.numbers()->begin(), value.numbers()->end(), to.data());
  }
  void write(ConstView<float> cells, Annotation& obs) const { obs.set(column, Matrix<float>(cells)); }
};

}  // namespace latentcell
