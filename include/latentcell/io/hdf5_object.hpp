#pragma once

#include <hdf5.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <sys/stat.h>

#include <latentcell/core/error.hpp>
#include <latentcell/core/types.hpp>
#include <latentcell/io/hdf5_handle.hpp>
#include <latentcell/io/lzf_filter.hpp>

namespace LATENTCELL_NAMESPACE::io {

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
    if (kind == 0) throw_runtime(path, ": is ", status.st_size == 0 ? "empty, " : what_else(path), "not an HDF5 file");
    Hdf5Handle access(H5Pcreate(H5P_FILE_ACCESS));
#if H5_VERSION_GE(1, 10, 7)
    H5Pset_file_locking(access.get(), true, true);  // file systems without locks are no reason to refuse a file
#endif
    register_lzf();
    const auto damaged = [&] {
      const std::string reason = hdf5_reason();
      if (is_of_newer_hdf5(reason)) throw_runtime(path, ": cannot be read (", reason, "): ", newer_hdf5());
      throw_runtime(path, ": cut short or damaged: ", reason);
    };
    const Hdf5Handle file(H5Fopen(path.c_str(), H5F_ACC_RDONLY, access.get()));
    if (!file) damaged();
    Hdf5Object root(path, "", Hdf5Handle(H5Oopen(file.get(), "/", H5P_DEFAULT)));
    if (!root.id_) damaged();
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
  /// Fails with HDF5's own reason, or that it lacks the filter that the values are packed with, or is too old.
  [[noreturn]] void fail_reading() const {
    const std::string reason = hdf5_reason();
    if (is_dataset()) require_filters();
    fail("cannot be read (", reason,
         "): ", is_of_newer_hdf5(reason) ? newer_hdf5() : std::string("the file is cut short or damaged"));
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
    bool left = false;
    const Hdf5Handle plan = within_file(left);
    Hdf5Object out(file_, name_.empty() ? child : text(name_, "/", child),
                   Hdf5Handle(H5Oopen(id_.get(), child.c_str(), plan.get())));
    if (left) fail("'", child, "' is a link to another file, which is not followed");
    if (!out.id_) out.fail_reading();
    out.file_size_ = file_size_;
    if (out.is_dataset()) out.require_own_values();
    return out;
  }

  /// The child of that name; nothing where there is none, or a link that leads out of the file or nowhere.
  std::optional<Hdf5Object> find(const std::string& child) const {
    bool left = false;
    const Hdf5Handle plan = within_file(left);
    if (!has(child) || H5Oexists_by_name(id_.get(), child.c_str(), plan.get()) <= 0) return std::nullopt;
    return open(child);
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

  /// Names of the attributes, ascending.
  std::vector<std::string> attributes() const {
    std::vector<std::string> names;
    const auto take = [](hid_t, const char* name, const H5A_info_t*, void* to) -> herr_t {
      try {
        static_cast<std::vector<std::string>*>(to)->emplace_back(name);
        return 0;
      } catch (...) {
        return -1;
      }
    };
    if (H5Aiterate2(id_.get(), H5_INDEX_NAME, H5_ITER_INC, nullptr, take, &names) < 0) fail_reading();
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
  // What a file is by its first bytes, where it is something that is often found under another's name.
  static std::string what_else(const std::string& path) {
    char start[64] = {0};
    if (std::FILE* file = std::fopen(path.c_str(), "rb")) {
      (void)!std::fread(start, 1, sizeof start - 1, file);
      std::fclose(file);
    }
    const std::string_view text(start);
    if (text.starts_with("\x1F\x8B")) return "gzipped (gunzip it first), ";
    if (text.starts_with("PK\x03\x04")) return "a zip archive, ";
    if (text.starts_with("version https://git-lfs")) return "the pointer of a file in Git LFS (git lfs pull gets it), ";
    if (text.starts_with("<!DOCTYPE") || text.starts_with("<html") || text.starts_with("<?xml"))
      return "a web page, as of a download that failed, ";
    return "";
  }
  static bool is_of_newer_hdf5(const std::string& reason) { return reason.find("version") != std::string::npos; }
  static std::string newer_hdf5() {
    unsigned major = 0, minor = 0, release = 0;
    H5get_libversion(&major, &minor, &release);
    return text("the file may be of a newer HDF5 than the ", major, ".", minor, ".", release,
                " here; h5repack --high=1 FILE NEW writes it for all, or it is damaged");
  }
  // A filter that is not there is found out when values are read.
  void require_filters() const {
    const Hdf5Handle plan(H5Dget_create_plist(id_.get()));
    const int filters = plan ? H5Pget_nfilters(plan.get()) : 0;
    for (int i = 0; i < filters; ++i) {
      unsigned flags = 0, config = 0;
      char name[64] = {0};
      std::size_t settings = 0;
      const H5Z_filter_t filter =
          H5Pget_filter2(plan.get(), unsigned(i), &flags, &settings, nullptr, sizeof name - 1, name, &config);
      if (filter < 0 || H5Zfilter_avail(filter) > 0) continue;
      fail("is packed with the filter ", *name == 0 ? "" : text("'", name, "' "), "(number ", filter,
           "), which is not installed: set HDF5_PLUGIN_PATH to the folder of its plugin, or write the file with gzip");
    }
  }
  // How objects are opened: a link out of the file, also one at the end of a soft link, fails and sets `left`.
  static Hdf5Handle within_file(bool& left) {
    Hdf5Handle plan(H5Pcreate(H5P_LINK_ACCESS));
    const auto refuse = [](const char*, const char*, const char*, const char*, unsigned*, hid_t, void* to) -> herr_t {
      *static_cast<bool*>(to) = true;
      return -1;
    };
    H5Pset_elink_cb(plan.get(), refuse, &left);
    return plan;
  }
  void require_own_values() const {
    const Hdf5Handle plan(H5Dget_create_plist(id_.get()));
    if (!plan) return;
    const H5D_layout_t layout = H5Pget_layout(plan.get());
    const bool external = layout == H5D_CONTIGUOUS && H5Pget_external_count(plan.get()) > 0;
    if (external || layout == H5D_VIRTUAL) fail("keeps its values in another file, which is not read");
  }

  Hdf5Object(std::string file, std::string name, Hdf5Handle id)
      : file_(std::move(file)), name_(std::move(name)), id_(std::move(id)) {}

  std::string file_, name_;
  Hdf5Handle id_;
  std::uint64_t file_size_ = 0;
};

}  // namespace latentcell::io
