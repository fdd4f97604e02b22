#pragma once

#include <latentcell/autodiff/tape.hpp>
#include <latentcell/kernel/rows.hpp>

namespace LATENTCELL_NAMESPACE {

/// Repeats one row.
/// x (1, D) -> (rows, D)
template <class T>
Var<T> broadcast_rows(Var<T> x, Index rows) {
  LATENTCELL_REQUIRE(x.rows() == 1 && rows >= 1, "broadcast_rows: x ", x.shape(), " must be one row and rows (", rows,
                     ") at least 1");
  Tape<T>& tape = x.tape();
  Var<T> y = tape.alloc(Shape(rows, x.cols()), x);
  for (Index i = 0; i < rows; ++i) y.out().row(i) = x.value().row(0);
  tape.on_backward(y, [=] { kernel::add_column_sums<T>(y.upstream(), x.grad().data()); });
  return y;
}

/// Repeats one column.
/// x (..., 1) -> (..., columns)
template <class T>
Var<T> broadcast_columns(Var<T> x, Index columns) {
  LATENTCELL_REQUIRE(x.cols() == 1 && columns >= 1, "broadcast_columns: x ", x.shape(),
                     " must be one column and columns (", columns, ") at least 1");
  Tape<T>& tape = x.tape();
  Var<T> y = tape.alloc(x.shape().with_cols(columns), x);
  for (Index i = 0; i < x.rows(); ++i) y.out().row(i).setConstant(x.value()(i, 0));
  tape.on_backward(y, [=] {
    for (Index i = 0; i < x.rows(); ++i) x.grad()(i, 0) += y.upstream().row(i).sum();
  });
  return y;
}

#ifdef LATENTCELL_INSTANCES
extern template Var<float> broadcast_rows<float>(Var<float> x, Index rows);
extern template Var<float> broadcast_columns<float>(Var<float> x, Index columns);
#endif

}  // namespace latentcell
