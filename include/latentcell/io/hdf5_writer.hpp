#pragma once

#include <hdf5.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

#include <latentcell/core/options.hpp>
#include <latentcell/core/error.hpp>
#include <latentcell/core/types.hpp>
#include <latentcell/io/hdf5_arrays.hpp>
#include <latentcell/data/stored_value.hpp>
#include <latentcell/io/hdf5_handle.hpp>

namespace LATENTCELL_NAMESPACE::io {

struct H5adWriteOptions {
  int compression = 2;  ///< gzip level 0..9: larger is smaller and slower, 0 is none
  bool shuffle = true;  ///< bytes of equal weight side by side before gzip: smaller and faster for counts
  bool narrow = false;  ///< counts as whole numbers of 16 bits, or of 32 where one does not fit; else float32
  Index chunk = 65536;  ///< entries of a list that are packed together; larger: smaller files, slower to read in blocks

  static void visit(auto& self, auto&& f) {
    f("compression", self.compression, in(0, 9));
    f("shuffle", self.shuffle);
    f("narrow", self.narrow);
    f("chunk", self.chunk, in(1024, 1 << 24));
  }
};

/// Puts an HDF5 file together in memory: groups, lists and matrices with the encoding attributes of AnnData. In memory,
/// because HDF5 1.10 does not survive a full disk: it keeps the file open and crashes at exit. The bytes depend on what
/// is written alone: no times are kept. Throws std::runtime_error naming the file as the user knows it.
class Hdf5Writer {
 public:
  /// name: the file, in messages.
  explicit Hdf5Writer(std::string name, const H5adWriteOptions& options = {})
      : name_(std::move(name)), options_(check_options("write_h5ad", options)) {
    const Hdf5Handle access(H5Pcreate(H5P_FILE_ACCESS));
    constexpr std::size_t growth = std::size_t{1} << 22;
    H5Pset_fapl_core(access.get(), growth, false);
    file_ = Hdf5Handle(H5Fcreate(name_.c_str(), H5F_ACC_TRUNC, H5P_DEFAULT, access.get()));
    if (!file_) fail();
  }

  hid_t root() const { return file_.get(); }
  const H5adWriteOptions& options() const { return options_; }

  Hdf5Handle group(hid_t parent, const std::string& name, const char* encoding, const char* version) const {
    check_name(name);
    Hdf5Handle created(H5Gcreate2(parent, name.c_str(), link_plan().get(), H5P_DEFAULT, H5P_DEFAULT));
    if (!created) fail();
    encode(created.get(), encoding, version);
    return created;
  }

  void encode(hid_t object, const char* encoding, const char* version) const {
    attribute(object, "encoding-type", encoding);
    attribute(object, "encoding-version", version);
  }

  void attribute(hid_t object, const char* name, const char* value) const {
    write_attribute(object, name, text_type(), Hdf5Handle(H5Screate(H5S_SCALAR)), &value);
  }
  void attribute(hid_t object, const char* name, const std::vector<std::string>& values) const {
    std::vector<const char*> texts;
    for (const std::string& value : values) texts.push_back(value.c_str());
    const hsize_t n = texts.size();
    write_attribute(object, name, text_type(), Hdf5Handle(H5Screate_simple(1, &n, nullptr)), texts.data());
  }
  void attribute(hid_t object, const char* name, const std::vector<std::int64_t>& values) const {
    const hsize_t n = values.size();
    write_attribute(object, name, Hdf5Handle(H5Tcopy(H5T_STD_I64LE)), Hdf5Handle(H5Screate_simple(1, &n, nullptr)),
                    values.data(), H5T_NATIVE_INT64);
  }
  /// A truth value, as h5py writes it.
  void attribute_bool(hid_t object, const char* name, std::int8_t value) const {
    write_attribute(object, name, boolean_type(), Hdf5Handle(H5Screate(H5S_SCALAR)), &value);
  }

  /// A list of strings (UTF-8, variable length).
  void texts(hid_t parent, const std::string& name, const std::vector<std::string>& values) const {
    std::vector<const char*> pointers;
    pointers.reserve(values.size());
    for (const std::string& value : values) pointers.push_back(value.c_str());
    const Hdf5Handle type = text_type();
    const Hdf5Handle data = dataset(parent, name, type.get(), {Index(values.size())}, sizeof(char*), "string-array");
    if (!values.empty() && H5Dwrite(data.get(), type.get(), H5S_ALL, H5S_ALL, H5P_DEFAULT, pointers.data()) < 0) fail();
  }

