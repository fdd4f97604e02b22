#pragma once

#include <Eigen/Core>
#include <cstddef>
#include <cstdint>
#include <latentcell/core/abi.hpp>

namespace LATENTCELL_NAMESPACE {

/// Sizes and positions; signed everywhere.
using Index = Eigen::Index;

/// Rows are cells, (B, D), row-major.
template <class T>
using Matrix = Eigen::Matrix<T, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

template <class T>
using RowVector = Eigen::Matrix<T, 1, Eigen::Dynamic, Eigen::RowMajor>;

/// A read-only window on row-major memory that someone else owns.
template <class T>
using ConstView = Eigen::Map<const Matrix<T>>;

/// A writable window on row-major memory that someone else owns. Converts to a ConstView; assignment copies numbers.
template <class T>
class View : public Eigen::Map<Matrix<T>> {
  using Base = Eigen::Map<Matrix<T>>;

 public:
  using Base::Base;
  using Base::operator=;
  View(const View&) = default;
  View& operator=(const View& from) {
    Base::operator=(from);
    return *this;
  }

  operator ConstView<T>() const { return ConstView<T>(this->data(), this->rows(), this->cols()); }
};

/// The one place where a signed size becomes an unsigned one. Negative input is a defect of the caller.
constexpr std::size_t to_size(Index n) {
  eigen_assert(n >= 0);
  return static_cast<std::size_t>(n);
}

/// A window on a matrix, which must outlive it.
template <class T>
View<T> view(Matrix<T>& m) {
  return View<T>(m.data(), m.rows(), m.cols());
}

template <class T>
ConstView<T> view(const Matrix<T>& m) {
  return ConstView<T>(m.data(), m.rows(), m.cols());
}

template <class T>
void view(Matrix<T>&&) = delete;  // the window would outlive the temporary
template <class T>
void view(const Matrix<T>&&) = delete;

template <class T>
ConstView<T> as_const(const View<T>& v) {
  return v;
}

}  // namespace latentcell
