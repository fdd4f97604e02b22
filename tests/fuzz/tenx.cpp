#include <latentcell/io/read_cells.hpp>

#include "fuzz/fuzz.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  return fuzz::reads(bytes, size, ".h5", [](const std::string& path) { latentcell::io::read_cells(path).check(); });
}
