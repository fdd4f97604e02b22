#pragma once

#include <algorithm>
#include <memory>
#include <new>

#include <type_traits>

#include <latentcell/kernel/gemm_tile.hpp>
#include <latentcell/kernel/parallel.hpp>

// The library's three matrix products. Each adds to C, or writes over it where a start says so. Row-major everywhere.
// Register-blocked, packed and cut for the caches, compiled for each instruction set and chosen at run time; the same
// numbers with any number of threads.

namespace LATENTCELL_NAMESPACE::kernel {

namespace tile {

// Multiply-adds in the time of one element (core/threads.hpp).
inline constexpr Index gemm_rate = 16;

// Cuts: packed B (depth x cols) stays in the second cache level, a block of A (rows x depth) beside it.
inline constexpr Index gemm_depth = 256, gemm_cols = 512, gemm_rows = 96;

// Numbers of B that threads pack together; of a larger B each packs what it needs.
inline constexpr Index gemm_shared = 1 << 21;

// Memory of a thread for packed operands: blocks of A and B, made once, and what threads pack together, which grows.
template <class T>
struct GemmMemory {
  struct Release {
    void operator()(T* p) const { ::operator delete[](p, std::align_val_t(64)); }
  };
  using Array = std::unique_ptr<T, Release>;
  static Array take(Index n) {
    return Array(static_cast<T*>(::operator new[](to_size(n) * sizeof(T), std::align_val_t(64))));
  }
  Array b = take(gemm_depth * gemm_cols), a = take(gemm_depth * gemm_rows), shared;
  Index shared_size = 0;

  T* take_shared(Index n) {
    if (n > shared_size) {
      shared.reset();
      shared = take(n);
      shared_size = n;
    }
    return shared.get();
  }
};
template <class T>
GemmMemory<T>& gemm_memory() {
  thread_local GemmMemory<T> memory;
  return memory;
}

/// Rows of A that lie side by side (a_row == 1) would be read from a new page every step: copied together instead, a
/// tile's rows at a time.    a (depth, rows), its rows a_step apart -> to (rows rounded up to 24, depth)
template <class T>
GemmLeft<T> pack_tiles(Index rows, Index depth, const T* a, Index a_step, T* to) {
  Index group = 0;
  vectorized([ =, &group ](auto isa) __attribute__((always_inline)) {
    constexpr Index step = TileShape<T, decltype(isa)::isa>::rows;
    group = step;
    // Several tiles at a time: a step is on a page of its own.
    constexpr Index together = 4 * step;
    for (Index i = 0; i < rows; i += together) {
      const Index here = rows - i < together ? rows - i : together, whole = here / step * step;
      for (Index k = 0; k < depth; ++k) {
        const T* const from = a + i + k * a_step;
        T* out = to + i * depth + k * step;
        for (Index r = 0; r < whole; r += step, out += depth * step) {
          for (Index l = 0; l < step; ++l) out[l] = from[r + l];
        }
        for (Index r = whole; r < here; ++r) out[r - whole] = from[r];
      }
    }
  });
  return {to, 1, group, depth * group};
}

}  // namespace tile

// Parts of a product, for operations that keep an operand packed or work on blocks in cache. On the calling thread.

/// Room for a packed (depth, cols) matrix.
inline Index packed_size(Index depth, Index cols) { return depth * ((cols + 31) / 32 * 32); }

/// Packs b (depth, cols), its rows b_row apart, as the right side of gemm_packed.     to (packed_size(depth, cols))
template <class T>
void pack_rows(Index depth, Index cols, const T* b, Index b_row, T* to) {
  vectorized([=](auto isa) __attribute__((always_inline)) {
    tile::pack_row_panels<T, decltype(isa)::isa>(depth, cols, b, b_row, to);
  });
}

/// The same for the transpose of b (cols, depth).
template <class T>
void pack_columns(Index depth, Index cols, const T* b, Index b_row, T* to) {
  vectorized([=](auto isa) __attribute__((always_inline)) {
    tile::pack_column_panels<T, decltype(isa)::isa>(depth, cols, b, b_row, to);
  });
}

using tile::GemmLeft;
using tile::GemmStart;

/// c = start + a b.   a (rows, depth); b (depth, cols) packed; c (rows, cols), its rows c_row apart
template <class T>
void gemm_packed(GemmStart<T> start, Index rows, Index cols, Index depth, GemmLeft<T> a, const T* b, T* c,
                 Index c_row) {
  vectorized([=](auto isa) __attribute__((always_inline)) {
    tile::gemm_panels<T, decltype(isa)::isa>(start, rows, cols, depth, a, b, c, c_row);
  });
}

namespace tile {

// The right side of a product, op(B) (depth, cols), b_row apart; transposed: b is (cols, depth). Where `packed` is
// given it holds every block of it, side by side; otherwise a block is packed when it is needed.
template <class T>
struct GemmRight {
  const T* b;
  Index b_row;
  bool transposed;
  Index depth, cols;
  T* packed = nullptr;

