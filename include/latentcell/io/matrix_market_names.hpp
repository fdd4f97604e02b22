#pragma once

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include <dirent.h>
#include <sys/stat.h>

#include <latentcell/io/line_reader.hpp>

// The files of names that belong to a matrix of a 10x folder.

namespace LATENTCELL_NAMESPACE::io::detail {

inline bool is_file(const std::string& path) {
  struct stat status {};
  return ::stat(path.c_str(), &status) == 0 && !S_ISDIR(status.st_mode);
}
inline bool is_folder(const std::string& path) {
  struct stat status {};
  return ::stat(path.c_str(), &status) == 0 && S_ISDIR(status.st_mode);
}

/// Whether this is the name of a matrix: of 10x, "matrix.mtx" with any prefix, or another ".mtx".
inline bool ends_with_matrix(std::string_view name) { return name.ends_with(".mtx") || name.ends_with(".mtx.gz"); }

/// The files of a folder, ascending.
inline std::vector<std::string> files_in(const std::string& folder) {
  DIR* open = ::opendir(folder.c_str());
  if (open == nullptr) throw_runtime(folder, ": cannot be opened: ", std::strerror(errno));
  std::vector<std::string> found;
  while (const dirent* entry = ::readdir(open)) found.emplace_back(entry->d_name);
  ::closedir(open);
  std::sort(found.begin(), found.end());
  return found;
}

inline std::string join(const std::vector<std::string>& names) {
  std::string out;
  for (const std::string& name : names) out += (out.empty() ? "" : ", ") + name;
  return out;
}

/// The matrix file of a folder; plain before gzipped where both are there, "matrix.mtx" before others.
inline std::string find_matrix(const std::string& folder) {
  std::vector<std::string> found = files_in(folder);
  if (std::find(found.begin(), found.end(), ".zgroup") != found.end() ||
      std::find(found.begin(), found.end(), "zarr.json") != found.end())
    throw_runtime(folder,
                  ": is a zarr store, which is not read; write it as h5ad: ", "anndata.read_zarr(...).write_h5ad(...)");
  std::erase_if(found, [](const std::string& name) { return !ends_with_matrix(name); });
  const auto plain = [](const std::string& name) {
    return name.ends_with("matrix.mtx") || name.ends_with("matrix.mtx.gz");
  };
  if (std::any_of(found.begin(), found.end(), plain))
    std::erase_if(found, [&](const auto& name) { return !plain(name); });
  if (found.empty()) throw_runtime(folder, ": has no matrix.mtx or matrix.mtx.gz");
  if (found.size() > 1 && !(found.size() == 2 && found[1] == found[0] + ".gz"))
    throw_runtime(folder, ": has several matrices, give the path of one: ", join(found));
  return text(folder, folder.ends_with('/') ? "" : "/", found[0]);
}

/// Returns the first of the names, plain or gzipped, that exists beside the matrix with the same prefix; else the only
/// file of the folder whose name ends so, with a note.
inline std::string find_beside(const std::string& matrix, std::initializer_list<const char*> names,
                               std::vector<std::string>& notes) {
  const std::size_t slash = matrix.rfind('/');
  const std::string folder = slash == std::string::npos ? "." : matrix.substr(0, slash);
  const std::size_t tenx = matrix.rfind("matrix.mtx");
  const std::string stem = matrix.substr(0, matrix.rfind(".mtx"));
  std::string tried;
  for (const char* name : names) {
    std::vector<std::string> prefixes{stem + "."};
    if (tenx != std::string::npos) prefixes.insert(prefixes.begin(), matrix.substr(0, tenx));
    for (const std::string& prefix : prefixes) {
      for (const char* end : {"", ".gz"}) {
        std::string path = text(prefix, name, end);
        if (is_file(path)) return path;
      }
    }
    if (std::string_view(name).ends_with(".tsv")) tried += text(tried.empty() ? "" : " or ", prefixes[0], name);
  }
  std::vector<std::string> found;
  for (const std::string& file : files_in(folder)) {
    for (const std::string name : names) {
      if (file.ends_with(name) || file.ends_with(name + ".gz")) found.push_back(file);
    }
  }
  if (found.size() == 2 && found[1] == found[0] + ".gz") found.pop_back();
  if (found.size() != 1) {
    throw_runtime(matrix, ": has no ", tried, " (or .gz)",
                  found.empty() ? "" : ", and the folder has several: ", join(found));
  }
  notes.push_back(text(matrix, ": its names are taken from ", found[0]));
  return folder + "/" + found[0];
}

/// The text of a field that R put in quotes.
inline std::string unquoted(std::string_view field) {
  if (field.size() < 2 || field.front() != '"' || field.back() != '"') return std::string(field);
  std::string out;
  for (std::size_t i = 1; i + 1 < field.size(); ++i) {
    out += field[i];
    if (field[i] == '"' && field[i + 1] == '"' && i + 2 < field.size()) ++i;
  }
  return out;
}

/// The columns of a table of names parted by tabs; every line has as many as the first.
inline std::vector<std::vector<std::string>> read_name_columns(const std::string& path) {
  LineReader in(path);
  std::vector<std::vector<std::string>> columns;
  std::string_view line;
  Index blank = 0;  // lines at the end
  while (in.next(line)) {
    if (line.empty()) {
      ++blank;
      continue;
    }
    if (blank > 0) in.fail("follows a line without a name");
    const std::size_t given = std::size_t(std::count(line.begin(), line.end(), '\t')) + 1;
    if (columns.empty()) columns.resize(given);
    if (given != columns.size()) in.fail("has ", given, " fields but the first line has ", columns.size());
    for (auto& column : columns) {
      const std::size_t end = std::min(line.find('\t'), line.size());
      column.push_back(unquoted(line.substr(0, end)));
      line.remove_prefix(std::min(end + 1, line.size()));
    }
  }
  if (columns.empty()) throw_runtime(path, ": is empty");
  return columns;
}

/// Takes off what is no name: a column that numbers the lines, and a header, where the matrix has one line less.
inline void drop_decoration(const std::string& path, std::vector<std::vector<std::string>>& columns,
                            std::initializer_list<Index> extents, std::vector<std::string>& notes) {
  const Index lines = Index(columns[0].size());
  const auto is_extent = [&](Index n) { return std::find(extents.begin(), extents.end(), n) != extents.end(); };
  std::string first = columns[0][0];
  for (char& c : first) c = c >= 'A' && c <= 'Z' ? char(c + 32) : c;
  bool header = first.empty() || first == "x" || first == "v1";
  for (const char* word : {"barcode", "cell", "gene", "feature", "symbol", "index", "name"})
    header = header || first.find(word) != std::string::npos;
  if (header && !is_extent(lines) && is_extent(lines - 1)) {
    notes.push_back(text(path, ": the first line, '", columns[0][0], "', is taken as a header"));
    for (auto& column : columns) column.erase(column.begin());
  }
  bool numbered = columns.size() > 1;
  for (std::size_t i = 0; i < columns[0].size() && numbered; ++i) numbered = columns[0][i] == text(i + 1);
  if (!numbered) return;
  notes.push_back(text(path, ": the first column numbers the lines: the second is taken"));
  columns.erase(columns.begin());
}

}  // namespace latentcell::io::detail
