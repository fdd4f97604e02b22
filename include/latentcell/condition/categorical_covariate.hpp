#pragma once

#include <latentcell/condition/covariates.hpp>
#include <latentcell/nn/init.hpp>
#include <latentcell/op/embedding.hpp>

namespace LATENTCELL_NAMESPACE {

/// Encodes a label as a vector: one row of a table per level, and one more for unknown (Peebles and Xie 2023). The
/// condition value is the code of the level.
template <class T>
struct CategoricalCovariate {
  using Scalar = T;
  Param<T> table;  // (levels + 1, D); the last row stands for unknown

  CategoricalCovariate(Index levels, Index width, Rng& rng) : table(levels + 1, width) {
    LATENTCELL_REQUIRE(levels >= 1, "CategoricalCovariate: needs at least one level, got ", levels);
    init_normal(table, T(0.02), rng);
    table.weight_decay = T(0);
  }

  static CategoricalCovariate from_options(const auto& reader, Rng& rng) {
    const auto [rows, width] = reader.shape("table");
    return {rows - 1, width, rng};
  }

  Index levels() const { return table.value.rows() - 1; }
  Index columns() const { return 1; }
  Index width() const { return table.value.cols(); }

  /// cells (B, 1), each a code in [0, levels) or unknown -> (B, D)
  Var<T> operator()(Tape<T>& tape, ConstView<float> cells) const {
    const Index batch = cells.rows();
    int* row = tape.template scratch_of<int>(batch);
    for (Index b = 0; b < batch; ++b) {
      const float code = cells(b, 0);
      LATENTCELL_REQUIRE(std::isnan(code) || (code >= 0 && code < float(levels()) && code == std::floor(code)),
                         "CategoricalCovariate: code ", code, " of cell ", b, " but there are ", levels(), " levels");
      row[b] = std::isnan(code) ? int(levels()) : int(code);
    }
    return embedding(tape.watch(table), std::span<const int>(row, to_size(batch)));
  }

  static void visit(auto& self, auto&& f) { f("table", self.table); }
};

#ifdef LATENTCELL_INSTANCES
extern template struct CategoricalCovariate<float>;
#endif

}  // namespace latentcell
