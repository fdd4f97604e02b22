#pragma once

#include <latentcell/autodiff/tape.hpp>
#include <latentcell/kernel/modulate.hpp>

namespace LATENTCELL_NAMESPACE {

namespace detail {

template <class T>
T* grad_or_null(const Var<T>& x) {
  return x.needs_grad() ? x.grad().data() : nullptr;
}

// Where to write a gradient; null where none is asked for.
template <class T>
typename Var<T>::Slot slot_or_null(const Var<T>& x) {
  if (x.needs_grad()) return x.slot();
  return {View<T>(nullptr, 0, 0), false};
}

}  // namespace detail

/// y = x (1 + scale) + shift, the same scale and shift for all tokens of a cell (Peebles and Xie 2023, "modulate").
/// x (B, D) or (B, T, D), shift and scale (B, D) -> shape of x
template <class T>
Var<T> modulate(Var<T> x, Var<T> shift, Var<T> scale) {
  LATENTCELL_REQUIRE(shift.shape() == scale.shape() && scale.rows() == x.shape().batch() && scale.cols() == x.cols(),
                     "modulate: x ", x.shape(), " does not fit shift ", shift.shape(), " and scale ", scale.shape());
  Tape<T>& tape = x.tape();
  Var<T> y = tape.alloc(x.shape(), x, shift, scale);
  kernel::modulate<T>(x.value(), shift.value(), scale.value(), y.out());
  tape.on_backward(y, [=] {
    auto to = detail::slot_or_null(x);
    kernel::modulate_grad<T>(x.value(), scale.value(), y.upstream(), to.grad.data(), to.add,
                             detail::grad_or_null(shift), detail::grad_or_null(scale));
  });
  return y;
}

/// y = x + gate r, the same gate for all tokens of a cell.     x, r (B, D) or (B, T, D), gate (B, D) -> shape of x
template <class T>
Var<T> gated_add(Var<T> x, Var<T> gate, Var<T> r) {
  LATENTCELL_REQUIRE(x.shape() == r.shape() && gate.rows() == x.shape().batch() && gate.cols() == x.cols(),
                     "gated_add: x ", x.shape(), ", branch ", r.shape(), " and gate ", gate.shape(), " do not fit");
  Tape<T>& tape = x.tape();
  Var<T> y = tape.alloc(x.shape(), x, gate, r);
  kernel::gated_add<T>(x.value(), gate.value(), r.value(), y.out());
  tape.on_backward(y, [=] {
    auto to = detail::slot_or_null(r);
    kernel::gated_add_grad<T>(gate.value(), r.value(), y.upstream(), detail::grad_or_null(gate), to.grad.data(),
                              to.add);
    if (x.needs_grad()) y.tape().pass_gradient(y, x);
  });
  return y;
}

#ifdef LATENTCELL_INSTANCES
extern template Var<float> modulate<float>(Var<float> x, Var<float> shift, Var<float> scale);
extern template Var<float> gated_add<float>(Var<float> x, Var<float> gate, Var<float> r);
#endif

}  // namespace latentcell
