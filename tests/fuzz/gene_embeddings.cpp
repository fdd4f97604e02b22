#include <latentcell/io/read_gene_embeddings.hpp>

#include "fuzz/fuzz.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  return fuzz::reads(bytes, size, ".csv",
                     [](const std::string& path) { (void)latentcell::io::read_gene_embeddings(path); });
}
