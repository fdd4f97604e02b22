#pragma once

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <limits>
#include <string>
#include <system_error>
#include <vector>

#include <latentcell/data/cell_table.hpp>
#include <latentcell/io/atomic_file.hpp>
#include <latentcell/io/hdf5_writer.hpp>

namespace LATENTCELL_NAMESPACE::io {

namespace detail {

/// The levels of a categorical, in the type they had; texts where one of them is none of that type.
inline void write_levels(const Hdf5Writer& out, hid_t parent, const Categorical& column) {
  const auto all = [&](auto zero) {
    std::vector<decltype(zero)> values;
    for (const std::string& level : column.levels) {
      auto value = zero;
      const auto [end, error] = std::from_chars(level.data(), level.data() + level.size(), value);
      if (error != std::errc() || end != level.data() + level.size()) return std::vector<decltype(zero)>();
      values.push_back(value);
    }
    return values;
  };
  const auto write = [&](const auto& values) {
    if (values.empty()) return false;
    out.numbers(parent, "categories", values.data(), {Index(values.size())});
    return true;
  };
  bool written = false;
  if (column.level_type == NumberType::boolean) {
    std::vector<char> values;
    for (const std::string& level : column.levels) {
      if (level == "False" || level == "True") values.push_back(level == "True");
    }
    written = values.size() == column.levels.size();
    if (written) out.booleans(parent, "categories", values);
  } else if (column.level_type == NumberType::float32) {
    written = write(all(float{}));
  } else if (column.level_type == NumberType::float64) {
    written = write(all(double{}));
  } else if (column.level_type == NumberType::uint64) {
    written = write(all(std::uint64_t{}));
  } else if (column.level_type) {
    const Integers values{all(std::int64_t{}), *column.level_type, {}};
    written = !values.values.empty();
    if (written) out.integers(parent, "categories", values);
  }
  if (!written) out.texts(parent, "categories", column.levels);
}

inline void write_categorical(const Hdf5Writer& out, hid_t parent, const std::string& name, const Categorical& column) {
  const Hdf5Handle group = out.group(parent, name, "categorical", "0.2.0");
  out.attribute_bool(group.get(), "ordered", column.ordered);
  write_levels(out, group.get(), column);
  const auto codes = [&](auto width) {
    using Code = decltype(width);
    const std::vector<Code> narrow(column.codes.begin(), column.codes.end());
    out.numbers(group.get(), "codes", narrow.data(), {column.size()});
  };
  const std::size_t levels = column.levels.size();
  if (levels <= std::size_t(std::numeric_limits<std::int8_t>::max())) {
    codes(std::int8_t{});
  } else if (levels <= std::size_t(std::numeric_limits<std::int16_t>::max())) {
    codes(std::int16_t{});
  } else {
    codes(std::int32_t{});
  }
}

inline void write_column(const Hdf5Writer& out, hid_t parent, const std::string& name, const Column& column) {
  // A column that may lack values is a group of the values and a mask.
  const auto masked = [&](const char* encoding, const std::vector<char>& missing, const auto& write) {
    const Hdf5Handle group = out.group(parent, name, encoding, "0.1.0");
    write(group.get(), "values");
    out.booleans(group.get(), "mask", missing);
  };
  if (const auto* labels = std::get_if<Categorical>(&column)) {
    write_categorical(out, parent, name, *labels);
  } else if (const auto* whole = std::get_if<Integers>(&column)) {
    const auto write = [&](hid_t in, const std::string& as) { out.integers(in, as, *whole); };
    whole->missing ? masked("nullable-integer", *whole->missing, write) : write(parent, name);
  } else if (const auto* flags = std::get_if<Booleans>(&column)) {
    const auto write = [&](hid_t in, const std::string& as) { out.booleans(in, as, flags->values); };
    flags->missing ? masked("nullable-boolean", *flags->missing, write) : write(parent, name);
  } else if (const auto* nullable = std::get_if<NullableTexts>(&column)) {
    masked("nullable-string-array", nullable->missing,
           [&](hid_t in, const std::string& as) { out.texts(in, as, nullable->values); });
  } else if (const auto* narrow = std::get_if<std::vector<float>>(&column)) {
    out.numbers(parent, name, narrow->data(), {Index(narrow->size())});
  } else if (const auto* wide = std::get_if<std::vector<double>>(&column)) {
    out.numbers(parent, name, wide->data(), {Index(wide->size())});
  } else {
    out.texts(parent, name, std::get<std::vector<std::string>>(column));
  }
}

inline void write_frame(const Hdf5Writer& out, const char* name, const std::vector<std::string>& names,
                        const Annotation& columns) {
  const Hdf5Handle group = out.group(out.root(), name, "dataframe", "0.2.0");
  const std::string& own = columns.index_name();
  const std::string index = own.empty() || columns.has(own) ? "_index" : own;
  out.attribute(group.get(), "_index", index.c_str());
  out.texts(group.get(), index, names);
  std::vector<std::string> order;
  for (const auto& [column, values] : columns.columns()) {
    if (std::holds_alternative<Matrix<float>>(values)) continue;  // vectors go to obsm
    order.push_back(column);
    write_column(out, group.get(), column, values);
  }
  out.attribute(group.get(), "column-order", order);
}

/// Values as whole numbers of a type, where all are counts that it holds; false elsewhere.
template <class N>
bool write_narrow(const Hdf5Writer& out, hid_t group, const CountsView& counts) {
  const float* const values = counts.first_value();
  const auto fits = [](float v) {
    return v >= 0 && double(v) <= double(std::numeric_limits<N>::max()) && std::trunc(v) == v;
  };
  if (!std::all_of(values, values + counts.nonzeros(), fits)) return false;
  std::vector<N> narrow(to_size(counts.nonzeros()));
  std::transform(values, values + counts.nonzeros(), narrow.begin(), [](float v) { return N(v); });
  out.numbers(group, "data", narrow.data(), {counts.nonzeros()});
  return true;
}

inline void write_counts(const Hdf5Writer& out, const CountsView& counts) {
  const Hdf5Handle group = out.group(out.root(), "X", "csr_matrix", "0.1.0");
  out.attribute(group.get(), "shape", std::vector<std::int64_t>{counts.rows, counts.cols});
  const Index n = counts.nonzeros();
  const bool written = out.options().narrow && (write_narrow<std::uint16_t>(out, group.get(), counts) ||
                                                write_narrow<std::uint32_t>(out, group.get(), counts));
  if (!written) out.numbers(group.get(), "data", counts.values, {n});
  out.numbers(group.get(), "indices", counts.columns, {n});
  // SciPy wants row starts and columns of one type where they fit, and widens both where they do not.
  if (n <= std::numeric_limits<std::int32_t>::max()) {
    const std::vector<std::int32_t> narrow(counts.row_start, counts.row_start + counts.rows + 1);
    out.numbers(group.get(), "indptr", narrow.data(), {counts.rows + 1});
  } else {
    out.numbers(group.get(), "indptr", counts.row_start, {counts.rows + 1});
  }
}

inline void write_extras(const Hdf5Writer& out, const CellTable& table) {
  const Hdf5Handle obsm = out.group(out.root(), "obsm", "dict", "0.1.0");
  for (const auto& [name, matrix] : table.embeddings) {
    out.numbers(obsm.get(), name, matrix.data(), {matrix.rows(), matrix.cols()});
  }
  for (const auto& [name, values] : table.cell_columns.columns()) {
    const auto* vectors = std::get_if<Matrix<float>>(&values);
    if (vectors == nullptr) continue;
    LATENTCELL_REQUIRE(table.embeddings.count(name) == 0, "write_h5ad: '", name,
                       "' names both an embedding and a column of vectors");
    out.numbers(obsm.get(), name, vectors->data(), {vectors->rows(), vectors->cols()});
  }
  for (const char* group : {"uns", "layers", "obsp", "varm", "varp"}) out.group(out.root(), group, "dict", "0.1.0");
  for (const auto& [name, texts] : table.strings) out.texts(out.root(), "uns/" + name, texts);
  for (const auto& [place, value] : table.stored) {
    if (!place.starts_with("uns/") || table.strings.count(place.substr(4)) == 0) out.stored(out.root(), place, value);
  }
}

}  // namespace detail

/// Writes a table as anndata.read_h5ad opens it: counts as CSR in X, float32 if not narrow, obs and var with
/// categoricals, embeddings in obsm, lists of strings in uns, what is stored in its place. Notes are not written. The
/// file is written atomically, and its bytes depend on the table and the options alone. It is put together in memory
/// first, which takes its packed size. Throws std::invalid_argument for a table that contradicts itself or a level
/// outside 0..9, std::runtime_error naming the file where it cannot be written.
inline void write_h5ad(const std::string& path, const CellTable& table, const H5adWriteOptions& options = {}) {
  LATENTCELL_REQUIRE(options.compression >= 0 && options.compression <= 9, "write_h5ad: compression ",
                     options.compression, " is not in 0..9");
  table.check();
  const Hdf5Quiet quiet;
  AtomicFile file(path);
  const Hdf5Writer out(path, options);
  out.encode(out.root(), "anndata", "0.1.0");
  detail::write_counts(out, table.counts);
  detail::write_frame(out, "obs", table.cell_names, table.cell_columns);
  detail::write_frame(out, "var", table.gene_names, table.gene_columns);
  detail::write_extras(out, table);
  out.save(file.temporary());
  file.commit();
}

}  // namespace latentcell::io