  Index padded_cols() const { return (cols + 31) / 32 * 32; }
  GemmRight from_column(Index j, Index n) const {
    return {b + j * (transposed ? b_row : 1), b_row, transposed, depth, n};
  }

  /// Packs op(B)'s rows [k, k + deep) of columns [j, j + wide).
  void pack(Index k, Index deep, Index j, Index wide, T* to) const {
    if (transposed) {
      pack_columns(deep, wide, b + j * b_row + k, b_row, to);
    } else {
      pack_rows(deep, wide, b + k * b_row + j, b_row, to);
    }
  }
  /// Packs one part of `parts` of all blocks.
  void pack_part(Index part, Index parts) const {
    const Index panels = padded_cols() / 32;
    const Index begin = panels * part / parts * 32, end = std::min(cols, panels * (part + 1) / parts * 32);
    for (Index k = 0; k < depth; k += gemm_depth) {
      const Index deep = std::min(gemm_depth, depth - k);
      if (begin < end) pack(k, deep, begin, end - begin, packed + k * padded_cols() + deep * begin);
    }
  }
  const T* block(Index k, Index deep, Index j, Index wide, T* memory) const {
    if (packed != nullptr) return packed + k * padded_cols() + deep * j;
    pack(k, deep, j, wide, memory);
    return memory;
  }
};

// C = start + A op(B), one thread.  a (rows, depth) at strides (a_row, a_step)
template <class T>
void gemm_cut(GemmStart<T> start, Index rows, const T* a, Index a_row, Index a_step, const GemmRight<T>& right, T* c,
              Index c_row) {
  GemmMemory<T>& memory = gemm_memory<T>();
  const bool turned = a_row == 1 && a_step > 1;
  for (Index k = 0; k < right.depth; k += gemm_depth) {
    const Index deep = std::min(gemm_depth, right.depth - k);
    const GemmStart<T> from = k == 0 ? start : GemmStart<T>();
    for (Index j = 0; j < right.cols; j += gemm_cols) {
      const Index wide = std::min(gemm_cols, right.cols - j);
      const T* const b = right.block(k, deep, j, wide, memory.b.get());
      for (Index i = 0; i < rows; i += gemm_rows) {
        const Index high = std::min(gemm_rows, rows - i);
        const T* const block = a + i * a_row + k * a_step;
        const GemmLeft<T> left =
            turned ? pack_tiles(high, deep, block, a_step, memory.a.get()) : GemmLeft<T>{block, a_row, a_step};
        kernel::gemm_packed<T>(from.from(i, j), high, wide, deep, left, b, c + i * c_row + j, c_row);
      }
    }
  }
}

// The same on all threads: rows are split, and B is packed together; or columns where there are few rows.
template <class T>
void gemm(GemmStart<T> start, bool b_transposed, Index rows, Index cols, Index depth, const T* a, Index a_row,
          Index a_step, const T* b, Index b_row, T* c) {
  if (rows == 0 || cols == 0) return;
  if (depth == 0) {
    for (Index i = 0; i < rows * cols && !start.add; ++i) {
      c[i] = start.col != nullptr ? start.col[i % cols] : start.row != nullptr ? start.row[i / cols] : T(0);
    }
    return;
  }
  const Index work = rows * cols * depth;
  const bool by_rows = rows >= 2 * gemm_rows || rows >= cols;
  // Whole tiles for each thread, with every instruction set.
  const Index unit = by_rows ? 24 : 32, end = by_rows ? rows : cols, units = (end + unit - 1) / unit;
  const Index most = std::min<Index>({threads(), work / (gemm_rate * thread_grain()), units});
  kernel::with_threads(most, [&](Index at_once) {
    const Index parts = std::max<Index>(1, at_once);
    GemmRight<T> right{b, b_row, b_transposed, depth, cols};
    const auto part = [&](Index p) {
      const Index first = units * p / parts * unit, last = std::min(end, units * (p + 1) / parts * unit);
      if (by_rows) {
        gemm_cut(start.from(first), last - first, a + first * a_row, a_row, a_step, right, c + first * cols, cols);
      } else {
        gemm_cut(start.from(0, first), rows, a, a_row, a_step, right.from_column(first, last - first), c + first, cols);
      }
    };
    if (parts == 1) {
      part(0);
      return 0.0;
    }
    if (!by_rows || depth * right.padded_cols() > gemm_shared) return kernel::run_parts(parts, part);
    right.packed = gemm_memory<T>().take_shared(depth * right.padded_cols());
    return kernel::run_phases(
        parts, [&](Index p) { right.pack_part(p, parts); }, part);
  });
}

}  // namespace tile

/// C = start + A B.      a (N, K), b (K, M), c (N, M)
template <class T>
void gemm_nn(std::type_identity_t<ConstView<T>> a, std::type_identity_t<ConstView<T>> b, View<T> c,
             GemmStart<T> start = {}) {
  eigen_assert(a.cols() == b.rows() && c.rows() == a.rows() && c.cols() == b.cols());
  tile::gemm(start, false, a.rows(), b.cols(), a.cols(), a.data(), a.cols(), Index(1), b.data(), b.cols(), c.data());
}

/// C = start + A B^T.    a (N, K), b (M, K), c (N, M)
template <class T>
void gemm_nt(std::type_identity_t<ConstView<T>> a, std::type_identity_t<ConstView<T>> b, View<T> c,
             GemmStart<T> start = {}) {
  eigen_assert(a.cols() == b.cols() && c.rows() == a.rows() && c.cols() == b.rows());
  tile::gemm(start, true, a.rows(), b.rows(), a.cols(), a.data(), a.cols(), Index(1), b.data(), b.cols(), c.data());
}

/// C = start + A^T B.    a (K, N), b (K, M), c (N, M)
template <class T>
void gemm_tn(std::type_identity_t<ConstView<T>> a, std::type_identity_t<ConstView<T>> b, View<T> c,
             GemmStart<T> start = {}) {
  eigen_assert(a.rows() == b.rows() && c.rows() == a.cols() && c.cols() == b.cols());
  tile::gemm(start, false, a.cols(), b.cols(), a.rows(), a.data(), Index(1), a.cols(), b.data(), b.cols(), c.data());
}

#ifdef LATENTCELL_INSTANCES
extern template void gemm_nn<float>(ConstView<float>, ConstView<float>, View<float>, GemmStart<float>);
extern template void gemm_nt<float>(ConstView<float>, ConstView<float>, View<float>, GemmStart<float>);
extern template void gemm_tn<float>(ConstView<float>, ConstView<float>, View<float>, GemmStart<float>);
#endif

}  // namespace latentcell::kernel
