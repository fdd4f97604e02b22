#pragma once

#include <Eigen/Core>
#include <cstddef>
#include <cstdint>
#include <latentcell/core/abi.hpp>

namespace latentcell {

/// Sizes and positions; signed everywhere.
using Index = Eigen::Index;

/// Rows are cells, (B, D), row-major.
template <class T>
using Matrix = Eigen::Matrix<T, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

template <class T>
using RowVector = Eigen::Matrix<T, 1, Eigen::Dynamic, Eigen::RowMajor>;

/// A writable window on somebody's row-major memory.
template <class T>
using View = Eigen::Map<Matrix<T>>;

/// A read-only window on somebody's row-major memory.
template <class T>
using ConstView = Eigen::Map<const Matrix<T>>;

/// The one place where a signed size becomes an unsigned one. Negative input is a defect of the caller.
constexpr std::size_t to_size(Index n) {
  eigen_assert(n >= 0);
  return static_cast<std::size_t>(n);
}

template <class T>
View<T> view(Matrix<T>& m) {
  return View<T>(m.data(), m.rows(), m.cols());
}

template <class T>
ConstView<T> view(const Matrix<T>& m) {
  return ConstView<T>(m.data(), m.rows(), m.cols());
}

template <class T>
ConstView<T> as_const(const View<T>& v) {
  return ConstView<T>(v.data(), v.rows(), v.cols());
}

}  // namespace latentcell
