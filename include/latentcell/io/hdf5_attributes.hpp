#pragma once

#include <hdf5.h>

#include <cmath>
#include <cstdint>
#include <string>
#include <vector>

#include <latentcell/io/hdf5_arrays.hpp>

namespace LATENTCELL_NAMESPACE::io {

/// The strings of an attribute, one for a single value; empty where there is none or it holds something else, as an
/// empty list does that NumPy wrote as numbers.
inline std::vector<std::string> attribute_texts(const Hdf5Object& of, const char* name) {
  if (!of.has_attribute(name)) return {};
  const Hdf5Handle attribute(H5Aopen(of.id(), name, H5P_DEFAULT));
  const Hdf5Handle type(attribute ? H5Aget_type(attribute.get()) : H5I_INVALID_HID);
  const Hdf5Handle space(attribute ? H5Aget_space(attribute.get()) : H5I_INVALID_HID);
  if (!type || !space) of.fail("attribute '", name, "' cannot be read (", hdf5_reason(), ")");
  const hssize_t n = H5Sget_simple_extent_npoints(space.get());
  if (hdf5_kind(type.get()) != Hdf5Kind::text || n <= 0) return {};
  const std::size_t width = std::max<std::size_t>(1, H5Tget_size(type.get()));
  if (std::uint64_t(n) > of.file_size() / width) of.fail("attribute '", name, "' is damaged");
  return detail::decode_texts(of, type.get(), std::size_t(n),
                              [&](hid_t as, void* to) { return H5Aread(attribute.get(), as, to) >= 0; });
}

/// The first string of an attribute, "" where there is none.
inline std::string attribute_text(const Hdf5Object& of, const char* name) {
  std::vector<std::string> texts = attribute_texts(of, name);
  return texts.empty() ? "" : std::move(texts[0]);
}

/// Whether an attribute holds a single true.
inline bool attribute_true(const Hdf5Object& of, const char* name) {
  if (!of.has_attribute(name)) return false;
  const Hdf5Handle attribute(H5Aopen(of.id(), name, H5P_DEFAULT));
  const Hdf5Handle type(attribute ? H5Aget_type(attribute.get()) : H5I_INVALID_HID);
  const Hdf5Handle space(attribute ? H5Aget_space(attribute.get()) : H5I_INVALID_HID);
  if (!type || !space || H5Sget_simple_extent_npoints(space.get()) != 1) return false;
  const Hdf5Kind kind = hdf5_kind(type.get());
  std::int8_t value = 0;
  return (kind == Hdf5Kind::boolean || kind == Hdf5Kind::integer) &&
         H5Aread(attribute.get(), H5T_NATIVE_INT8, &value) >= 0 && value == 1;
}

/// The whole numbers of an attribute, also where R stored them as reals; empty where there is none or it holds
/// something else.
inline std::vector<std::int64_t> attribute_numbers(const Hdf5Object& of, const char* name) {
  std::vector<std::int64_t> out;
  if (!of.has_attribute(name)) return out;
  const Hdf5Handle attribute(H5Aopen(of.id(), name, H5P_DEFAULT));
  const Hdf5Handle type(attribute ? H5Aget_type(attribute.get()) : H5I_INVALID_HID);
  const Hdf5Handle space(attribute ? H5Aget_space(attribute.get()) : H5I_INVALID_HID);
  if (!type || !space) of.fail("attribute '", name, "' cannot be read (", hdf5_reason(), ")");
  const hssize_t n = H5Sget_simple_extent_npoints(space.get());
  const Hdf5Kind kind = hdf5_kind(type.get());
  if ((kind != Hdf5Kind::integer && kind != Hdf5Kind::real) || n <= 0) return out;
  if (std::uint64_t(n) > of.file_size()) of.fail("attribute '", name, "' is damaged");
  out.resize(std::size_t(n));
  std::vector<double> reals(kind == Hdf5Kind::real ? out.size() : 0);
  const herr_t read = reals.empty() ? H5Aread(attribute.get(), H5T_NATIVE_INT64, out.data())
                                    : H5Aread(attribute.get(), H5T_NATIVE_DOUBLE, reals.data());
  if (read < 0) of.fail("attribute '", name, "' cannot be read (", hdf5_reason(), ")");
  for (std::size_t i = 0; i < reals.size(); ++i) {
    constexpr double largest = 9007199254740992;  // 2^53
    if (!(std::abs(reals[i]) <= largest) || std::trunc(reals[i]) != reals[i]) return {};
    out[i] = std::int64_t(reals[i]);
  }
  return out;
}

}  // namespace latentcell::io
