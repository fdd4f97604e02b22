#pragma once

#include <hdf5.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <string>
#include <utility>
#include <vector>

#include <sys/stat.h>

#include <latentcell/core/error.hpp>
#include <latentcell/core/types.hpp>
#include <latentcell/io/hdf5_handle.hpp>

namespace latentcell::io {

/// An open group or dataset of an HDF5 file that is read, with the words to speak of it: every message begins with the
/// file and the path inside it, "pbmc.h5ad: obs/cell_type". Throws std::runtime_error.
class Hdf5Object {
 public:
  /// Opens a file for reading; says apart a missing file, a folder, a file of another kind and one cut short.
  static Hdf5Object open_file(const std::string& path) {
    struct stat status {};
    if (::stat(path.c_str(), &status) != 0) throw_runtime(path, ": cannot be opened: ", std::strerror(errno));
    if (S_ISDIR(status.st_mode)) throw_runtime(path, ": is a folder, not an HDF5 file");
    const htri_t kind = H5Fis_hdf5(path.c_str());
    if (kind < 0) throw_runtime(path, ": cannot be opened: ", hdf5_reason());
    if (kind == 0) throw_runtime(path, status.st_size == 0 ? ": is empty, not an HDF5 file" : ": is not an HDF5 file");
    Hdf5Handle access(H5Pcreate(H5P_FILE_ACCESS));
#if H5_VERSION_GE(1, 10, 7)
    H5Pset_file_locking(access.get(), true, true);  // file systems without locks are no reason to refuse a file
#endif
    const Hdf5Handle file(H5Fopen(path.c_str(), H5F_ACC_RDONLY, access.get()));
    if (!file) throw_runtime(path, ": cut short or damaged: ", hdf5_reason());
    Hdf5Object root(path, "", Hdf5Handle(H5Oopen(file.get(), "/", H5P_DEFAULT)));
    if (!root.id_) throw_runtime(path, ": cut short or damaged: ", hdf5_reason());
    root.file_size_ = std::uint64_t(status.st_size);
    return root;
  }

  hid_t id() const { return id_.get(); }
  const std::string& file() const { return file_; }
  const std::string& name() const { return name_; }  ///< path inside the file: "obs/cell_type"
  std::string where() const { return name_.empty() ? file_ : text(file_, ": ", name_); }
  std::uint64_t file_size() const { return file_size_; }

  template <class... Parts>
  [[noreturn]] void fail(const Parts&... parts) const {
    throw_runtime(where(), ": ", parts...);
  }
  /// Fails with HDF5's own reason.
  [[noreturn]] void fail_reading() const {
    fail("cannot be read (", hdf5_reason(), "): the file is cut short or damaged");
  }

  bool is_group() const { return H5Iget_type(id_.get()) == H5I_GROUP; }
  bool is_dataset() const { return H5Iget_type(id_.get()) == H5I_DATASET; }

  /// Whether the group has a child of that name. Names with a slash are never children.
  bool has(const std::string& child) const {
    return is_group() && !child.empty() && child != "." && child.find('/') == std::string::npos &&
           H5Lexists(id_.get(), child.c_str(), H5P_DEFAULT) > 0;
  }

  /// The child of that name; fails with the list of children where there is none.
  Hdf5Object open(const std::string& child) const {
    if (!is_group()) fail("is no group, so it has no '", child, "'");
    if (!has(child)) fail("has no '", child, "'; there are ", list(children()));
    Hdf5Object out(file_, name_.empty() ? child : text(name_, "/", child),
                   Hdf5Handle(H5Oopen(id_.get(), child.c_str(), H5P_DEFAULT)));
    if (!out.id_) out.fail_reading();
    out.file_size_ = file_size_;
    return out;
  }

  /// Names of the children, ascending.
  std::vector<std::string> children() const {
    std::vector<std::string> names;
    if (!is_group()) return names;
    // An exception must not pass through C code: running out of memory stops the walk and counts as a failure.
    const auto take = [](hid_t, const char* child, const H5L_info_t*, void* to) -> herr_t {
      try {
        static_cast<std::vector<std::string>*>(to)->emplace_back(child);
        return 0;
      } catch (...) {
        return -1;
      }
    };
    if (H5Literate(id_.get(), H5_INDEX_NAME, H5_ITER_INC, nullptr, take, &names) < 0) fail_reading();
    std::sort(names.begin(), names.end());
    return names;
  }

  bool has_attribute(const char* attribute) const { return H5Aexists(id_.get(), attribute) > 0; }

  /// Extents of a dataset; empty for a single value.
  std::vector<Index> shape() const {
    const Hdf5Handle space(H5Dget_space(id_.get()));
    const int rank = space ? H5Sget_simple_extent_ndims(space.get()) : -1;
    if (rank < 0) fail_reading();
    std::vector<hsize_t> extents(std::size_t(rank) + 1);
    H5Sget_simple_extent_dims(space.get(), extents.data(), nullptr);
    std::vector<Index> out;
    for (int i = 0; i < rank; ++i) {
      const hsize_t extent = extents[std::size_t(i)];
      if (extent > hsize_t{1} << 62) fail("has an extent of ", extent, ": the file is damaged");
      out.push_back(Index(extent));
    }
    return out;
  }

  /// The extent of a dataset that must be one row of entries, or a single one.
  Index length() const {
    if (!is_dataset()) fail("is a group where a list is needed");
    const std::vector<Index> extents = shape();
    if (extents.empty()) return 1;
    if (extents.size() != 1) fail("has ", extents.size(), " dimensions where a list is needed");
    return extents[0];
  }

  /// Type of a dataset's values.
  Hdf5Handle type() const {
    Hdf5Handle type(H5Dget_type(id_.get()));
    if (!type) fail_reading();
    return type;
  }

  static std::string list(const std::vector<std::string>& names) {
    std::string out;
    for (const std::string& name : names) out += (out.empty() ? "" : ", ") + name;
    return out.empty() ? "none" : out;
  }

 private:
  Hdf5Object(std::string file, std::string name, Hdf5Handle id)
      : file_(std::move(file)), name_(std::move(name)), id_(std::move(id)) {}

  std::string file_, name_;
  Hdf5Handle id_;
  std::uint64_t file_size_ = 0;
};

}  // namespace latentcell::io
