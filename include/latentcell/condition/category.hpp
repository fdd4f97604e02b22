#pragma once

#include <span>

#include <latentcell/nn/init.hpp>
#include <latentcell/op/embedding.hpp>

namespace latentcell {

/// A label as a vector. Unknown and dropped labels are one extra row of the table, so guidance needs no special case
/// (Peebles and Xie 2023).
template <class T>
struct Category {
  static constexpr int unknown = -1;  ///< never seen, missing, or dropped for guidance
  Param<T> table;                     // (levels + 1, D); the last row stands for unknown

  Category(Index levels, Index width, Rng& rng) : table(levels + 1, width) {
    LATENTCELL_REQUIRE(levels >= 1, "Category: needs at least one level, got ", levels);
    init_normal(table, T(0.02), rng);
    table.weight_decay = T(0);
  }

  Index levels() const { return table.value.rows() - 1; }
  Index width() const { return table.value.cols(); }

  /// label (B), each in [0, levels) or unknown -> (B, D)
  Var<T> operator()(Tape<T>& tape, std::span<const int> label) const {
    int* row = tape.template scratch_of<int>(Index(label.size()));
    for (std::size_t b = 0; b < label.size(); ++b) {
      LATENTCELL_REQUIRE(label[b] >= unknown && label[b] < levels(), "Category: label ", label[b], " of cell ", b,
                         " but there are ", levels(), " levels");
      row[b] = label[b] == unknown ? int(levels()) : label[b];
    }
    return embedding(tape.watch(table), std::span<const int>(row, label.size()));
  }

  static void visit(auto& self, auto&& f) { f("table", self.table); }
};

}  // namespace latentcell
