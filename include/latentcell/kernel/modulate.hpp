#pragma once

#include <latentcell/kernel/rows.hpp>

namespace LATENTCELL_NAMESPACE::kernel {

// y = x * (1 + scale) + shift, one scale and shift for the T tokens of a cell.   x, y (B * T, D); scale, shift (B, D)
template <class T>
void modulate(ConstView<T> x, ConstView<T> shift, ConstView<T> scale, View<T> y) {
  const Index d = x.cols(), tokens = x.rows() / scale.rows();
  parallel_ranges(x.rows(), grain_of(d), [&](Index first, Index last) {
    vectorized([ =, ins = x.data(), scales = scale.data(), shifts = shift.data(),
                 outs = y.data() ]() __attribute__((always_inline)) {
      for (Index n = first; n < last; ++n) {
        const T *const in = ins + n * d, *const a = scales + n / tokens * d, *const b = shifts + n / tokens * d;
        T* const out = outs + n * d;
#pragma omp simd
        for (Index j = 0; j < d; ++j) out[j] = in[j] * (T(1) + a[j]) + b[j];
      }
    });
  });
}

// dx = dy * (1 + scale), added where add_dx;  dscale += sum over tokens of dy * x;  dshift += sum over tokens of dy.
// A null pointer leaves that gradient out.
template <class T>
void modulate_grad(ConstView<T> x, ConstView<T> scale, ConstView<T> dy, T* dx, bool add_dx, T* dshift, T* dscale) {
  const Index d = x.cols(), tokens = x.rows() / scale.rows();
  parallel_ranges(scale.rows(), grain_of(d * tokens), [&](Index first, Index last) {
    vectorized([ =, gs = dy.data(), ins = x.data(), scales = scale.data() ]() __attribute__((always_inline)) {
      for (Index n = first * tokens; n < last * tokens; ++n) {
        const Index b = n / tokens;
        const T *const g = gs + n * d, *const in = ins + n * d, *const a = scales + b * d;
        if (dx != nullptr && add_dx) {
#pragma omp simd
          for (Index j = 0; j < d; ++j) dx[n * d + j] += g[j] * (T(1) + a[j]);
        } else if (dx != nullptr) {
#pragma omp simd
          for (Index j = 0; j < d; ++j) dx[n * d + j] = g[j] * (T(1) + a[j]);
        }
        if (dshift != nullptr) {
#pragma omp simd
          for (Index j = 0; j < d; ++j) dshift[b * d + j] += g[j];
        }
        if (dscale != nullptr) {
#pragma omp simd
          for (Index j = 0; j < d; ++j) dscale[b * d + j] += g[j] * in[j];
        }
      }
    });
  });
}

// y = x + gate * r, one gate for the T tokens of a cell.      x, r, y (B * T, D); gate (B, D)
template <class T>
void gated_add(ConstView<T> x, ConstView<T> gate, ConstView<T> r, View<T> y) {
  const Index d = x.cols(), tokens = x.rows() / gate.rows();
  parallel_ranges(x.rows(), grain_of(d), [&](Index first, Index last) {
    vectorized([ =, gates = gate.data(), ins = x.data(), branches = r.data(),
                 outs = y.data() ]() __attribute__((always_inline)) {
      for (Index n = first; n < last; ++n) {
        const T *const a = gates + n / tokens * d, *const in = ins + n * d, *const branch = branches + n * d;
        T* const out = outs + n * d;
#pragma omp simd
        for (Index j = 0; j < d; ++j) out[j] = in[j] + a[j] * branch[j];
      }
    });
  });
}

// dr = gate * dy, added where add_dr;  dgate += sum over tokens of dy * r;  that of x is dy itself. A null pointer
// leaves that gradient out.
template <class T>
void gated_add_grad(ConstView<T> gate, ConstView<T> r, ConstView<T> dy, T* dgate, T* dr, bool add_dr) {
  const Index d = r.cols(), tokens = r.rows() / gate.rows();
  parallel_ranges(gate.rows(), grain_of(d * tokens), [&](Index first, Index last) {
    vectorized([ =, gs = dy.data(), gates = gate.data(), branches = r.data() ]() __attribute__((always_inline)) {
      for (Index n = first * tokens; n < last * tokens; ++n) {
        const Index b = n / tokens;
        const T *const g = gs + n * d, *const a = gates + b * d, *const branch = branches + n * d;
        if (dr != nullptr && add_dr) {
#pragma omp simd
          for (Index j = 0; j < d; ++j) dr[n * d + j] += g[j] * a[j];
        } else if (dr != nullptr) {
#pragma omp simd
          for (Index j = 0; j < d; ++j) dr[n * d + j] = g[j] * a[j];
        }
        if (dgate != nullptr) {
#pragma omp simd
          for (Index j = 0; j < d; ++j) dgate[b * d + j] += g[j] * branch[j];
        }
      }
    });
  });
}

}  // namespace latentcell::kernel
