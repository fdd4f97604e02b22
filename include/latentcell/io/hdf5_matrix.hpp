#pragma once

#include <algorithm>
#include <cstdint>
#include <numeric>
#include <string>
#include <vector>

#include <latentcell/core/counts.hpp>
#include <latentcell/io/hdf5_arrays.hpp>
#include <latentcell/io/hdf5_attributes.hpp>
#include <latentcell/io/hdf5_rows.hpp>
#include <latentcell/io/sort_rows.hpp>
#include <latentcell/io/value_check.hpp>

namespace LATENTCELL_NAMESPACE::io {

/// Reads a matrix whose columns are compressed (CSC of cells x genes), in two passes over the file, so that memory
/// holds the rows and one block of columns.
inline RawRows read_columns(const Hdf5Object& group, Index cells, Index genes, const ValueCheck& check) {
  const detail::CompressedArrays in = detail::CompressedArrays::open(group, genes, "genes");
  std::vector<std::int64_t> block_cells;
  std::vector<float> block_values;
  const auto each = [&](auto&& use) {
    const Index step = in.step(1 << 20);
    Index gene = 0;
    for (Index first = 0; first < in.size; first += step) {
      const Index n = std::min(step, in.size - first);
      block_cells.resize(to_size(n));
      block_values.resize(to_size(n));
      read_part(in.indices, first, n, block_cells.data());
      read_part(in.values, first, n, block_values.data());
      for (Index k = 0; k < n; ++k) {
        while (first + k >= in.starts[to_size(gene + 1)]) ++gene;
        use(first + k, Index(block_cells[to_size(k)]), gene, block_values[to_size(k)]);
      }
    }
  };
  RawRows out;
  out.row_start.assign(to_size(cells) + 1, 0);
  each([&](Index entry, Index cell, Index gene, float value) {
    if (cell < 0 || cell >= cells) in.refuse_index(entry, cells, "cells");
    if (check(value, cell, gene) != 0) ++out.row_start[to_size(cell + 1)];
  });
  std::partial_sum(out.row_start.begin(), out.row_start.end(), out.row_start.begin());
  out.columns.resize(std::size_t(out.row_start.back()));
  out.values.resize(std::size_t(out.row_start.back()));
  std::vector<std::int64_t> next(out.row_start.begin(), out.row_start.end() - 1);
  each([&](Index, Index cell, Index gene, float given) {
    const float value = check.kept(given);
    if (value == 0) return;
    const std::size_t to = std::size_t(next[to_size(cell)]++);
    out.columns[to] = std::int32_t(gene);
    out.values[to] = value;
  });
  return out;
}

/// Reads rows [first, first + count) of a dense matrix (cells, genes) a few at a time and puts what is not zero in the
/// place of what `to` holds.
inline void read_dense(const Hdf5Object& data, Index first, Index count, const ValueCheck& check, RawRows& to) {
  if (!holds_numbers(data)) data.fail("holds no numbers");
  const Index genes = data.shape()[1], last = first + count;
  require_plausible(data, data.shape()[0] * genes, 0);
  to.row_start.assign(1, 0);
  to.columns.clear();
  to.values.clear();
  const Index step = read_step(data, genes, 1 << 20);
  std::vector<float> block(to_size(std::min(step, count) * genes));
  for (Index at = first; at < last;) {
    const Index n = std::min(last - at, step - at % step);
    const Index start[2] = {at, 0}, extent[2] = {n, genes};
    read_box(data, std::span<const Index>(start), std::span<const Index>(extent), block.data());
    for (Index r = 0; r < n; ++r) {
      for (Index gene = 0; gene < genes; ++gene) {
        float value = block[to_size(r * genes + gene)];
        if (value == 0) continue;
        value = check(value, at + r, gene);
        if (value == 0) continue;
        to.columns.push_back(std::int32_t(gene));
        to.values.push_back(value);
      }
      to.row_start.push_back(std::int64_t(to.values.size()));
    }
    at += n;
    // Doubling would need three times the memory; the number of entries is extrapolated from the rows read.
    const double share = double(at - first) / double(count);
    const std::size_t expected = std::size_t(double(to.values.size()) / share * 1.05);
    if (at < last && (at == first + n || to.values.size() + to_size(step * genes) > to.values.capacity())) {
      to.columns.reserve(expected);
      to.values.reserve(expected);
    }
  }
}

/// What the extents say of a compressed matrix without an encoding: "csr_matrix" or "csc_matrix"; "" where they do not.
inline std::string compressed_by(const Hdf5Object& matrix, Index cells, Index genes) {
  if (cells == genes || !matrix.has("indptr") || !matrix.has("indices") || !matrix.has("data")) return "";
  const Hdf5Object starts = matrix.open("indptr");
  if (!starts.is_dataset() || starts.length() < 2) return "";
  return starts.length() == cells + 1 ? "csr_matrix" : starts.length() == genes + 1 ? "csc_matrix" : "";
}

/// How a matrix is kept, "array", "csr_matrix" or "csc_matrix"; fails where it is none of them, or not cells x genes.
inline std::string matrix_encoding(const Hdf5Object& matrix, Index cells, Index genes) {
  std::vector<Index> shape;
  std::string encoding = "array";
  if (matrix.is_group()) {
    const bool old = matrix.has_attribute("h5sparse_format");
    encoding = old ? attribute_text(matrix, "h5sparse_format") + "_matrix" : attribute_text(matrix, "encoding-type");
    if (encoding.empty()) encoding = compressed_by(matrix, cells, genes);
    if (encoding != "csr_matrix" && encoding != "csc_matrix") {
      matrix.fail("has the encoding '", encoding, "'; supported are array, csr_matrix and csc_matrix");
    }
    for (std::int64_t n : attribute_numbers(matrix, old ? "h5sparse_shape" : "shape")) shape.push_back(Index(n));
    if (shape.empty()) matrix.fail("has no attribute 'shape'");
  } else if (matrix.is_dataset()) {
    shape = matrix.shape();
  } else {
    matrix.fail("is neither a matrix nor a group");
  }
  if (shape.size() != 2) matrix.fail("has ", shape.size(), " dimensions, not 2");
  if (shape[0] != cells || shape[1] != genes) {
    matrix.fail("is ", shape[0], " x ", shape[1], " but the file names ", cells, " cells and ", genes, " genes");
  }
  if (cells == 0 || genes == 0) matrix.fail("is empty: ", cells, " cells x ", genes, " genes");
  return encoding;
}

/// Reads a matrix as AnnData writes it: a dense dataset, or a group of CSR or CSC arrays, by its encoding.
/// -> (cells, genes), columns ascending, no zeros; entries given twice are added up, with a note.
inline Counts read_matrix(const Hdf5Object& matrix, Index cells, Index genes, const ValueCheck& check,
                          std::vector<std::string>& notes) {
  const std::string encoding = matrix_encoding(matrix, cells, genes);
  RawRows raw;
  bool tidy = false;
  if (encoding == "csr_matrix") {
    tidy = Hdf5Rows(matrix, cells, genes).read(0, cells, check, raw);
  } else if (encoding == "csc_matrix") {
    raw = read_columns(matrix, cells, genes, check);
  } else {
    read_dense(matrix, 0, cells, check, raw);
  }
  if (tidy) return Counts(genes, std::move(raw.row_start), std::move(raw.columns), std::move(raw.values));
  return sort_rows(genes, std::move(raw), matrix.where(), notes);
}

}  // namespace latentcell::io
