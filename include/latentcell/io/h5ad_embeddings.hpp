#pragma once

#include <algorithm>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <latentcell/data/cell_table.hpp>
#include <latentcell/io/h5ad_frame.hpp>
#include <latentcell/io/hdf5_matrix.hpp>

namespace LATENTCELL_NAMESPACE::io {

namespace detail {

/// A data frame in obsm: its columns of numbers as a matrix. Their names go to strings as NAME_columns.
inline std::optional<Matrix<float>> read_frame_embedding(const Hdf5Object& frame, const std::string& name,
                                                         CellTable& table) {
  const H5adFrame content = read_frame(frame, table.notes);
  require_rows(frame, Index(content.names.size()), table.cells());
  std::vector<std::string> names;
  std::vector<std::vector<double>> numbers;
  for (const auto& [column, values] : content.columns.columns()) {
    if (std::optional<std::vector<double>> one = to_numbers(values)) {
      names.push_back(column);
      numbers.push_back(*std::move(one));
    } else {
      table.notes.push_back(text(frame.where(), ": column '", column, "' holds no numbers: left out"));
    }
  }
  if (numbers.empty()) return std::nullopt;
  Matrix<float> out(table.cells(), Index(numbers.size()));
  for (Index c = 0; c < out.cols(); ++c) {
    for (Index r = 0; r < out.rows(); ++r) out(r, c) = float(numbers[to_size(c)][to_size(r)]);
  }
  table.strings.try_emplace(name + "_columns", std::move(names));
  return out;
}

inline std::optional<Matrix<float>> read_sparse_embedding(const Hdf5Object& group, CellTable& table) {
  const std::vector<std::int64_t> shape = attribute_numbers(group, "shape");
  constexpr std::int64_t widest = 4096;
  if (shape.size() != 2 || shape[1] < 1 || shape[1] > widest) return std::nullopt;
  const Counts sparse =
      read_matrix(group, table.cells(), Index(shape[1]), {Values::any, group.where(), "", {}, {}}, table.notes);
  Matrix<float> out = Matrix<float>::Zero(table.cells(), Index(shape[1]));
  for (Index r = 0; r < out.rows(); ++r) {
    const auto columns = sparse.view().row_columns(r);
    for (std::size_t k = 0; k < columns.size(); ++k) out(r, columns[k]) = sparse.view().row_values(r)[k];
  }
  return out;
}

inline std::optional<Matrix<float>> read_embedding(const Hdf5Object& data, const std::string& name, CellTable& table) {
  if (data.is_group()) {
    const std::string encoding = attribute_text(data, "encoding-type");
    if (encoding == "dataframe") return read_frame_embedding(data, name, table);
    if (encoding == "csr_matrix" || encoding == "csc_matrix") return read_sparse_embedding(data, table);
    return std::nullopt;
  }
  if (!data.is_dataset() || !holds_numbers(data)) return std::nullopt;
  const std::vector<Index> shape = data.shape();
  if (shape.empty() || shape.size() > 2) return std::nullopt;
  require_rows(data, shape[0], table.cells());
  const Index width = shape.size() == 2 ? shape[1] : 1;
  if (width > (Index{1} << 40) / std::max<Index>(1, shape[0]))
    data.fail("claims ", width, " columns: the file is damaged");
  require_plausible(data, shape[0] * width, sizeof(float));
  Matrix<float> out(shape[0], width);
  const std::vector<Index> start(shape.size(), 0);
  read_box(data, std::span<const Index>(start), std::span<const Index>(shape), out.data());
  return out;
}

}  // namespace detail

/// Fills the embeddings of a table whose counts are there from obsm: dense and sparse matrices, lists of numbers, data
/// frames. What is none of these, or sparse and wider than 4096, is left out, with a line in notes.
inline void read_embeddings(const Hdf5Object& obsm, CellTable& table) {
  for (const std::string& name : obsm.children()) {
    const Hdf5Object data = obsm.open(name);
    if (std::optional<Matrix<float>> matrix = detail::read_embedding(data, name, table)) {
      table.embeddings.emplace(name, std::move(*matrix));
    } else {
      table.notes.push_back(text(data.where(), ": is no matrix of numbers: left out"));
    }
  }
}

/// Fills the lists of strings of a table from uns.
inline void read_strings(const Hdf5Object& uns, CellTable& table) {
  for (const std::string& name : uns.children()) {
    const std::optional<Hdf5Object> data = uns.find(name);
    if (data && data->is_dataset() && hdf5_kind(*data) == Hdf5Kind::text && data->shape().size() == 1) {
      table.strings.insert_or_assign(name, read_texts(*data));
    }
  }
}

}  // namespace latentcell::io
