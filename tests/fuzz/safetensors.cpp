#include <latentcell/io/safetensors.hpp>

#include "fuzz/fuzz.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  return fuzz::reads(bytes, size, ".safetensors",
                     [](const std::string& path) { (void)latentcell::io::load_safetensors(path); });
}
