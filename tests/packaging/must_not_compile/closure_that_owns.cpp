// error: a gradient closure may capture Vars, pointers and numbers only
#include <latentcell/autodiff/tape.hpp>

#include <vector>

void record(latentcell::Tape<float>& tape, latentcell::Var<float> y) {
  std::vector<float> kept(3);
#ifdef RIGHT
  tape.on_backward(y, [y, first = kept[0]] { y.grad()(0, 0) += first; });
#else
  tape.on_backward(y, [y, kept] { y.grad()(0, 0) += kept[0]; });
#endif
}
