#pragma once

#include <span>
#include <string>
#include <vector>

#include <latentcell/io/hdf5_arrays.hpp>

namespace LATENTCELL_NAMESPACE::io {

/// Reads a dense obsm entry of an h5ad file as doubles, where floats are not enough: coordinates far from 0. -> (N, D),
/// empty where the file is no HDF5 file or has no such dataset of numbers.
///
/// Throws std::runtime_error naming the file where it cannot be read.
inline Matrix<double> read_obsm(const std::string& path, const std::string& key) {
  const Hdf5Quiet quiet;
  if (H5Fis_hdf5(path.c_str()) <= 0) return {};
  const Hdf5Object root = Hdf5Object::open_file(path);
  if (!root.has("obsm") || !root.open("obsm").has(key)) return {};
  const Hdf5Object data = root.open("obsm").open(key);
  if (!data.is_dataset() || !holds_numbers(data) || data.shape().size() != 2) return {};
  const std::vector<Index> shape = data.shape(), start(2, 0);
  if (shape[1] > (Index{1} << 40) / std::max<Index>(1, shape[0]))
    data.fail("claims ", shape[1], " columns: the file is damaged");
  require_plausible(data, shape[0] * shape[1], sizeof(double));
  Matrix<double> out(shape[0], shape[1]);
  read_box(data, std::span<const Index>(start), std::span<const Index>(shape), out.data());
  return out;
}

}  // namespace latentcell::io
