#pragma once

#include <latentcell/autodiff/tape.hpp>
#include <latentcell/kernel/attention.hpp>

namespace latentcell {

/// Multi-head self-attention over the tokens of each cell (Vaswani et al. 2017, eq. 1).
/// qkv (B, T, 3 D): queries, keys and values side by side, each cut into `heads` -> (B, T, D)
template <class T>
Var<T> attention(Var<T> qkv, Index heads) {
  const Index width = qkv.cols() / 3;
  LATENTCELL_REQUIRE(qkv.cols() == 3 * width, "attention: qkv ", qkv.shape(), " must have 3 D columns");
  LATENTCELL_REQUIRE(heads > 0 && width % heads == 0, "attention: width ", width, " cannot be cut into ", heads,
                     " heads");
  Tape<T>& tape = qkv.tape();
  const Shape shape = qkv.shape();
  Var<T> y = tape.alloc(shape.with_cols(width), qkv);
  T* p = tape.scratch(shape.batch() * heads * shape.tokens() * shape.tokens());
  T* scratch = tape.scratch(shape.batch() * kernel::attention_scratch(shape.tokens(), width / heads));
  kernel::attention<T>(qkv.value().data(), p, y.out().data(), scratch, shape.batch(), shape.tokens(), width, heads);
  tape.on_backward(y, [=] {
    Tape<T>& own = y.tape();
    T* const gradient = own.scratch(shape.size());
    kernel::attention_grad<T>(qkv.value().data(), p, y.upstream().data(), gradient, scratch, shape.batch(),
                              shape.tokens(), width, heads);
    own.hand_gradient(qkv, gradient);
  });
  return y;
}

}  // namespace latentcell
