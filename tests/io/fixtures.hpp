#pragma once

#include <hdf5.h>

#include <cstdio>
#include <cstdlib>
#include <exception>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <vector>

#include <latentcell/data/cell_table.hpp>

namespace fixtures {

/// A fresh folder that goes away with its contents.
class TemporaryFolder {
 public:
  TemporaryFolder() {
    std::string pattern = (std::filesystem::temp_directory_path() / "latentcell-XXXXXX").string();
    if (mkdtemp(pattern.data()) == nullptr) throw std::runtime_error("no temporary folder");
    path_ = pattern;
  }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  ~TemporaryFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  std::string operator/(const std::string& name) const { return path_ + "/" + name; }
  std::vector<std::string> list() const {
    std::vector<std::string> names;
    for (const auto& entry : std::filesystem::directory_iterator(path_)) names.push_back(entry.path().filename());
    return names;
  }

 private:
  std::string path_;
};

inline std::string reference(const std::string& name) {
  return std::string(LATENTCELL_TESTS_DIR "/reference/io/") + name;
}

inline std::string read_bytes(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

inline void write_bytes(const std::string& path, const std::string& bytes) {
  std::ofstream out(path, std::ios::binary);
  out.write(bytes.data(), std::streamsize(bytes.size()));
}

/// What f throws, or "".
template <class F>
std::string message(const F& f) {
  try {
    f();
  } catch (const std::exception& error) {
    return error.what();
  }
  return "";
}

/// The counts of every reference file, 6 cells x 5 genes.
inline latentcell::Matrix<float> reference_counts() {
  latentcell::Matrix<float> m(6, 5);
  m << 1, 0, 0, 2, 0, 0, 3, 0, 0, 0, 0, 0, 0, 0, 0, 4, 0, 5, 0, 6, 0, 0, 0, 7, 0, 8, 9, 0, 0, 1;
  return m;
}

inline latentcell::Matrix<float> dense(const latentcell::CountsView& counts) {
  latentcell::Matrix<float> m = latentcell::Matrix<float>::Zero(counts.rows, counts.cols);
  for (latentcell::Index r = 0; r < counts.rows; ++r) {
    const auto columns = counts.row_columns(r);
    for (std::size_t k = 0; k < columns.size(); ++k) m(r, columns[k]) = counts.row_values(r)[k];
  }
  return m;
}

/// Opens an HDF5 file to be changed.
template <class F>
void edit_hdf5(const std::string& path, const F& change) {
  const hid_t file = H5Fopen(path.c_str(), H5F_ACC_RDWR, H5P_DEFAULT);
  if (file < 0) throw std::runtime_error("cannot edit " + path);
  change(file);
  H5Fclose(file);
}

/// Puts a list of numbers in the place of a dataset.
template <class N>
void replace(hid_t file, const char* name, const std::vector<N>& values) {
  const hid_t type = sizeof(N) == 4 ? (std::is_floating_point_v<N> ? H5T_NATIVE_FLOAT : H5T_NATIVE_INT32)
                                    : (std::is_floating_point_v<N> ? H5T_NATIVE_DOUBLE : H5T_NATIVE_INT64);
  const hsize_t n = values.size();
  H5Ldelete(file, name, H5P_DEFAULT);
  const hid_t space = H5Screate_simple(1, &n, nullptr);
  const hid_t data = H5Dcreate2(file, name, type, space, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
  H5Dwrite(data, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, values.data());
  H5Dclose(data);
  H5Sclose(space);
}

}  // namespace fixtures
