#pragma once

#include <hdf5.h>

#include <algorithm>
#include <cstdint>
#include <span>
#include <string>
#include <type_traits>
#include <vector>

#include <latentcell/data/column.hpp>
#include <latentcell/io/hdf5_object.hpp>
#include <latentcell/io/hdf5_texts.hpp>

namespace LATENTCELL_NAMESPACE::io {

/// The HDF5 type of a number in memory.
template <class N>
hid_t hdf5_type() {
  if constexpr (std::is_same_v<N, float>) return H5T_NATIVE_FLOAT;
  if constexpr (std::is_same_v<N, double>) return H5T_NATIVE_DOUBLE;
  if constexpr (std::is_same_v<N, std::int8_t>) return H5T_NATIVE_INT8;
  if constexpr (std::is_same_v<N, std::int16_t>) return H5T_NATIVE_INT16;
  if constexpr (std::is_same_v<N, std::int32_t>) return H5T_NATIVE_INT32;
  if constexpr (std::is_same_v<N, std::int64_t>) return H5T_NATIVE_INT64;
  if constexpr (std::is_same_v<N, std::uint8_t>) return H5T_NATIVE_UINT8;
  if constexpr (std::is_same_v<N, std::uint16_t>) return H5T_NATIVE_UINT16;
  if constexpr (std::is_same_v<N, std::uint32_t>) return H5T_NATIVE_UINT32;
  if constexpr (std::is_same_v<N, std::uint64_t>) return H5T_NATIVE_UINT64;
  static_assert(std::is_arithmetic_v<N>, "hdf5_type: use float, double or an integer of fixed width");
}

/// The HDF5 type in memory of a number that is kept in this way.
inline hid_t number_type_id(NumberType type) {
  switch (type) {
    case NumberType::boolean:
    case NumberType::int8:
      return H5T_NATIVE_INT8;
    case NumberType::int16:
      return H5T_NATIVE_INT16;
    case NumberType::int32:
      return H5T_NATIVE_INT32;
    case NumberType::int64:
      return H5T_NATIVE_INT64;
    case NumberType::uint8:
      return H5T_NATIVE_UINT8;
    case NumberType::uint16:
      return H5T_NATIVE_UINT16;
    case NumberType::uint32:
      return H5T_NATIVE_UINT32;
    case NumberType::uint64:
      return H5T_NATIVE_UINT64;
    case NumberType::float32:
      return H5T_NATIVE_FLOAT;
    default:
      return H5T_NATIVE_DOUBLE;
  }
}

/// What the values of a dataset are, as far as cell files go.
enum class Hdf5Kind { integer, real, boolean, text, other };

namespace detail {

/// Whether the bits of a number lie inside its bytes; HDF5 converts a damaged type without a look, and breaks its
/// stack.
inline bool is_sane_number(hid_t type) {
  const std::size_t bits = 8 * H5Tget_size(type), precision = H5Tget_precision(type);
  const int offset = H5Tget_offset(type);
  if (precision == 0 || offset < 0 || std::size_t(offset) + precision > bits) return false;
  if (H5Tget_class(type) == H5T_INTEGER) return bits <= 64;
  std::size_t sign = 0, exponent = 0, exponent_bits = 0, fraction = 0, fraction_bits = 0;
  return bits <= 128 && H5Tget_fields(type, &sign, &exponent, &exponent_bits, &fraction, &fraction_bits) >= 0 &&
         sign < bits && exponent_bits >= 1 && exponent_bits <= 15 && exponent + exponent_bits <= bits &&
         fraction_bits >= 1 && fraction_bits <= 112 && fraction + fraction_bits <= bits;
}

}  // namespace detail

/// Whether these are the logicals of R as hdf5r writes them: FALSE, TRUE and NA.
inline bool is_r_logical(hid_t type) {
  if (H5Tget_class(type) != H5T_ENUM || H5Tget_nmembers(type) != 3) return false;
  const Hdf5Handle base(H5Tget_super(type));
  std::int64_t no = -1, yes = -1;
  return base && H5Tget_class(base.get()) == H5T_INTEGER && detail::is_sane_number(base.get()) &&
         H5Tget_size(base.get()) == 1 && H5Tget_member_index(type, "NA") >= 0 &&
         H5Tenum_valueof(type, "FALSE", &no) >= 0 && H5Tenum_valueof(type, "TRUE", &yes) >= 0 && (no & 255) == 0 &&
         (yes & 255) == 1;
}

inline Hdf5Kind hdf5_kind(hid_t type) {
  switch (H5Tget_class(type)) {
    case H5T_INTEGER:
      return detail::is_sane_number(type) ? Hdf5Kind::integer : Hdf5Kind::other;
    case H5T_FLOAT:
      return detail::is_sane_number(type) ? Hdf5Kind::real : Hdf5Kind::other;
    case H5T_STRING:
      return Hdf5Kind::text;
    case H5T_ENUM: {  // h5py writes booleans as an enumeration of FALSE and TRUE
      const Hdf5Handle base(H5Tget_super(type));
      const bool boolean = base && H5Tget_class(base.get()) == H5T_INTEGER && detail::is_sane_number(base.get()) &&
                           H5Tget_nmembers(type) == 2 && H5Tget_member_index(type, "TRUE") >= 0;
      return boolean ? Hdf5Kind::boolean : Hdf5Kind::other;
    }
    default:
      return Hdf5Kind::other;
  }
}
inline Hdf5Kind hdf5_kind(const Hdf5Object& data) { return hdf5_kind(data.type().get()); }

/// How a number of this HDF5 type is kept in memory; a half is kept as float32, a long double as float64.
inline NumberType number_type(hid_t type) {
  const Hdf5Kind kind = hdf5_kind(type);
  const std::size_t bytes = H5Tget_size(type);
  if (kind == Hdf5Kind::boolean) return NumberType::boolean;
  if (kind == Hdf5Kind::real) return bytes <= 4 ? NumberType::float32 : NumberType::float64;
  const bool is_signed = H5Tget_sign(type) != H5T_SGN_NONE;
  if (bytes == 1) return is_signed ? NumberType::int8 : NumberType::uint8;
  if (bytes == 2) return is_signed ? NumberType::int16 : NumberType::uint16;
  if (bytes <= 4) return is_signed ? NumberType::int32 : NumberType::uint32;
  return is_signed ? NumberType::int64 : NumberType::uint64;
}
inline bool holds_numbers(const Hdf5Object& data) {
  const Hdf5Kind kind = hdf5_kind(data);
  return kind == Hdf5Kind::integer || kind == Hdf5Kind::real || kind == Hdf5Kind::boolean;
}

/// Fails where a dataset claims more values than its file can hold, before memory is taken for them.
inline void require_plausible(const Hdf5Object& data, Index values, std::size_t width) {
  // gzip packs at most 1032 to 1; other filters a few times more.
  constexpr std::uint64_t most = 5000;
  constexpr std::uint64_t small = std::uint64_t{1} << 26;
  const std::uint64_t bytes = std::uint64_t(values) * width;
  if (std::uint64_t(values) > (std::uint64_t{1} << 48) || (bytes > small && bytes / most > data.file_size())) {
    data.fail("claims ", values, " values in a file of ", data.file_size(), " bytes: the file is damaged");
  }
  // Every chunk has a value and a place in a list, so only more values than bytes can mean too many chunks.
  if (std::uint64_t(values) <= data.file_size()) return;
  const Hdf5Handle plan(H5Dget_create_plist(data.id()));
  if (!plan) data.fail_reading();
  if (H5Pget_layout(plan.get()) != H5D_CHUNKED) return;
  // HDF5 lists all chunks before it reads the first.
  hsize_t chunk[H5S_MAX_RANK] = {0};
  const int rank = H5Pget_chunk(plan.get(), H5S_MAX_RANK, chunk);
  std::uint64_t chunk_values = 1;
  for (int i = 0; i < rank; ++i) chunk_values *= std::max<hsize_t>(1, chunk[i]);
  if (std::uint64_t(values) / chunk_values > data.file_size()) {
    data.fail("claims ", std::uint64_t(values) / chunk_values, " chunks in a file of ", data.file_size(),
              " bytes: the file is damaged");
  }
}

/// Reads the box [start, start + count) of a dataset, converted to N. One entry of start and count per dimension.
template <class N>
void read_box(const Hdf5Object& data, std::span<const Index> start, std::span<const Index> count, N* to) {
  std::vector<hsize_t> first(start.begin(), start.end()), extent(count.begin(), count.end());
  if (std::find(extent.begin(), extent.end(), hsize_t{0}) != extent.end()) return;
  const Hdf5Handle from(H5Dget_space(data.id()));
  const Hdf5Handle memory(H5Screate_simple(int(extent.size()), extent.data(), nullptr));
  if (!from || !memory ||
      H5Sselect_hyperslab(from.get(), H5S_SELECT_SET, first.data(), nullptr, extent.data(), nullptr) < 0 ||
      H5Dread(data.id(), hdf5_type<N>(), memory.get(), from.get(), H5P_DEFAULT, to) < 0) {
    data.fail_reading();
  }
}

/// Reads part of a list of numbers.   -> (count)
template <class N>
void read_part(const Hdf5Object& data, Index start, Index count, N* to) {
  read_box(data, std::span<const Index>(&start, 1), std::span<const Index>(&count, 1), to);
}

/// Reads a list of numbers; a single value is a list of one.   -> (N)
template <class N>
std::vector<N> read_numbers(const Hdf5Object& data) {
  const Index n = data.length();
  if (!holds_numbers(data)) data.fail("holds no numbers");
  require_plausible(data, n, sizeof(N));
  std::vector<N> out(to_size(n));
  if (!data.shape().empty()) {
    read_part(data, 0, n, out.data());
  } else if (H5Dread(data.id(), hdf5_type<N>(), H5S_ALL, H5S_ALL, H5P_DEFAULT, out.data()) < 0) {
    data.fail_reading();
  }
  return out;
}

/// Reads a list of whole numbers in the type they have in the file; those of uint64 by their bits.   -> (N)
inline Integers read_integers(const Hdf5Object& data) {
  Integers out;
  out.type = number_type(data.type().get());
  if (out.type != NumberType::uint64) {
    out.values = read_numbers<std::int64_t>(data);
    return out;
  }
  for (const std::uint64_t value : read_numbers<std::uint64_t>(data)) out.values.push_back(std::int64_t(value));
  return out;
}

/// How many entries (rows, of a matrix) a reader should take at a time: whole chunks, so that none is unpacked twice,
/// and at least about `values` values.
inline Index read_step(const Hdf5Object& data, Index row_values, Index values) {
  Index total = 1;
  for (Index extent : data.shape()) total = extent > 0 && total > values / extent ? values + 1 : total * extent;
  if (total <= values) return std::max<Index>(1, values / std::max<Index>(1, row_values));
  const Hdf5Handle plan(H5Dget_create_plist(data.id()));
  Index chunk = 1;
  if (plan && H5Pget_layout(plan.get()) == H5D_CHUNKED) {
    hsize_t extents[H5S_MAX_RANK] = {1};
    if (H5Pget_chunk(plan.get(), H5S_MAX_RANK, extents) > 0) {
      chunk = Index(std::min<hsize_t>(extents[0], hsize_t{1} << 40));
    }
  }
  row_values = std::max<Index>(row_values, 1);
  // 2^26 floats are 256 MB; a chunk may be higher than that allows, and is then unpacked more than once.
  chunk = std::max<Index>(1, std::min(chunk, (Index{1} << 26) / row_values));
  return chunk * std::max<Index>(1, values / (chunk * row_values));
}

/// Reads a list of strings, of fixed or variable length.   -> (N)
inline std::vector<std::string> read_texts(const Hdf5Object& data) {
  const Index n = data.length();
  const Hdf5Handle type = data.type();
  if (hdf5_kind(type.get()) != Hdf5Kind::text) data.fail("holds no strings");
  require_plausible(data, n, std::max<std::size_t>(1, H5Tget_size(type.get())));
  return detail::decode_texts(data, type.get(), to_size(n), [&](hid_t as, void* to) {
    return H5Dread(data.id(), as, H5S_ALL, H5S_ALL, H5P_DEFAULT, to) >= 0;
  });
}

}  // namespace latentcell::io