  /// A list or matrix of numbers, row-major.   shape (N) or (N, D)
  template <class N>
  void numbers(hid_t parent, const std::string& name, const N* values, const std::vector<Index>& shape) const {
    const Hdf5Handle data = dataset(parent, name, hdf5_type<N>(), shape, sizeof(N), "array");
    const bool empty = std::find(shape.begin(), shape.end(), Index{0}) != shape.end();
    if (!empty && H5Dwrite(data.get(), hdf5_type<N>(), H5S_ALL, H5S_ALL, H5P_DEFAULT, values) < 0) fail();
  }

  /// A list of truth values, as h5py writes them.
  void booleans(hid_t parent, const std::string& name, const std::vector<char>& values) const {
    std::vector<std::int8_t> bytes;
    for (const char value : values) bytes.push_back(value != 0);
    const Hdf5Handle type = boolean_type();
    const Hdf5Handle data = dataset(parent, name, type.get(), {Index(bytes.size())}, 1, "array");
    if (!bytes.empty() && H5Dwrite(data.get(), type.get(), H5S_ALL, H5S_ALL, H5P_DEFAULT, bytes.data()) < 0) fail();
  }
  /// A list of whole numbers in the type they had.
  void integers(hid_t parent, const std::string& name, const Integers& values) const {
    const auto as = [&](auto width) {
      using N = decltype(width);
      const std::vector<N> narrow(values.values.begin(), values.values.end());
      numbers(parent, name, narrow.data(), {Index(narrow.size())});
    };
    switch (values.type) {
      case NumberType::int8:
        return as(std::int8_t{});
      case NumberType::int16:
        return as(std::int16_t{});
      case NumberType::int32:
        return as(std::int32_t{});
      case NumberType::uint8:
        return as(std::uint8_t{});
      case NumberType::uint16:
        return as(std::uint16_t{});
      case NumberType::uint32:
        return as(std::uint32_t{});
      case NumberType::uint64:
        return as(std::uint64_t{});
      default:
        return as(std::int64_t{});
    }
  }

  /// A stored value with all that it holds.
  void stored(hid_t parent, const std::string& name, const StoredValue& value) const {
    using Kind = StoredValue::Kind;
    check_name(name);
    if (value.kind == Kind::group) {
      const Hdf5Handle group(H5Gcreate2(parent, name.c_str(), link_plan().get(), H5P_DEFAULT, H5P_DEFAULT));
      if (!group) fail();
      for (const auto& [child, inner] : value.children) stored(group.get(), child, inner);
      stored_attributes(group.get(), value);
      return;
    }
    Hdf5Handle type = value.kind == Kind::texts ? text_type() : Hdf5Handle(H5Tcopy(number_type_id(value.type)));
    if (value.kind == Kind::numbers && value.type == NumberType::boolean) type = boolean_type();
    const std::size_t width = value.kind == Kind::texts ? sizeof(char*) : H5Tget_size(type.get());
    const Hdf5Handle plan(H5Pcreate(H5P_DATASET_CREATE));
    H5Pset_obj_track_times(plan.get(), false);  // or equal runs would write other bytes
    const Hdf5Handle data =
        value.kind == Kind::nothing
            ? Hdf5Handle(H5Dcreate2(parent, name.c_str(), type.get(), Hdf5Handle(H5Screate(H5S_NULL)).get(),
                                    link_plan().get(), plan.get(), H5P_DEFAULT))
            : dataset(parent, name, type.get(), value.shape, width, nullptr);
    if (!data) fail();
    if (value.kind == Kind::texts && !value.texts.empty()) {
      std::vector<const char*> pointers;
      for (const std::string& one : value.texts) pointers.push_back(one.c_str());
      if (H5Dwrite(data.get(), type.get(), H5S_ALL, H5S_ALL, H5P_DEFAULT, pointers.data()) < 0) fail();
    }
    if (value.kind == Kind::numbers && !value.bytes.empty() &&
        H5Dwrite(data.get(), type.get(), H5S_ALL, H5S_ALL, H5P_DEFAULT, value.bytes.data()) < 0)
      fail();
    stored_attributes(data.get(), value);
  }

