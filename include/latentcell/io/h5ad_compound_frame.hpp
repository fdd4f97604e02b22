#pragma once

#include <hdf5.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <latentcell/io/h5ad_frame.hpp>

namespace LATENTCELL_NAMESPACE::io {

namespace detail {

/// A type in memory that picks one member of a compound.
inline Hdf5Handle member_type(const char* member, hid_t as) {
  Hdf5Handle type(H5Tcreate(H5T_COMPOUND, H5Tget_size(as)));
  if (type) H5Tinsert(type.get(), member, 0, as);
  return type;
}

inline std::optional<Column> read_member(const Hdf5Object& data, const char* member, hid_t type, std::size_t rows) {
  const auto read = [&](hid_t as, void* to) {
    const Hdf5Handle pick = member_type(member, as);
    return pick && H5Dread(data.id(), pick.get(), H5S_ALL, H5S_ALL, H5P_DEFAULT, to) >= 0;
  };
  const Hdf5Kind kind = hdf5_kind(type);
  if (kind == Hdf5Kind::other) return std::nullopt;
  if (kind == Hdf5Kind::text) return decode_texts(data, type, rows, read);
  if (kind == Hdf5Kind::boolean) {
    std::vector<std::int8_t> flags(rows);
    if (!read(H5T_NATIVE_INT8, flags.data())) data.fail_reading();
    return boolean_column(flags);
  }
  const auto numbers = [&]<class N>(std::vector<N> values) {
    if (!read(hdf5_type<N>(), values.data())) data.fail_reading();
    return values;
  };
  const NumberType number = number_type(type);
  if (number == NumberType::float32) return numbers(std::vector<float>(rows));
  if (number == NumberType::float64) return numbers(std::vector<double>(rows));
  if (number != NumberType::uint64) return Integers{numbers(std::vector<std::int64_t>(rows)), number, {}};
  const auto bits = numbers(std::vector<std::uint64_t>(rows));
  return Integers{{bits.begin(), bits.end()}, number, {}};
}

}  // namespace detail

/// Reads obs or var of anndata before 0.7: one dataset of records whose first member is the row's name; the levels of
/// a categorical lie in uns as NAME_categories.
inline H5adFrame read_compound_frame(const Hdf5Object& root, const Hdf5Object& data, std::vector<std::string>& notes) {
  const Hdf5Handle type = data.type();
  if (H5Tget_class(type.get()) != H5T_COMPOUND) data.fail("is neither a data frame nor a table of records");
  const Index rows = data.length();
  require_plausible(data, rows, H5Tget_size(type.get()));
  const int members = H5Tget_nmembers(type.get());
  H5adFrame out;
  for (int m = 0; m < members; ++m) {
    char* raw_name = H5Tget_member_name(type.get(), unsigned(m));
    if (raw_name == nullptr) data.fail_reading();
    const std::string name = raw_name;
    H5free_memory(raw_name);
    const Hdf5Handle member(H5Tget_member_type(type.get(), unsigned(m)));
    if (!member ||
        H5Tget_member_offset(type.get(), unsigned(m)) + H5Tget_size(member.get()) > H5Tget_size(type.get())) {
      data.fail("its member '", name, "' lies outside its records: the file is damaged");
    }
    std::optional<Column> column = detail::read_member(data, name.c_str(), member.get(), to_size(rows));
    if (m == 0) {
      auto* names = column ? std::get_if<std::vector<std::string>>(&*column) : nullptr;
      if (names == nullptr) data.fail("its first member '", name, "' should hold the names, and holds no strings");
      out.names = std::move(*names);
      out.columns = Annotation(rows);
      continue;
    }
    if (!column) {
      notes.push_back(text(data.where(), ": column '", name, "' is in an unknown encoding: left out"));
      continue;
    }
    const std::string levels = name + "_categories";
    const bool coded = hdf5_kind(member.get()) == Hdf5Kind::integer && root.has("uns") && root.open("uns").has(levels);
    if (coded) {
      Categorical labels = detail::read_levels(root.open("uns").open(levels));
      for (const std::int64_t code : std::get<Integers>(*column).values) {
        if (code < -1 || code >= std::int64_t(labels.levels.size())) {
          data.fail("column '", name, "' has code ", code, " but there are ", labels.levels.size(), " categories");
        }
        labels.codes.push_back(int(code));
      }
      column = std::move(labels);
    }
    out.columns.set(name, std::move(*column));
  }
  return out;
}

}  // namespace latentcell::io
