#pragma once

#include <cmath>

#include <latentcell/autodiff/tape.hpp>
#include <latentcell/kernel/count_loss.hpp>
#include <latentcell/kernel/rows.hpp>

namespace LATENTCELL_NAMESPACE {

/// log1p(library * share) of each gene, the share a softmax over the row or exp of the predictor: a decoded cell on the
/// scale of log1p counts of that library.     eta (B, G) -> (B, G)
template <class T>
Var<T> log_normalized(LibraryLink link, Var<T> eta, T library) {
  Tape<T>& tape = eta.tape();
  const Index rows = eta.rows(), genes = eta.cols();
  Var<T> y = tape.alloc(eta.shape(), eta);
  T* const mean = tape.scratch(eta.shape().size());
  const T* const from = eta.value().data();
  T* const out = y.out().data();
  kernel::parallel_items(rows, 8 * rows * genes, [=](Index b) {
    T* const row = mean + b * genes;
    kernel::vectorized([=]() __attribute__((always_inline)) {
      kernel::count_means(link, from + b * genes, library, genes, row);
      kernel::fast::lanes::each<T>(
          genes, [=](Index j) __attribute__((always_inline)) { out[b * genes + j] = kernel::fast::log1p(row[j]); });
    });
  });
  tape.on_backward(y, [=] {
    const T* const g = y.upstream().data();
    T* const to = eta.grad().data();
    kernel::parallel_items(rows, 4 * rows * genes, [=](Index b) {
      const T *const row = mean + b * genes, *const up = g + b * genes;
      T* const d = to + b * genes;
      T sum = 0;  // of d loss / d log mean
      if (link == LibraryLink::softmax) {
        for (Index j = 0; j < genes; ++j) sum += up[j] * row[j] / (T(1) + row[j]);
      }
      for (Index j = 0; j < genes; ++j) d[j] += up[j] * row[j] / (T(1) + row[j]) - sum * row[j] / library;
    });
  });
  return y;
}

#ifdef LATENTCELL_INSTANCES
extern template Var<float> log_normalized<float>(LibraryLink link, Var<float> eta, float library);
#endif

}  // namespace latentcell