  /// Writes the attributes of a stored value to an object.
  void stored_attributes(hid_t object, const StoredValue& value) const {
    for (const auto& [name, attribute] : value.attributes) {
      const hsize_t n = attribute.shape.empty() ? 1 : hsize_t(attribute.shape[0]);
      const Hdf5Handle space(attribute.shape.empty() ? H5Screate(H5S_SCALAR) : H5Screate_simple(1, &n, nullptr));
      if (attribute.kind == StoredValue::Kind::texts) {
        std::vector<const char*> pointers;
        for (const std::string& one : attribute.texts) pointers.push_back(one.c_str());
        write_attribute(object, name.c_str(), text_type(), space, pointers.data());
      } else if (attribute.kind == StoredValue::Kind::numbers) {
        const bool boolean = attribute.type == NumberType::boolean;
        write_attribute(object, name.c_str(),
                        boolean ? boolean_type() : Hdf5Handle(H5Tcopy(number_type_id(attribute.type))), space,
                        attribute.bytes.data());
      }
    }
  }

  /// A list of numbers or texts of one width that `fill` writes part by part.
  template <class N>
  Hdf5Handle list(hid_t parent, const std::string& name, Index count) const {
    return dataset(parent, name, hdf5_type<N>(), {count}, sizeof(N), "array");
  }
  Hdf5Handle fixed_texts(hid_t parent, const std::string& name, Index width, Index count) const {
    return dataset(parent, name, fixed_text_type(width).get(), {count}, to_size(width), nullptr);
  }
  /// Writes the entries from `first` on.
  template <class N>
  void fill(const Hdf5Handle& data, Index first, const N* values, Index count) const {
    fill_part(data, first, count, hdf5_type<N>(), values);
  }
  void fill(const Hdf5Handle& data, Index first, const std::vector<std::string>& values, Index width) const {
    std::string bytes(values.size() * to_size(width), '\0');
    for (std::size_t i = 0; i < values.size(); ++i) values[i].copy(bytes.data() + i * to_size(width), to_size(width));
    fill_part(data, first, Index(values.size()), fixed_text_type(width).get(), bytes.data());
  }

  /// Numbers of the type and attributes of `value`, stored as `plan` says.
  void planned(hid_t parent, const std::string& name, const StoredValue& value, const Hdf5Handle& space,
               const Hdf5Handle& plan) const {
    check_name(name);
    const Hdf5Handle type =
        value.type == NumberType::boolean ? boolean_type() : Hdf5Handle(H5Tcopy(number_type_id(value.type)));
    const Hdf5Handle created(
        H5Dcreate2(parent, name.c_str(), type.get(), space.get(), link_plan().get(), plan.get(), H5P_DEFAULT));
    if (!created) fail();
    stored_attributes(created.get(), value);
  }

  /// Writes what was put together to a path.
  void save(const std::string& path) const {
    void* memory = nullptr;
    if (H5Fflush(file_.get(), H5F_SCOPE_GLOBAL) < 0) fail();
    const ssize_t size = H5Fget_file_image(file_.get(), nullptr, 0);
    // For a file in memory the handle is where the driver keeps the address of its bytes.
    if (size <= 0 || H5Fget_vfd_handle(file_.get(), H5P_DEFAULT, &memory) < 0 || memory == nullptr) fail();
    const char* bytes = *static_cast<const char* const*>(memory);
    std::FILE* out = std::fopen(path.c_str(), "wb");
    if (out == nullptr) fail_system(errno);
    errno = 0;
    bool good = std::fwrite(bytes, std::size_t(size), 1, out) == 1;
    int trouble = errno;
    if (std::fclose(out) != 0 && good) {
      good = false;
      trouble = errno;
    }
    if (!good) fail_system(trouble != 0 ? trouble : EIO);
  }

  [[noreturn]] void fail_system(int error) const {
    throw_runtime(name_, ": cannot be written: ", std::strerror(error));
  }
  [[noreturn]] void fail() const { throw_runtime(name_, ": cannot be written: ", hdf5_reason()); }

