#pragma once

#include <latentcell/core/types.hpp>
#include <latentcell/kernel/parallel.hpp>

// The library's three matrix products, and the only ones: each adds to C. Row-major everywhere.

namespace latentcell::kernel {

namespace detail {

// Rows below which a second thread costs more than it brings, in multiply-adds.
inline Index gemm_grain(Index k, Index n) { return std::max<Index>(1, 65536 / std::max<Index>(1, k * n)); }

}  // namespace detail

/// C += A B.      a (N, K), b (K, M), c (N, M)
template <class T>
void gemm_nn(ConstView<T> a, ConstView<T> b, View<T> c) {
  eigen_assert(a.cols() == b.rows() && c.rows() == a.rows() && c.cols() == b.cols());
  parallel_ranges(a.rows(), detail::gemm_grain(a.cols(), b.cols()), [&](Index first, Index last) {
    c.middleRows(first, last - first).noalias() += a.middleRows(first, last - first) * b;
  });
}

/// C += A B^T.    a (N, K), b (M, K), c (N, M)
template <class T>
void gemm_nt(ConstView<T> a, ConstView<T> b, View<T> c) {
  eigen_assert(a.cols() == b.cols() && c.rows() == a.rows() && c.cols() == b.rows());
  parallel_ranges(a.rows(), detail::gemm_grain(a.cols(), b.rows()), [&](Index first, Index last) {
    c.middleRows(first, last - first).noalias() += a.middleRows(first, last - first) * b.transpose();
  });
}

/// C += A^T B.    a (K, N), b (K, M), c (N, M)
template <class T>
void gemm_tn(ConstView<T> a, ConstView<T> b, View<T> c) {
  eigen_assert(a.rows() == b.rows() && c.rows() == a.cols() && c.cols() == b.cols());
  parallel_ranges(a.cols(), detail::gemm_grain(a.rows(), b.cols()), [&](Index first, Index last) {
    c.middleRows(first, last - first).noalias() += a.middleCols(first, last - first).transpose() * b;
  });
}

#ifdef LATENTCELL_INSTANCES
extern template void gemm_nn<float>(ConstView<float>, ConstView<float>, View<float>);
extern template void gemm_nt<float>(ConstView<float>, ConstView<float>, View<float>);
extern template void gemm_tn<float>(ConstView<float>, ConstView<float>, View<float>);
#endif

}  // namespace latentcell::kernel
