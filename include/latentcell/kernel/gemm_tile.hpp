#pragma once

#include <latentcell/core/types.hpp>
#include <latentcell/kernel/dispatch.hpp>

// The inner part of a matrix product: a tile of C in registers, one broadcast of A and a few vectors of B a step (the
// "outer product" form of Goto and van de Geijn, "Anatomy of high-performance matrix multiplication", 2008). A is read
// where it lies, with any two strides; B is packed into panels as wide as a tile. Every element of C is one sum in
// ascending k, so no cut into tiles, panels or threads changes a result.

namespace LATENTCELL_NAMESPACE::kernel::tile {

/// A vector of T that may lie anywhere.
template <class T, int bytes>
struct VectorOf {
  typedef T type __attribute__((vector_size(bytes), aligned(sizeof(T)), may_alias));
};

/// Rows and vectors of a tile: as many sums as registers hold beside one row of B and a broadcast.
template <class T, Isa isa>
struct TileShape {
  static constexpr int bytes = IsaOf<isa>::vector_bytes;
  static constexpr int lanes = bytes / int(sizeof(T));
  static constexpr int rows = isa == Isa::avx512 ? 8 : 6;
  static constexpr int few = isa == Isa::avx512 ? 4 : 2;  // for what `rows` leaves over
  static constexpr int vectors = 2;
  static constexpr int cols = vectors * lanes;
};

/// What a product starts from: C itself, or one number a row or a column (null: zero), so that C need not be filled
/// first.
template <class T>
struct GemmStart {
  bool add = true;
  const T* row = nullptr;
  const T* col = nullptr;
  LATENTCELL_INLINE GemmStart from(Index i, Index j = 0) const {
    return {add, row == nullptr ? nullptr : row + i, col == nullptr ? nullptr : col + j};
  }
};

/// The left side of a product, (rows, depth): element (i, k) lies at data[i * row + k * step], or, where a tile's rows
/// are packed together, with i counted from the tile's first row and tiles `tile` apart.
template <class T>
struct GemmLeft {
  const T* data;
  Index row, step;
  Index tile = 0;  // 0: not packed
  /// From row i on, i at a tile's start, or inside the last tile of `rows_of_tile` rows, and from k on.
  LATENTCELL_INLINE GemmLeft from(Index i, Index rows_of_tile, Index k = 0) const {
    const Index at = tile == 0 ? i * row : i / rows_of_tile * tile + i % rows_of_tile * row;
    return {data + at + k * step, row, step, tile};
  }
};

/// c = start + a b.   a (rows, depth); b (depth, TileShape::cols), of which the first `vectors` vectors are used; c
/// (rows, vectors * lanes), its rows c_row apart
template <class T, Isa isa, int rows, int vectors>
LATENTCELL_INLINE void gemm_tile(GemmStart<T> start, Index depth, GemmLeft<T> left, const T* b, T* c, Index c_row) {
  using Shape = TileShape<T, isa>;
  using V = typename VectorOf<T, Shape::bytes>::type;
  V sum[std::size_t(rows)][std::size_t(vectors)];
#pragma GCC unroll 8
  for (int i = 0; i < rows; ++i) {
#pragma GCC unroll 8
    for (int j = 0; j < vectors; ++j) sum[i][j] = V{};
  }
  const T* a = left.data;
  const Index a_row = left.row, a_step = left.step;
  for (Index k = 0; k < depth; ++k) {
    V row[std::size_t(vectors)];
#pragma GCC unroll 8
    for (int j = 0; j < vectors; ++j) row[j] = *reinterpret_cast<const V*>(b + j * Shape::lanes);
#pragma GCC unroll 8
    for (int i = 0; i < rows; ++i) {
      const T factor = a[i * a_row];
#pragma GCC unroll 8
      for (int j = 0; j < vectors; ++j) sum[i][j] += factor * row[j];
    }
    a += a_step;
    b += Shape::cols;
  }
#pragma GCC unroll 8
  for (int i = 0; i < rows; ++i) {
    const T level = start.row == nullptr ? T(0) : start.row[i];
#pragma GCC unroll 8
    for (int j = 0; j < vectors; ++j) {
      V* const to = reinterpret_cast<V*>(c + i * c_row + j * Shape::lanes);
      if (start.add) {
        *to += sum[i][j];
      } else if (start.col != nullptr) {
        *to = *reinterpret_cast<const V*>(start.col + j * Shape::lanes) + sum[i][j];
      } else {
        *to = level + sum[i][j];
      }
    }
  }
}

/// One panel of C: all rows, `vectors` vectors wide.
template <class T, Isa isa, int vectors>
LATENTCELL_INLINE void gemm_panel(GemmStart<T> start, Index rows, Index depth, GemmLeft<T> a, const T* b, T* c,
                                  Index c_row) {
  using Shape = TileShape<T, isa>;
  Index i = 0;
  for (; i + Shape::rows <= rows; i += Shape::rows) {
    gemm_tile<T, isa, Shape::rows, vectors>(start.from(i), depth, a.from(i, Shape::rows), b, c + i * c_row, c_row);
  }
  for (; i + Shape::few <= rows; i += Shape::few) {
    gemm_tile<T, isa, Shape::few, vectors>(start.from(i), depth, a.from(i, Shape::rows), b, c + i * c_row, c_row);
  }
  for (; i < rows; ++i) {
    gemm_tile<T, isa, 1, vectors>(start.from(i), depth, a.from(i, Shape::rows), b, c + i * c_row, c_row);
  }
}

/// The same where C is narrower than the vectors: it goes through a small buffer.
template <class T, Isa isa, int vectors>
LATENTCELL_INLINE void gemm_narrow_panel(GemmStart<T> start, Index rows, Index cols, Index depth, GemmLeft<T> a,
                                         const T* b, T* c, Index c_row) {
  using Shape = TileShape<T, isa>;
  constexpr Index width = vectors * Shape::lanes;
  alignas(64) T tile[Shape::rows * width];
  for (Index i = 0; i < rows; i += Shape::rows) {
    const Index count = rows - i < Shape::rows ? rows - i : Shape::rows;
    gemm_panel<T, isa, vectors>({false, start.from(i).row, nullptr}, count, depth, a.from(i, Shape::rows), b, tile,
                                width);
    for (Index r = 0; r < count; ++r) {
      T* const to = c + (i + r) * c_row;
      for (Index j = 0; j < cols; ++j) {
        to[j] = (start.add ? to[j] : start.col != nullptr ? start.col[j] : T(0)) + tile[r * width + j];
      }
    }
  }
}

/// Copies b (depth, cols), its rows b_row apart, into panels of TileShape::cols columns, one after the other, the last
/// padded with zeros.   to (depth, columns rounded up to whole panels)
template <class T, Isa isa>
LATENTCELL_INLINE void pack_row_panels(Index depth, Index cols, const T* b, Index b_row, T* to) {
  constexpr Index width = TileShape<T, isa>::cols;
  for (Index first = 0; first < cols; first += width, to += depth * width) {
    const Index here = cols - first < width ? cols - first : width;
    for (Index k = 0; k < depth; ++k) {
      const T* const from = b + k * b_row + first;
      if (here == width) {
        for (Index j = 0; j < width; ++j) to[k * width + j] = from[j];
      } else {
        for (Index j = 0; j < width; ++j) to[k * width + j] = j < here ? from[j] : T(0);
      }
    }
  }
}

/// The same for the transpose of b (cols, depth), its rows b_row apart.
template <class T, Isa isa>
LATENTCELL_INLINE void pack_column_panels(Index depth, Index cols, const T* b, Index b_row, T* to) {
  constexpr Index width = TileShape<T, isa>::cols;
  using Four = typename VectorOf<T, 4 * int(sizeof(T))>::type;
  for (Index first = 0; first < cols; first += width, to += depth * width) {
    const Index here = cols - first < width ? cols - first : width;
    Index j = 0;
    for (; j + 4 <= here; j += 4) {
      const T* const from = b + (first + j) * b_row;
      Index k = 0;
      for (; k + 4 <= depth; k += 4) {
        const Four r0 = *reinterpret_cast<const Four*>(from + k), r1 = *reinterpret_cast<const Four*>(from + b_row + k);
        const Four r2 = *reinterpret_cast<const Four*>(from + 2 * b_row + k);
        const Four r3 = *reinterpret_cast<const Four*>(from + 3 * b_row + k);
        const Four low01 = __builtin_shufflevector(r0, r1, 0, 4, 1, 5),
                   high01 = __builtin_shufflevector(r0, r1, 2, 6, 3, 7);
        const Four low23 = __builtin_shufflevector(r2, r3, 0, 4, 1, 5),
                   high23 = __builtin_shufflevector(r2, r3, 2, 6, 3, 7);
        T* const at = to + k * width + j;
        *reinterpret_cast<Four*>(at) = __builtin_shufflevector(low01, low23, 0, 1, 4, 5);
        *reinterpret_cast<Four*>(at + width) = __builtin_shufflevector(low01, low23, 2, 3, 6, 7);
        *reinterpret_cast<Four*>(at + 2 * width) = __builtin_shufflevector(high01, high23, 0, 1, 4, 5);
        *reinterpret_cast<Four*>(at + 3 * width) = __builtin_shufflevector(high01, high23, 2, 3, 6, 7);
      }
      for (; k < depth; ++k) {
        for (Index i = 0; i < 4; ++i) to[k * width + j + i] = from[i * b_row + k];
      }
    }
    for (; j < width; ++j) {
      for (Index k = 0; k < depth; ++k) to[k * width + j] = j < here ? b[(first + j) * b_row + k] : T(0);
    }
  }
}

/// Rows of a panel of B that stay in the first cache level while tiles of A pass by.
inline constexpr Index gemm_panel_depth = 256;

/// c = start + a b on the calling thread, inside a `vectorized` body.    a (rows, depth); b (depth, cols) packed;
/// c (rows, cols), its rows c_row apart
template <class T, Isa isa>
LATENTCELL_INLINE void gemm_panels(GemmStart<T> start, Index rows, Index cols, Index depth, GemmLeft<T> a, const T* b,
                                   T* c, Index c_row) {
  using Shape = TileShape<T, isa>;
  for (Index j = 0; j < cols; j += Shape::cols, b += depth * Shape::cols) {
    const Index here = cols - j;
    for (Index k = 0; k < depth; k += gemm_panel_depth) {
      const GemmStart<T> first = k == 0 ? start.from(0, j) : GemmStart<T>();
      const Index deep = depth - k < gemm_panel_depth ? depth - k : gemm_panel_depth;
      const GemmLeft<T> left = a.from(0, Shape::rows, k);
      const T* const panel = b + k * Shape::cols;
      if (here >= Shape::cols) {
        gemm_panel<T, isa, Shape::vectors>(first, rows, deep, left, panel, c + j, c_row);
      } else if (here > Shape::lanes) {
        gemm_narrow_panel<T, isa, Shape::vectors>(first, rows, here, deep, left, panel, c + j, c_row);
      } else if (here == Shape::lanes) {
        gemm_panel<T, isa, 1>(first, rows, deep, left, panel, c + j, c_row);
      } else {
        gemm_narrow_panel<T, isa, 1>(first, rows, here, deep, left, panel, c + j, c_row);
      }
    }
  }
}

}  // namespace latentcell::kernel::tile
