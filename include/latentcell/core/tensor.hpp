#pragma once

#include <array>
#include <unsupported/Eigen/CXX11/Tensor>

#include <latentcell/core/error.hpp>
#include <latentcell/core/types.hpp>

namespace LATENTCELL_NAMESPACE {

/// A user's own tensor of rank R, row-major: (B, D), tokens (B, T, D), and so on.
template <class T, int R>
using Tensor = Eigen::Tensor<T, R, Eigen::RowMajor>;

/// A writable window of rank R on somebody's row-major memory.
template <class T, int R>
using TensorView = Eigen::TensorMap<Tensor<T, R>>;

/// A read-only window of rank R on somebody's row-major memory.
template <class T, int R>
using ConstTensorView = Eigen::TensorMap<const Tensor<T, R>>;

namespace detail {

// Rows and columns of a tensor as a matrix: the last extent is the columns.
template <class Dimensions>
std::array<Index, 2> rows_and_cols(const Dimensions& dimensions) {
  Index rows = 1;
  for (std::size_t i = 0; i + 1 < dimensions.size(); ++i) rows *= Index(dimensions[i]);
  return {rows, Index(dimensions[dimensions.size() - 1])};
}

template <std::size_t R>
void check_window(Index rows, Index cols, const std::array<Index, R>& extents) {
  static_assert(R >= 1, "tensor_view: give one extent or more");
  Index size = 1;
  std::string shape;
  for (Index extent : extents) {
    LATENTCELL_REQUIRE(extent >= 0, "tensor_view: an extent is ", extent);
    size *= extent;
    shape += (shape.empty() ? "(" : ", ") + text(extent);
  }
  LATENTCELL_REQUIRE(size == rows * cols, "tensor_view: a view (", rows, ", ", cols, ") has ", rows * cols,
                     " numbers but extents ", shape, ") take ", size);
}

}  // namespace detail

/// The same memory as a matrix.   (A, ..., D) -> (A * ..., D); a tensor of rank 1 is one row
/// Valid while the tensor lives and keeps its size.
template <class T, int R>
View<T> view(Tensor<T, R>& tensor) {
  static_assert(R >= 1, "view: a tensor of rank 0 has no rows");
  const auto [rows, cols] = detail::rows_and_cols(tensor.dimensions());
  return View<T>(tensor.data(), rows, cols);
}

template <class T, int R>
ConstView<T> view(const Tensor<T, R>& tensor) {
  static_assert(R >= 1, "view: a tensor of rank 0 has no rows");
  const auto [rows, cols] = detail::rows_and_cols(tensor.dimensions());
  return ConstView<T>(tensor.data(), rows, cols);
}

template <class T, int R>
View<T> view(TensorView<T, R>& tensor) {
  static_assert(R >= 1, "view: a tensor of rank 0 has no rows");
  const auto [rows, cols] = detail::rows_and_cols(tensor.dimensions());
  return View<T>(tensor.data(), rows, cols);
}

/// The same memory with the extents given.   (N, D) -> extents, whose product is N * D
/// Throws std::invalid_argument where it is not.
template <class T, class... Extents>
TensorView<T, int(sizeof...(Extents))> tensor_view(View<T> matrix, Extents... extents) {
  const std::array<Index, sizeof...(Extents)> all{Index(extents)...};
  detail::check_window(matrix.rows(), matrix.cols(), all);
  return TensorView<T, int(sizeof...(Extents))>(matrix.data(), all);
}

template <class T, class... Extents>
ConstTensorView<T, int(sizeof...(Extents))> tensor_view(ConstView<T> matrix, Extents... extents) {
  const std::array<Index, sizeof...(Extents)> all{Index(extents)...};
  detail::check_window(matrix.rows(), matrix.cols(), all);
  return ConstTensorView<T, int(sizeof...(Extents))>(matrix.data(), all);
}

}  // namespace latentcell