 private:
  // Slashes part a name into groups, which anndata reads back as one name; no part may be empty or a dot.
  void check_name(const std::string& name) const {
    bool good = !name.empty() && name.back() != '/';
    for (std::size_t first = 0; good && first < name.size();) {
      const std::size_t end = std::min(name.find('/', first), name.size());
      const std::string_view part = std::string_view(name).substr(first, end - first);
      good = !part.empty() && part != "." && part.find('\0') == std::string_view::npos;
      first = end + 1;
    }
    if (!good) {
      throw_runtime(name_, ": cannot be written: '", name, "' is no name for a column or an entry of an HDF5 file");
    }
  }
  static Hdf5Handle link_plan() {
    Hdf5Handle plan(H5Pcreate(H5P_LINK_CREATE));
    H5Pset_create_intermediate_group(plan.get(), 1);
    H5Pset_char_encoding(plan.get(), H5T_CSET_UTF8);
    return plan;
  }
  static Hdf5Handle boolean_type() {
    Hdf5Handle type(H5Tenum_create(H5T_STD_I8LE));
    std::int8_t value = 0;
    H5Tenum_insert(type.get(), "FALSE", &value);
    value = 1;
    H5Tenum_insert(type.get(), "TRUE", &value);
    return type;
  }
  static Hdf5Handle fixed_text_type(Index width) {
    Hdf5Handle type(H5Tcopy(H5T_C_S1));
    H5Tset_size(type.get(), to_size(width));
    H5Tset_strpad(type.get(), H5T_STR_NULLPAD);
    H5Tset_cset(type.get(), H5T_CSET_UTF8);
    return type;
  }
  void fill_part(const Hdf5Handle& data, Index first, Index count, hid_t type, const void* values) const {
    if (count == 0) return;
    const hsize_t start = hsize_t(first), n = hsize_t(count);
    const Hdf5Handle to(H5Dget_space(data.get())), from(H5Screate_simple(1, &n, nullptr));
    if (!to || !from || H5Sselect_hyperslab(to.get(), H5S_SELECT_SET, &start, nullptr, &n, nullptr) < 0 ||
        H5Dwrite(data.get(), type, from.get(), to.get(), H5P_DEFAULT, values) < 0) {
      fail();
    }
  }
  static Hdf5Handle text_type() {
    Hdf5Handle type(H5Tcopy(H5T_C_S1));
    H5Tset_size(type.get(), H5T_VARIABLE);
    H5Tset_cset(type.get(), H5T_CSET_UTF8);
    return type;
  }

  void write_attribute(hid_t object, const char* name, const Hdf5Handle& type, const Hdf5Handle& space,
                       const void* value, hid_t memory = H5I_INVALID_HID) const {
    const Hdf5Handle created(H5Acreate2(object, name, type.get(), space.get(), H5P_DEFAULT, H5P_DEFAULT));
    const bool empty = H5Sget_simple_extent_npoints(space.get()) == 0;
    if (!created || (!empty && H5Awrite(created.get(), memory >= 0 ? memory : type.get(), value) < 0)) fail();
  }

  Hdf5Handle dataset(hid_t parent, const std::string& name, hid_t type, const std::vector<Index>& shape,
                     std::size_t width, const char* encoding) const {
    check_name(name);
    std::vector<hsize_t> extents(shape.begin(), shape.end());
    std::size_t bytes = width;
    for (Index extent : shape) bytes *= to_size(extent);
    const Hdf5Handle space(H5Screate_simple(int(extents.size()), extents.data(), nullptr));
    const Hdf5Handle plan(H5Pcreate(H5P_DATASET_CREATE));
    H5Pset_obj_track_times(plan.get(), false);
    // Strings of variable length lie outside their dataset, where filters do not reach; small lists are not worth one.
    if (options_.compression > 0 && !extents.empty() && bytes > 1024 && H5Tis_variable_str(type) <= 0) {
      // Lists that belong together have chunks of as many entries, whatever their width.
      const std::size_t chunk_bytes = 4 * to_size(options_.chunk);
      std::vector<hsize_t> chunk = extents;
      const std::size_t row_bytes = std::max<std::size_t>(4, bytes / to_size(shape[0]));
      chunk[0] = std::clamp<hsize_t>(chunk_bytes / row_bytes, 1, extents[0]);
      H5Pset_chunk(plan.get(), int(chunk.size()), chunk.data());
      if (options_.shuffle) H5Pset_shuffle(plan.get());
      H5Pset_deflate(plan.get(), unsigned(options_.compression));
    }
    Hdf5Handle created(H5Dcreate2(parent, name.c_str(), type, space.get(), link_plan().get(), plan.get(), H5P_DEFAULT));
    if (!created) fail();
    if (encoding != nullptr) encode(created.get(), encoding, "0.2.0");
    return created;
  }

  std::string name_;
  H5adWriteOptions options_;
  Hdf5Handle file_;
};

}  // namespace latentcell::io
