#pragma once

#include <cstddef>
#include <string>

#include "json_cells.hpp"

// Cells as h5ad in the body of a request or an answer, by way of a file.

namespace serve {

/// A file in a folder of its own (mode 700) in the temporary folder (TMPDIR), both gone with the object.
class TemporaryFile {
 public:
  TemporaryFile();
  TemporaryFile(const TemporaryFile&) = delete;
  TemporaryFile& operator=(const TemporaryFile&) = delete;
  ~TemporaryFile();

  const std::string& path() const { return path_; }
  /// False where the disk is full.
  bool append(const char* bytes, std::size_t count);

 private:
  std::string folder_, path_;
  int file_;
};

struct H5adLimits {
  Index most_cells;
  std::size_t most_bytes;  ///< of all values, unpacked
  std::string layer = {};  ///< to read in place of X, or raw
};

/// Reads a body. A child process opens it first; one request at a time is inside HDF5. Throws Refusal.
lc::CellTable read_h5ad_body(const TemporaryFile& file, const H5adLimits& limits);

/// The bytes of the file that write_h5ad writes. Names of cells that repeat get numbers.
std::string write_h5ad_body(lc::CellTable cells);

}  // namespace serve
