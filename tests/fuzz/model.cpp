#include <latentcell/generation/io.hpp>
#include <latentcell/spatial/io.hpp>
#include <latentcell/trajectory/io.hpp>

#include "fuzz/fuzz.hpp"

// Model files: the first byte says of which application, the others are the file.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  if (size < 2) return 0;
  const int which = bytes[0] % 3;
  return fuzz::reads(bytes + 1, size - 1, ".safetensors", [which](const std::string& path) {
    if (which == 0) (void)latentcell::generation::load(path);
    if (which == 1) (void)latentcell::spatial::load(path);
    if (which == 2) (void)latentcell::trajectory::load(path);
  });
}
