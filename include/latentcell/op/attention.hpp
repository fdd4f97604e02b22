#pragma once

#include <latentcell/autodiff/tape.hpp>
#include <latentcell/kernel/attention.hpp>

namespace LATENTCELL_NAMESPACE {

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
  const kernel::AttentionSize size{shape.batch(), shape.tokens(), shape.tokens(), width, heads};
  Var<T> y = tape.alloc(shape.with_cols(width), qkv);
  T* const p = tape.scratch(size.weights());
  kernel::attention<T>(size, kernel::self_attention(qkv.value().data(), width), p, y.out().data(),
                       tape.workspace(size.scratch()).data());
  tape.on_backward(y, [=] {
    Tape<T>& own = y.tape();
    T* const d = own.gradient_memory(shape.size());
    kernel::attention_grad<T>(size, kernel::self_attention(qkv.value().data(), width), p, y.upstream().data(), d,
                              d + width, d + 2 * width, own.workspace(size.scratch()).data());
    own.hand_gradient(qkv, d);
  });
  return y;
}

/// Multi-head attention of the tokens of each cell to other tokens of that cell.
/// q (B, T, D), kv (B, K, 2 D): keys and values side by side -> (B, T, D)
template <class T>
Var<T> cross_attention(Var<T> q, Var<T> kv, Index heads) {
  const Index width = q.cols();
  LATENTCELL_REQUIRE(kv.cols() == 2 * width && kv.shape().batch() == q.shape().batch(), "cross_attention: kv ",
                     kv.shape(), " does not fit q ", q.shape());
  LATENTCELL_REQUIRE(heads > 0 && width % heads == 0, "cross_attention: width ", width, " cannot be cut into ", heads,
                     " heads");
  Tape<T>& tape = q.tape();
  const kernel::AttentionSize size{q.shape().batch(), q.shape().tokens(), kv.shape().tokens(), width, heads};
  Var<T> y = tape.alloc(q.shape(), q, kv);
  T* const p = tape.scratch(size.weights());
  const auto input = [=] {
    const T* const k = kv.value().data();
    return kernel::AttentionInput<T>{q.value().data(), width, k, k + width, 2 * width};
  };
  kernel::attention<T>(size, input(), p, y.out().data(), tape.workspace(size.scratch()).data());
  tape.on_backward(y, [=] {
    Tape<T>& own = y.tape();
    T *const dq = own.gradient_memory(q.shape().size()), *const dkv = own.gradient_memory(kv.shape().size());
    kernel::attention_grad<T>(size, input(), p, y.upstream().data(), dq, dkv, dkv + width,
                              own.workspace(size.scratch()).data());
    if (q.needs_grad()) own.hand_gradient(q, dq);
    if (kv.needs_grad()) own.hand_gradient(kv, dkv);
  });
  return y;
}

#ifdef LATENTCELL_INSTANCES
extern template Var<float> attention<float>(Var<float> qkv, Index heads);
extern template Var<float> cross_attention<float>(Var<float> q, Var<float> kv, Index heads);
#endif

}  // namespace latentcell
