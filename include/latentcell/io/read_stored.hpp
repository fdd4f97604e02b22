#pragma once

#include <hdf5.h>

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <latentcell/data/cell_table.hpp>
#include <latentcell/io/hdf5_arrays.hpp>
#include <latentcell/io/hdf5_attributes.hpp>

namespace LATENTCELL_NAMESPACE::io {

namespace detail {

/// How much of a tree is left to be read: groups may hold each other.
struct StoredBudget {
  Index objects = 200000;
  int depth = 12;
};

/// The numbers of a dataset or attribute in their own type; read(type in memory, buffer) fetches them.
template <class Read>
StoredValue read_stored_numbers(const Hdf5Object& of, hid_t type, std::vector<Index> shape, const Read& read) {
  StoredValue out{.kind = StoredValue::Kind::numbers, .shape = std::move(shape), .type = number_type(type)};
  std::size_t n = 1;
  for (const Index extent : out.shape) n *= to_size(extent);
  const hid_t memory = number_type_id(out.type);
  out.bytes.resize(n * H5Tget_size(memory));
  if (n > 0 && !read(memory, out.bytes.data())) of.fail_reading();
  return out;
}

/// One attribute; nothing where it is a reference or of another kind.
inline std::optional<StoredValue> read_stored_attribute(const Hdf5Object& of, const std::string& name) {
  const Hdf5Handle attribute(H5Aopen(of.id(), name.c_str(), H5P_DEFAULT));
  const Hdf5Handle type(attribute ? H5Aget_type(attribute.get()) : H5I_INVALID_HID);
  const Hdf5Handle space(attribute ? H5Aget_space(attribute.get()) : H5I_INVALID_HID);
  if (!type || !space) of.fail("attribute '", name, "' cannot be read (", hdf5_reason(), ")");
  const hssize_t n = H5Sget_simple_extent_npoints(space.get());
  const int rank = H5Sget_simple_extent_ndims(space.get());
  if (rank < 0 || rank > 1 || n < 0 || H5Sget_simple_extent_type(space.get()) == H5S_NULL) return std::nullopt;
  if (std::uint64_t(n) > of.file_size() / std::max<std::size_t>(1, H5Tget_size(type.get()))) {
    of.fail("attribute '", name, "' is damaged");
  }
  const Hdf5Kind kind = hdf5_kind(type.get());
  if (kind == Hdf5Kind::other) return std::nullopt;
  std::vector<Index> shape;
  if (rank == 1) shape.push_back(Index(n));
  const auto read = [&](hid_t as, void* to) { return H5Aread(attribute.get(), as, to) >= 0; };
  if (kind != Hdf5Kind::text) return read_stored_numbers(of, type.get(), std::move(shape), read);
  return StoredValue{.kind = StoredValue::Kind::texts,
                     .shape = std::move(shape),
                     .texts = decode_texts(of, type.get(), std::size_t(n), read)};
}

inline void read_stored_attributes(const Hdf5Object& of, StoredValue& to) {
  for (const std::string& name : of.attributes()) {
    if (auto value = read_stored_attribute(of, name)) to.attributes.emplace(name, *std::move(value));
  }
}

/// A dataset; nothing where its values are neither numbers nor texts.
inline std::optional<StoredValue> read_stored_dataset(const Hdf5Object& data) {
  const Hdf5Handle type = data.type(), space(H5Dget_space(data.id()));
  if (!space) data.fail_reading();
  if (H5Sget_simple_extent_type(space.get()) == H5S_NULL) return StoredValue{.kind = StoredValue::Kind::nothing};
  const Hdf5Kind kind = hdf5_kind(type.get());
  if (kind == Hdf5Kind::other) return std::nullopt;
  std::vector<Index> shape = data.shape();
  Index n = 1;
  for (const Index extent : shape) {
    if (extent > 0 && n > (Index{1} << 48) / extent) data.fail("claims too many values: the file is damaged");
    n *= extent;
  }
  require_plausible(data, n, std::max<std::size_t>(1, H5Tget_size(type.get())));
  const auto read = [&](hid_t as, void* to) { return H5Dread(data.id(), as, H5S_ALL, H5S_ALL, H5P_DEFAULT, to) >= 0; };
  if (kind != Hdf5Kind::text) return read_stored_numbers(data, type.get(), std::move(shape), read);
  return StoredValue{.kind = StoredValue::Kind::texts,
                     .shape = std::move(shape),
                     .texts = decode_texts(data, type.get(), to_size(n), read)};
}

inline std::optional<StoredValue> read_stored(const Hdf5Object& of, std::vector<std::string>& left_out,
                                              StoredBudget& budget) {
  if (--budget.objects < 0 || budget.depth == 0) return std::nullopt;
  std::optional<StoredValue> out;
  if (of.is_dataset()) out = read_stored_dataset(of);
  if (of.is_group()) {
    out = StoredValue{};
    --budget.depth;
    for (const std::string& name : of.children()) {
      const std::optional<Hdf5Object> child = of.find(name);
      std::optional<StoredValue> value;
      if (child) value = read_stored(*child, left_out, budget);
      if (value) {
        out->children.emplace(name, *std::move(value));
      } else {
        left_out.push_back(of.name() + "/" + name);
      }
    }
    ++budget.depth;
  }
  if (out) read_stored_attributes(of, *out);
  return out;
}

}  // namespace detail

/// Keeps what a group of the root holds under the names that `take` chooses, as it is; names what could not be kept in
/// a line of notes.
template <class Take>
void read_stored_values(const Hdf5Object& root, const char* group, const Take& take, CellTable& table) {
  if (!root.has(group)) return;
  const Hdf5Object in = root.open(group);
  detail::StoredBudget budget;
  std::vector<std::string> left_out;
  for (const std::string& name : in.children()) {
    if (!take(name)) continue;
    const std::optional<Hdf5Object> child = in.find(name);
    std::optional<StoredValue> value;
    if (child) value = detail::read_stored(*child, left_out, budget);
    if (value) {
      table.stored.insert_or_assign(text(group, "/", name), *std::move(value));
    } else {
      left_out.push_back(text(group, "/", name));
    }
  }
  if (left_out.empty()) return;
  // Groups that hold each other have long names: the short ones say more.
  std::stable_sort(left_out.begin(), left_out.end(), [](const auto& a, const auto& b) { return a.size() < b.size(); });
  if (left_out.size() > 8) {
    left_out[7] = text("and ", left_out.size() - 7, " others");
    left_out.resize(8);
  }
  table.notes.push_back(text(root.file(), ": in an unknown encoding: left out: ", Hdf5Object::list(left_out)));
}

}  // namespace latentcell::io
