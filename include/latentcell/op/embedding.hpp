#pragma once

#include <span>

#include <latentcell/autodiff/tape.hpp>

namespace LATENTCELL_NAMESPACE {

/// Row code[b] of the table for each b.     table (K, D), code (B) in [0, K) -> (B, D)
template <class T>
Var<T> embedding(Var<T> table, std::span<const int> code) {
  Tape<T>& tape = table.tape();
  const Index batch = Index(code.size()), d = table.cols();
  Var<T> y = tape.alloc(Shape(batch, d), table);
  int* kept = tape.template scratch_of<int>(batch);
  for (Index b = 0; b < batch; ++b) {
    kept[b] = code[to_size(b)];
    LATENTCELL_REQUIRE(kept[b] >= 0 && kept[b] < table.rows(), "embedding: code ", kept[b], " of cell ", b,
                       " but the table has ", table.rows(), " rows");
    std::copy_n(table.value().data() + kept[b] * d, d, y.out().data() + b * d);
  }
  tape.on_backward(y, [=] {
    const T* g = y.upstream().data();
    T* to = table.grad().data();
    for (Index b = 0; b < batch; ++b) {
      for (Index j = 0; j < d; ++j) to[kept[b] * d + j] += g[b * d + j];
    }
  });
  return y;
}

#ifdef LATENTCELL_INSTANCES
extern template Var<float> embedding<float>(Var<float> table, std::span<const int> code);
#endif

}  // namespace latentcell
