#pragma once

#include <span>

#include <latentcell/autodiff/tape.hpp>

namespace LATENTCELL_NAMESPACE {

/// x, with `row` in place of the rows that are marked.     x (B, D), row (1, D), marked (B) -> (B, D)
template <class T>
Var<T> replace_rows(Var<T> x, Var<T> row, std::span<const bool> marked) {
  LATENTCELL_REQUIRE(row.shape() == Shape(1, x.cols()) && Index(marked.size()) == x.rows(), "replace_rows: row ",
                     row.shape(), " and ", marked.size(), " marks for x ", x.shape());
  Tape<T>& tape = x.tape();
  const Index batch = x.rows();
  bool* const kept = tape.template scratch_of<bool>(batch);
  std::copy(marked.begin(), marked.end(), kept);
  Var<T> y = tape.alloc(x.shape(), x, row);
  for (Index b = 0; b < batch; ++b) {
    if (kept[b]) {
      y.out().row(b) = row.value().row(0);
    } else {
      y.out().row(b) = x.value().row(b);
    }
  }
  tape.on_backward(y, [=] {
    for (Index b = 0; b < batch; ++b) {
      const Var<T>& to = kept[b] ? row : x;
      if (to.needs_grad()) to.grad().row(kept[b] ? 0 : b) += y.upstream().row(b);
    }
  });
  return y;
}

#ifdef LATENTCELL_INSTANCES
extern template Var<float> replace_rows<float>(Var<float> x, Var<float> row, std::span<const bool> marked);
#endif

}  // namespace latentcell
