#pragma once

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#ifdef __linux__
#include <sys/mman.h>
#endif

#include <latentcell/core/counts.hpp>
#include <latentcell/io/hdf5_arrays.hpp>
#include <latentcell/io/hdf5_chunks.hpp>
#include <latentcell/io/sort_rows.hpp>
#include <latentcell/io/value_check.hpp>

namespace LATENTCELL_NAMESPACE::io {

namespace detail {

/// Asks for large pages for memory that nothing has touched: taking it page by page costs as much as reading it.
/// Nothing is lost where that is refused.
inline void advise_huge_pages(void* memory, std::size_t bytes) {
#ifdef __linux__
  constexpr std::uintptr_t huge_page = std::uintptr_t{1} << 21, page = std::uintptr_t{1} << 12;
  const std::uintptr_t from = (reinterpret_cast<std::uintptr_t>(memory) + page - 1) / page * page;
  if (bytes >= 2 * huge_page) (void)::madvise(reinterpret_cast<void*>(from), bytes - page, MADV_HUGEPAGE);
#else
  (void)memory, (void)bytes;
#endif
}

/// The arrays of a compressed sparse matrix, checked against each other and against its extents.
struct CompressedArrays {
  Hdf5Object values, indices;
  std::vector<std::int64_t> starts;  // (majors + 1)
  Index size;                        // entries

  static void require_whole(const Hdf5Object& data) {
    if (data.is_dataset() && hdf5_kind(data) != Hdf5Kind::integer) data.fail("holds no whole numbers");
  }
  /// Row starts, which R may store as reals.
  static std::vector<std::int64_t> read_starts(const Hdf5Object& starts) {
    if (!starts.is_dataset() || hdf5_kind(starts) != Hdf5Kind::real) {
      require_whole(starts);
      return read_numbers<std::int64_t>(starts);
    }
    std::vector<std::int64_t> out;
    for (const double value : read_numbers<double>(starts)) {
      constexpr double largest = 9007199254740992;  // 2^53
      if (!(std::abs(value) <= largest) || std::trunc(value) != value) starts.fail("holds no whole numbers");
      out.push_back(std::int64_t(value));
    }
    return out;
  }
  static CompressedArrays open(const Hdf5Object& group, Index majors, const char* major_name) {
    CompressedArrays out{group.open("data"), group.open("indices"), {}, 0};
    const Hdf5Object starts = group.open("indptr");
    require_whole(out.indices);
    out.size = out.values.length();
    if (!holds_numbers(out.values)) out.values.fail("holds no numbers");
    if (out.indices.length() != out.size) {
      group.fail("data has ", out.size, " entries but indices has ", out.indices.length());
    }
    if (starts.length() != majors + 1) {
      starts.fail("has ", starts.length(), " entries but ", majors, " ", major_name, " need ", majors + 1);
    }
    out.starts = read_starts(starts);
    const std::vector<std::int64_t>& s = out.starts;
    if (s[0] != 0) starts.fail("begins with ", s[0], ", not 0");
    for (std::size_t i = 1; i < s.size(); ++i) {
      if (s[i] < s[i - 1]) starts.fail("falls from ", s[i - 1], " to ", s[i], " at entry ", i, ": it must ascend");
    }
    if (s.back() != out.size) starts.fail("ends with ", s.back(), " but data has ", out.size, " entries");
    require_plausible(out.values, out.size, sizeof(float));
    require_plausible(out.indices, out.size, sizeof(std::int32_t));
    return out;
  }
  /// Entries to take at a time: whole chunks of both lists, and at least about `values`.
  Index step(Index at_least) const { return std::max(read_step(values, 1, at_least), read_step(indices, 1, at_least)); }
  [[noreturn]] void refuse_index(Index entry, Index minors, const char* minor_name) const {
    std::int64_t given = 0;
    read_part(indices, entry, 1, &given);
    indices.fail("entry ", entry, " is ", given, " but there are ", minors, " ", minor_name);
  }
};

/// Calls look(k) for k in [0, n), most of them in runs of a length that the compiler knows and makes vectors of.
template <class Look>
[[gnu::always_inline]] inline void in_runs(Index n, const Look& look) {
  constexpr Index run = 64;
  Index k = 0;
  for (; k + run <= n; k += run) {
    for (Index i = 0; i < run; ++i) look(k + i);
  }
  for (; k < n; ++k) look(k);
}

/// Whether all values are counts as ValueCheck takes them; `zeros` is set where one is 0.
inline bool are_counts(const float* values, Index n, bool& zeros) {
  constexpr auto largest = std::bit_cast<std::uint32_t>(largest_count);
  std::uint32_t wrong = 0, zero = 0;
  in_runs(n, [&](Index k) {
    // By bits, which order numbers from 0 up as they are, so that there is no branch.
    const auto bits = std::bit_cast<std::uint32_t>(values[k]);
    const auto outside = std::uint32_t(std::int32_t(bits | (largest - bits)) >> 31);
    const auto value = std::bit_cast<float>(bits & ~outside);
    wrong |= outside | std::uint32_t(float(std::int32_t(value)) != value);
    zero |= std::uint32_t(bits << 1 == 0);
  });
  zeros = zeros || zero != 0;
  return wrong == 0;
}

/// How many of n columns are not above the one before them.
inline Index count_descents(const std::int32_t* columns, Index n) {
  std::uint32_t descents = 0;
  in_runs(n, [&](Index k) { descents += std::uint32_t(columns[k] <= columns[k - 1]); });
  return Index(descents);
}

}  // namespace detail

/// The rows of a compressed matrix, cells x genes, read a range at a time: the CSR of AnnData, and the CSC of genes x
/// cells of 10x files, which is the same. Keeps the row starts, 8 bytes a cell.
class Hdf5Rows {
 public:
  /// Opens the arrays in a group. Throws std::runtime_error where they contradict each other or the extents.
  Hdf5Rows(const Hdf5Object& group, Index cells, Index genes)
      : in_(detail::CompressedArrays::open(group, cells, "cells")),
        columns_(in_.indices),
        values_(in_.values),
        genes_(genes),
        step_(in_.step(block)) {}

