#pragma once

#include <cerrno>
#include <cstring>
#include <algorithm>
#include <filesystem>
#include <string>
#include <vector>

#include <sys/stat.h>

#include <latentcell/io/hdf5_attributes.hpp>

namespace LATENTCELL_NAMESPACE::io {

/// The attribute of the root by which write_h5ad_view marks a view: the names of its files, a line each.
inline constexpr const char* view_mark = "latentcell_shards";

/// Returns the files of a view of many h5ad files, in their order; none where the file is no view. They are plain files
/// beside the view, named without a folder: a view leads nowhere else, not by a link either.
/// Throws std::runtime_error for a name with a folder or a file that is not there.
inline std::vector<std::string> view_shards(const Hdf5Object& root) {
  std::vector<std::string> out;
  if (!root.has_attribute(view_mark)) return out;
  const std::string names = attribute_text(root, view_mark);
  const std::filesystem::path folder = std::filesystem::path(root.file()).parent_path();
  for (std::size_t first = 0; first < names.size();) {
    const std::size_t end = std::min(names.find('\n', first), names.size());
    const std::string name = names.substr(first, end - first), path = (folder / name).string();
    first = end + 1;
    if (name.empty() || name[0] == '.' || name.find('/') != std::string::npos)
      root.fail("is a view of '", name, "', which is no name of a file beside it");
    struct stat status {};
    if (::lstat(path.c_str(), &status) != 0)
      root.fail("is a view of '", name, "', which is not beside it: ", std::strerror(errno));
    if (!S_ISREG(status.st_mode)) root.fail("is a view of '", name, "', which is no plain file");
    out.push_back(path);
  }
  if (out.empty()) root.fail("is a view of no file: it is damaged");
  return out;
}

}  // namespace latentcell::io