  Index cells() const { return Index(in_.starts.size()) - 1; }
  Index genes() const { return genes_; }
  /// Entries of rows [first, first + count), zeros that are written out included.
  Index entries(Index first, Index count) const {
    return Index(in_.starts[to_size(first + count)] - in_.starts[to_size(first)]);
  }

  /// Puts rows [first, first + count) in the place of what `to` holds, as they are in the file; its memory is used
  /// again. True where they are tidy, as Counts are: columns ascend and there is no zero. Each block of entries is
  /// checked while it is in the cache. Throws std::runtime_error for a value that `check` refuses and for a column that
  /// is no gene.
  bool read(Index first, Index count, const ValueCheck& check, RawRows& to) {
    const Index begin = Index(in_.starts[to_size(first)]), size = entries(first, count);
    make_room(to.columns, size);
    make_room(to.values, size);
    bool tidy = true;
    Index cell = first;
    for (Index done = 0; done < size;) {
      const Index at = begin + done, n = std::min(size - done, step_ - at % step_);
      grow(to.columns, done + n);
      grow(to.values, done + n);
      columns_.read(in_.indices, at, n, to.columns.data() + done);  // clips what does not fit: no gene, after it too
      values_.read(in_.values, at, n, to.values.data() + done);
      while (Index(in_.starts[to_size(cell + 1)]) <= at) ++cell;
      tidy = check_block({begin, done, n, cell}, check, to) && tidy;
      done += n;
    }
    to.columns.resize(to_size(size));
    to.values.resize(to_size(size));
    to.row_start.resize(to_size(count + 1));
    for (Index i = 0; i <= count; ++i) to.row_start[to_size(i)] = in_.starts[to_size(first + i)] - std::int64_t(begin);
    return tidy;
  }

 private:
  static constexpr Index block = 1 << 15;  // entries: what two lists of them take fits in a processor's own cache

  struct Block {
    Index begin, done, n;  // entries before the first row, of it before this block, and in this block
    Index cell;            // that the first entry belongs to
  };

  template <class V>
  static void make_room(V& list, Index size) {
    if (Index(list.capacity()) >= size) return;
    const bool used = list.capacity() > 0;
    list.clear();
    list.reserve(to_size(used ? size + size / 8 : size));
    detail::advise_huge_pages(list.data(), list.capacity() * sizeof(list[0]));
  }
  // By the block: memory is cleared and filled while it is in the cache.
  template <class V>
  static void grow(V& list, Index size) {
    if (Index(list.size()) < size) list.resize(to_size(size));
  }

  bool check_block(const Block& b, const ValueCheck& check, RawRows& to) const {
    bool zeros = false;
    const bool counts = detail::are_counts(to.values.data() + b.done, b.n, zeros);
    const bool ascending = is_ascending(b, to.columns.data());
    if (!counts || !ascending) check_entries(b, check, to);
    return ascending && !zeros && (counts || check.values == Values::any);
  }
  // Whether the columns of every row ascend, from 0 or above to below genes.
  bool is_ascending(const Block& b, const std::int32_t* columns) const {
    const Index last = b.done + b.n;
    Index descents = detail::count_descents(columns + std::max<Index>(b.done, 1), last - std::max<Index>(b.done, 1));
    bool inside = true;
    for (Index cell = b.cell, from = b.done; from < last; ++cell) {
      const Index start = Index(in_.starts[to_size(cell)]) - b.begin;
      const Index to = std::min(last, Index(in_.starts[to_size(cell + 1)]) - b.begin);
      if (to <= from) continue;
      if (start == from && from > 0) descents -= columns[from] <= columns[from - 1];  // rows may begin with any gene
      inside = inside && columns[from] >= 0 && columns[to - 1] < genes_;
      from = to;
    }
    return inside && descents == 0;
  }
  // One entry after the other: names what is wrong, and rounds.
  void check_entries(const Block& b, const ValueCheck& check, RawRows& to) const {
    Index cell = b.cell;
    for (Index k = b.done; k < b.done + b.n; ++k) {
      while (Index(in_.starts[to_size(cell + 1)]) <= b.begin + k) ++cell;
      const std::int32_t gene = to.columns[to_size(k)];
      if (gene < 0 || gene >= genes_) in_.refuse_index(b.begin + k, genes_, "genes");
      float& value = to.values[to_size(k)];
      value = check(value, cell, gene);
    }
  }

  detail::CompressedArrays in_;
  Hdf5Chunks columns_, values_;
  Index genes_, step_;
};

}  // namespace latentcell::io
